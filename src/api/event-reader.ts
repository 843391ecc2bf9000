import type { WebSocket } from 'ws'
import type { LiveCalls } from '#call'
import type { Directory } from '#directory'
import type { Clock, Log } from '#lib'
import type { Storage } from '#storage'
import type { TraceWatch } from './trace-watch.ts'
import type { Viewer } from './viewer.ts'

export interface BoardOptions {
  readonly calls: LiveCalls
  readonly clock: Clock
  readonly log: Log
  /** Names this run of the server, so that pages know when cursors began anew. */
  readonly run: string
  readonly records: Pick<Storage['records'], 'get'>
  readonly directory?:
    | Pick<Directory, 'people' | 'personById' | 'groups' | 'groupById' | 'bindingsOf' | 'onBinding'>
    | undefined
  /** Whether a log-in still holds. */
  stands?(loginId: string): boolean
}

/** Where a reader who comes back left off. */
export interface Resume {
  readonly run: string
  readonly cursor: number
}

/** One open connection. */
export interface Reader {
  readonly socket: WebSocket
  readonly viewer: Viewer
  readonly all: boolean
  alive: boolean
  readonly slot: Set<Reader>
  readonly trace: TraceWatch
  /** Is told of people's presence. */
  readonly people: boolean
}
