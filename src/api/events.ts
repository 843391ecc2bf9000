import type { WebSocket } from 'ws'
import {
  type CallChange,
  type CallId,
  type CallView,
  isMarker,
  type LiveCalls,
  ladderModel,
  type TraceEntry,
} from '#call'
import type { Clock, Log, Timer } from '#lib'
import { type BoardEvent, boardRequest } from './contract.ts'
import { shape } from './handlers/calls.ts'

/** Changes within this time share one message. */
const batchMs = 60
/** More changes than this in one batch are told as a new snapshot. */
const largestBatch = 300
const largestSnapshot = 500
/** A reader this far behind is closed; it comes back and gets a snapshot. */
const mostBuffered = 1024 * 1024
const mostReaders = 200
const pingMs = 30_000
/** How often the messages of a watched call are looked at while it lives, and after its end until its tail is in. */
const traceMs = 400
const looksAfterEnd = 7

export interface BoardOptions {
  readonly calls: LiveCalls
  readonly clock: Clock
  readonly log: Log
  /** Names this run of the server, so that pages know when cursors began anew. */
  readonly run: string
}

interface Reader {
  readonly socket: WebSocket
  alive: boolean
  watched: CallId | undefined
  /** Entries of the watched call that were sent. */
  sent: number
  looking: boolean
  looksLeft: number
  timer: Timer | undefined
}

/** The live board: tells every connected page what happens to calls, and to each the messages of the call it looks at. */
export class Board {
  readonly #options: BoardOptions
  readonly #readers = new Set<Reader>()
  readonly #pending = new Map<CallId, { view: CallView; change: CallChange }>()
  /** Calls are watched only while somebody looks: a view of each change costs. */
  #unwatch: (() => void) | undefined
  #cursor = 0
  #batch: Timer | undefined
  #ping: Timer | undefined

  constructor(options: BoardOptions) {
    this.#options = options
  }

  /** Whether one more page may connect. */
  get hasRoom(): boolean {
    return this.#readers.size < mostReaders
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Takes an open WebSocket over. */
  add(socket: WebSocket): void {
    const reader: Reader = {
      socket,
      alive: true,
      watched: undefined,
      sent: 0,
      looking: false,
      looksLeft: 0,
      timer: undefined,
    }
    socket.on('message', (data) => this.#asked(reader, String(data)))
    socket.on('pong', () => {
      reader.alive = true
    })
    socket.on('close', () => this.#remove(reader))
    socket.on('error', (error) => this.#options.log.debug({ err: error }, 'A board connection broke.'))
    // What waits belongs to the readers from before; the new one starts with a snapshot that has it all.
    this.#flush()
    this.#readers.add(reader)
    this.#unwatch ??= this.#options.calls.watch((view, change) => this.#changed(view, change))
    this.#send(reader, JSON.stringify(this.#snapshot()))
    this.#ping ??= this.#options.clock.setTimeout(() => this.#pingAll(), pingMs)
  }

  close(): void {
    this.#stopWatching()
    this.#options.clock.clearTimeout(this.#batch)
    this.#options.clock.clearTimeout(this.#ping)
    for (const reader of this.#readers) {
      this.#options.clock.clearTimeout(reader.timer)
      reader.socket.close(1001, 'the server stops')
    }
    this.#readers.clear()
  }

  #changed(view: CallView, change: CallChange): void {
    const before = this.#pending.get(view.id)
    this.#pending.set(view.id, {
      view,
      change: before?.change === 'started' && change === 'changed' ? 'started' : change,
    })
    this.#batch ??= this.#options.clock.setTimeout(() => this.#flush(), batchMs)
  }

  #flush(): void {
    this.#options.clock.clearTimeout(this.#batch)
    this.#batch = undefined
    if (this.#pending.size === 0) return
    this.#cursor++
    const event: BoardEvent =
      this.#pending.size > largestBatch
        ? this.#snapshot()
        : {
            type: 'changes',
            cursor: this.#cursor,
            at: this.#options.clock.now(),
            total: this.#options.calls.counters.live,
            changes: Array.from(this.#pending.values(), ({ view, change }) => ({ change, call: shape(view) })),
          }
    const ended = new Set<CallId>()
    for (const [id, { change }] of this.#pending) if (change === 'ended') ended.add(id)
    const touched = new Set(this.#pending.keys())
    this.#pending.clear()
    const text = JSON.stringify(event)
    for (const reader of this.#readers) {
      this.#send(reader, text)
      if (!reader.watched || !touched.has(reader.watched)) continue
      if (ended.has(reader.watched)) reader.looksLeft = looksAfterEnd
      this.#look(reader)
    }
  }

  #snapshot(): BoardEvent {
    const { calls, clock, run } = this.#options
    const newest = [...calls.list()].sort((a, b) => b.startedAt - a.startedAt).slice(0, largestSnapshot)
    return {
      type: 'snapshot',
      run,
      cursor: this.#cursor,
      at: clock.now(),
      total: calls.counters.live,
      calls: newest.map(shape),
    }
  }

  #asked(reader: Reader, text: string): void {
    const request = boardRequest.safeParse(json(text))
    if (!request.success) {
      reader.socket.close(1008, 'send {"watch": "call id"} or {"watch": null}')
      return
    }
    this.#options.clock.clearTimeout(reader.timer)
    reader.timer = undefined
    reader.watched = request.data.watch ?? undefined
    reader.sent = -1
    reader.looksLeft = looksAfterEnd
    if (reader.watched) this.#look(reader)
  }

  /** Sends the new messages of the watched call, and comes back while there may be more. */
  #look(reader: Reader): void {
    const id = reader.watched
    if (!id || reader.looking) return
    const { calls, clock, log } = this.#options
    clock.clearTimeout(reader.timer)
    reader.timer = undefined
    reader.looking = true
    calls
      .trace(id)
      .then((entries) => {
        if (reader.watched === id) this.#sendTrace(reader, id, entries)
      })
      .catch((error: unknown) => log.warn({ err: error, call: id }, 'The trace of a call could not be read.'))
      .finally(() => {
        reader.looking = false
        if (!this.#readers.has(reader) || !reader.watched) return
        if (reader.watched !== id) {
          this.#look(reader)
          return
        }
        if (calls.get(id)) reader.looksLeft = looksAfterEnd
        else if (--reader.looksLeft < 0) return
        reader.timer = clock.setTimeout(() => this.#look(reader), traceMs)
      })
  }

  #sendTrace(reader: Reader, id: CallId, entries: readonly TraceEntry[]): void {
    if (entries.length === reader.sent && !isMarkerLast(entries)) return
    // A marker at the end grows in place, so it is sent again.
    const from = Math.max(0, Math.min(reader.sent, isMarkerLast(entries) ? entries.length - 1 : entries.length))
    const { columns, arrows } = ladderModel(entries)
    const event: BoardEvent = {
      type: 'trace',
      id,
      from,
      entries: entries.slice(from) as TraceEntry[],
      columns: [...columns],
      arrows: arrows.slice(from),
    }
    reader.sent = entries.length
    this.#send(reader, JSON.stringify(event))
  }

  #send(reader: Reader, text: string): void {
    const { socket } = reader
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > mostBuffered) {
      this.#options.log.info(
        { buffered: socket.bufferedAmount },
        'A page reads too slowly and is disconnected; it will come back.',
      )
      this.#remove(reader)
      socket.terminate()
      return
    }
    socket.send(text)
  }

  #pingAll(): void {
    this.#ping = undefined
    for (const reader of this.#readers) {
      if (!reader.alive) {
        this.#remove(reader)
        reader.socket.terminate()
        continue
      }
      reader.alive = false
      reader.socket.ping()
    }
    if (this.#readers.size > 0) this.#ping = this.#options.clock.setTimeout(() => this.#pingAll(), pingMs)
  }

  #stopWatching(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader)
    this.#options.clock.clearTimeout(reader.timer)
    reader.timer = undefined
    if (this.#readers.size > 0) return
    this.#stopWatching()
    this.#pending.clear()
    this.#options.clock.clearTimeout(this.#batch)
    this.#batch = undefined
    this.#options.clock.clearTimeout(this.#ping)
    this.#ping = undefined
  }
}

function isMarkerLast(entries: readonly TraceEntry[]): boolean {
  const last = entries.at(-1)
  return last !== undefined && isMarker(last)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
