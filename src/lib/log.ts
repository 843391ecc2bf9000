import { pino } from 'pino'

/** What the rooms log through; fields first, then one sentence. No password, digest, key or message body ever goes in. */
export interface Log {
  debug(fields: object, sentence: string): void
  info(fields: object, sentence: string): void
  warn(fields: object, sentence: string): void
  error(fields: object, sentence: string): void
}

/** A log of JSON lines on standard output. @param level one of debug, info, warn, error, silent */
export function createLog(level: string): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
}

/** A log that keeps quiet, for tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
