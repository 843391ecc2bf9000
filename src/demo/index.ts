export { createDemoCaller, type DemoCaller, DemoCallerError, type DemoCallerOptions } from './caller.ts'
export { readVoice } from './voice.ts'
