/** The HTTP face. `createHttpServer` and `createMetrics` keep their names and their required options. */
export type { CertificateFiles } from './certificate.ts'
export * from './contract.ts'
export type { DeskParts } from './exchange.ts'
export { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts'
export { createMetrics, type MetricSources, type Metrics } from './metrics.ts'
