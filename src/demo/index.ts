export * from './caller.ts'
export { readVoice } from './voice.ts'
