export * from './direct.ts'
export * from './embedded/index.ts'
export * from './ice-servers.ts'
export * from './port.ts'
