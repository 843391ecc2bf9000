export { createEmbeddedEngine, type EmbeddedEngineOptions } from './engine.ts'
export { nullSockets, type Receive, type RtpSocket, type SocketFactory, udpSockets } from './sockets.ts'
