export { callbackAnnouncer } from './announcer.ts'
export type { Asker, AskerNumber } from './asker.ts'
export { type Caps, defaultCaps } from './caps.ts'
export { openOf } from './draft.ts'
export type { PublicEntries } from './entries.ts'
export { Intake } from './intake.ts'
export {
  defaultIntakeSettings,
  type Granted,
  type IntakeParts,
  type IntakeSettings,
  type Wish,
} from './intake-types.ts'
export { NoticeMaker, type NoticeParts } from './notices.ts'
export { Outbox, type OutboxParts } from './outbox.ts'
export { CentreRecordings, type RecordingSettings } from './recordings.ts'
export { defaultRetryPolicy, type Outcome, type RetryPolicy, type Window, withinWindow } from './retry.ts'
export { type CallbackParts, CallbackService, defaultCallbackSettings } from './service.ts'
export { type Language, type RefusalCode, textsOf, whenText } from './texts.ts'
export * from './types.ts'
