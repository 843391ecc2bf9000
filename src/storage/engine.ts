import type { Dialect } from './migrations/index.ts'
import type { Param } from './statements.ts'

/** One write that is committed whole or not at all: statement number, its parameters, the next statement's number, … */
export type Unit = Param[]

/** The units of a batch that were refused, by their place in it, each with the reason; undefined when all were committed. */
export type Failures = ReadonlyMap<number, string> | undefined

/** Trace chunks on their way: call id, time and length of each, and their bytes one after the other. */
export interface TraceBatch {
  readonly index: readonly (string | number)[]
  readonly bytes: Buffer
}

/** What a database does for storage; everything else is shared. */
export interface Engine {
  readonly dialect: Dialect['name']
  /** Batches are grouped by time; false: at the end of the running task, so that virtual time is never involved. */
  readonly grouped: boolean
  /** Commits the units in order, in one synced transaction; a unit that is refused harms no other. Rejects when none was committed. */
  commit(units: readonly Unit[]): Promise<Failures>
  /** Reads, away from the signalling thread. */
  query(sql: string, params: readonly unknown[]): Promise<Record<string, unknown>[]>
  appendTraces(batch: TraceBatch): Promise<void>
  traces(callId: string): Promise<Buffer[]>
  /** Deletes the traces of these calls. */
  dropTraces(callIds: readonly string[]): Promise<number>
  /** Deletes at most `limit` chunks older than `before`. */
  dropTracesBefore(before: number, limit: number): Promise<number>
  backup(file: string): Promise<void>
  healthy(): Promise<boolean>
  close(): Promise<void>
}
