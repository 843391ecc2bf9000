export { openStorage, type StorageOptions } from './open.ts'
export * from './port.ts'
export { restoreBackup } from './sqlite/restore.ts'
export { StorageError, type StorageErrorCode } from './storage-error.ts'
