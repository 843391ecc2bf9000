export { defaultTiming, type Timing } from './tables.ts'
export { createTransactions, type TransactionLayer, type TransactionsOptions } from './transactions.ts'
export * from './types.ts'
