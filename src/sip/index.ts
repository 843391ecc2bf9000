export * from './dialog/index.ts'
export * from './message/index.ts'
export * from './transaction/index.ts'
export * from './transport/index.ts'
