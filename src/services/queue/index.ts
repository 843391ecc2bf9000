export { ExpectedWait } from './expected-wait.ts'
export { type QueueParts, QueueService } from './service.ts'
export { type Queue, type QueueInput, queueSettingsSchema, type Strategy, strategies } from './settings.ts'
export * from './types.ts'
