export * from './port.ts'
export * from './direct.ts'
