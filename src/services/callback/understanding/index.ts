export type { Entry, Line, Party } from './party.ts'
export {
  type Answer,
  answerTo,
  type Circumstances,
  type Question,
  type Understanding,
  understand,
} from './understand.ts'
export type { When } from './when.ts'
