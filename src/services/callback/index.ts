export { defaultRetryPolicy, type Outcome, type RetryPolicy, type Window, withinWindow } from './retry.ts'
export { type CallbackParts, CallbackService, defaultCallbackSettings } from './service.ts'
export * from './types.ts'
