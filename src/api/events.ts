import type { WebSocket } from 'ws'
import { type CallChange, type CallId, type CallView, ladderModel, type TraceEntry } from '#call'
import type { Timer } from '#lib'
import { boardRequest, type CallbackNews, type QueueShape } from './contract.ts'
import { EventLog, type LoggedBatch, LoggedChange } from './event-log.ts'
import type { BoardOptions, Reader, Resume } from './event-reader.ts'
import { Presence, type PresenceChanges } from './presence.ts'
import { TraceWatch } from './trace-watch.ts'
import { seesAll, type Viewer } from './viewer.ts'
import { type CallSight, peopleOf, shape, sightsOf, tookPart } from './visibility.ts'

/** The first change is told at once; what follows within this time shares the next message. */
const batchMs = 16
/** More changes than this in one batch are told as a new snapshot to those who see all calls. */
const largestBatch = 300
const largestSnapshot = 500
/** Presence is told to so many readers a millisecond at the most: each second to 10,000. */
const readersPerMs = 10
/** A reader this far behind is closed; it comes back and resumes. */
const mostBuffered = 1024 * 1024
const mostReaders = 20_000
const mostOfOne = 100
const mostOfBoard = 200
/** How many changes are kept for readers who come back. */
const mostKept = 10_000
/** How long calls are still watched when the last reader has left, so that it can resume. */
const lingerMs = 60_000
/** Each reader is asked once in so many seconds whether it is there. */
const pingSeconds = 30

/** `log in (again)`: the log-in ended, or never was. */
export const logInAgain = 4401

/** Live calls for everybody who is connected: each hears of the calls that are theirs to see, and of the messages of the one they look at. */
export class Board {
  readonly #options: BoardOptions
  readonly #readers = new Set<Reader>()
  /** Readers who see every call, and the others by person. */
  readonly #seeAll = new Set<Reader>()
  readonly #byPerson = new Map<string, Set<Reader>>()
  /** Readers who look at the messages of a call. */
  readonly #watchers = new Set<Reader>()
  /** Readers who are told of people's presence. */
  readonly #peopleReaders = new Set<Reader>()
  readonly #presence: Presence | undefined
  /** From this cursor on the log has presence too: since the first reader asked for it. */
  #peopleSince = Number.POSITIVE_INFINITY
  readonly #log = new EventLog(mostKept)
  /** Live calls as last told, what people see of them, and each person's. Kept up only while somebody looks: a view of each change costs. */
  readonly #live = new Map<CallId, { view: CallView; sights: ReadonlyMap<string, CallSight> }>()
  readonly #callsOf = new Map<string, Set<CallId>>()
  readonly #pending = new Map<CallId, { view: CallView; change: CallChange }>()
  #unwatch: (() => void) | undefined
  #cursor = 0
  #flushedAt = Number.NEGATIVE_INFINITY
  #batch: Timer | undefined
  #linger: Timer | undefined
  #tick: Timer | undefined
  readonly #slots = Array.from({ length: pingSeconds }, () => new Set<Reader>())
  #nextSlot = 0
  #turn = 0

  constructor(options: BoardOptions) {
    this.#options = options
    const { clock, directory } = options
    if (!directory) return
    const gatherMs = () => Math.max(batchMs, this.#peopleReaders.size / readersPerMs)
    this.#presence = new Presence({ clock, directory, gatherMs, tell: (changes) => this.#tellPeople(changes) })
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Whether one more page of this viewer may connect. */
  hasRoom(viewer: Viewer): boolean {
    if (this.#readers.size >= mostReaders) return false
    if (viewer.kind === 'person') return (this.#byPerson.get(viewer.personId)?.size ?? 0) < mostOfOne
    return this.#seeAll.size < mostOfBoard
  }

  /** Takes an open WebSocket over. @param people whether it is told of people's presence too */
  add(socket: WebSocket, viewer: Viewer, resume?: Resume, people = false): void {
    // What waits belongs to the readers from before; the new one starts with a snapshot that has it all.
    this.#flush()
    this.#presence?.flush()
    this.#watch()
    const all = this.#seesAll(viewer)
    const slot = this.#slots[this.#nextSlot++ % pingSeconds] as Set<Reader>
    const trace = this.#traceWatch(socket, viewer)
    const told = people && viewer.kind === 'person'
    const reader: Reader = { socket, viewer, all, alive: true, slot, trace, people: told }
    this.#readers.add(reader)
    if (told) {
      this.#peopleReaders.add(reader)
      this.#peopleSince = Math.min(this.#peopleSince, this.#cursor)
    }
    slot.add(reader)
    if (all) this.#seeAll.add(reader)
    if (viewer.kind === 'person') {
      const own = this.#byPerson.get(viewer.personId)
      if (own) own.add(reader)
      else this.#byPerson.set(viewer.personId, new Set([reader]))
    }
    socket.on('message', (data) => this.#asked(reader, String(data)))
    socket.on('pong', () => {
      reader.alive = true
    })
    socket.on('close', () => this.#remove(reader))
    socket.on('error', (error) => this.#options.log.debug({ err: error }, 'An event connection broke.'))
    this.#tick ??= this.#options.clock.setTimeout(() => this.#pingSome(), 1_000)
    this.#begin(reader, resume)
  }

  /** A log-in ended: its connections do too. */
  endLogin(loginId: string, personId: string): void {
    for (const reader of [...(this.#byPerson.get(personId) ?? [])]) {
      if (reader.viewer.kind === 'person' && reader.viewer.loginId === loginId) this.#refuse(reader)
    }
  }

  close(): void {
    const { clock } = this.#options
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#presence?.stop()
    for (const timer of [this.#batch, this.#linger, this.#tick]) clock.clearTimeout(timer)
    for (const reader of [...this.#readers]) {
      reader.trace.close()
      reader.socket.close(1001, 'the server stops')
    }
    this.#readers.clear()
    this.#seeAll.clear()
    this.#peopleReaders.clear()
    this.#byPerson.clear()
  }

  /** A person was added, changed or removed. */
  personChanged(personId: string): void {
    this.#presence?.touch(personId)
  }

  /** A queue or its line changed: whoever leads hears of it. */
  queueChanged(id: string, queue: QueueShape | null): void {
    const text = JSON.stringify({ type: 'queue', at: this.#options.clock.now(), id, queue })
    for (const reader of this.#readers) if (this.#leads(reader)) this.#send(reader, text)
  }

  /** How many messages wait for a person has changed. */
  voicemailChanged(personId: string, fresh: number): void {
    const text = JSON.stringify({ type: 'voicemail', at: this.#options.clock.now(), fresh })
    for (const reader of [...(this.#byPerson.get(personId) ?? [])]) this.#send(reader, text)
  }

  /** Something happened to a requested call: who asked for it hears of it, and who sees all calls. The open board does not. */
  callbackHappened(news: CallbackNews): void {
    // Nobody has looked for long: whoever comes is told to read anew.
    if (!this.#unwatch) return
    // Calls first, so that cursors and times stay in one row.
    this.#flush()
    const [cursor, at] = [++this.#cursor, this.#options.clock.now()]
    const text = JSON.stringify({ type: 'callback', cursor, at, ...news })
    const batch: LoggedBatch = { cursor, at, changes: [], callback: { personId: news.callback.personId, text } }
    this.#log.add(batch)
    const own = this.#byPerson.get(news.callback.personId) ?? []
    for (const reader of new Set([...own, ...this.#seeAll])) this.#tell(reader, batch)
  }

  #leads({ viewer }: Reader): boolean {
    if (viewer.kind !== 'person') return false
    const role = this.#options.directory?.personById(viewer.personId)?.role
    return role === 'supervisor' || role === 'administrator'
  }

  // ---- what readers are told -----------------------------------------------------------------------------------------------------

  #begin(reader: Reader, resume: Resume | undefined): void {
    const { run, clock } = this.#options
    const missed =
      resume && resume.run === run && resume.cursor <= this.#cursor ? this.#log.after(resume.cursor) : undefined
    if (!missed) {
      this.#send(reader, this.#snapshot(reader))
      this.#tellEverybody(reader)
      return
    }
    const from = (resume as Resume).cursor
    const total = this.#total(reader)
    this.#send(reader, JSON.stringify({ type: 'resumed', run, cursor: from, at: clock.now(), total }))
    for (const batch of missed) this.#tell(reader, batch)
    if (from < this.#peopleSince) this.#tellEverybody(reader)
  }

  #tellEverybody(reader: Reader): void {
    if (reader.people && this.#presence)
      this.#send(reader, this.#peopleText({ people: this.#presence.all(), gone: [] }, true))
  }

  #tell(reader: Reader, batch: LoggedBatch): void {
    if (batch.people !== undefined) {
      if (reader.people) this.#send(reader, batch.people)
      return
    }
    const { callback } = batch
    if (callback) {
      const { viewer } = reader
      const mine = viewer.kind === 'person' && (viewer.personId === callback.personId || this.#seesAll(viewer))
      if (mine) this.#send(reader, callback.text)
      return
    }
    const texts = this.#textsFor(reader, batch.changes)
    if (texts.length === 0) return
    const head = `{"type":"changes","cursor":${batch.cursor},"at":${batch.at},"total":${this.#total(reader)},"changes":[`
    this.#send(reader, `${head}${texts.join(',')}]}`)
  }

  #textsFor({ viewer, all }: Reader, changes: readonly LoggedChange[]): string[] {
    const person = viewer.kind === 'person' ? viewer.personId : ''
    const texts = changes.map((change) => (all ? change.textForAll(person) : change.textFor(person)))
    return texts.filter((text) => text !== undefined)
  }

  #snapshot(reader: Reader): string {
    const { run, clock } = this.#options
    const { viewer } = reader
    const person = viewer.kind === 'person' ? viewer.personId : ''
    const seen: { view: CallView; sight: CallSight }[] = []
    if (reader.all)
      for (const { view } of this.#live.values()) {
        const take = person !== '' && view.rings.length > 0 && view.caller.personId !== person
        seen.push({ view, sight: take ? 'take' : 'all' })
      }
    else
      for (const id of this.#callsOf.get(person) ?? []) {
        const { view, sights } = this.#live.get(id) ?? {}
        const sight = sights?.get(person)
        if (view && sight) seen.push({ view, sight })
      }
    const newest = seen.sort((a, b) => b.view.startedAt - a.view.startedAt).slice(0, largestSnapshot)
    return JSON.stringify({
      type: 'snapshot',
      run,
      cursor: this.#cursor,
      at: clock.now(),
      total: this.#total(reader),
      calls: newest.map(({ view, sight }) => shape(view, sight)),
      viewer: person,
    })
  }

  #total({ all, viewer }: Reader): number {
    if (all) return this.#live.size
    return viewer.kind === 'person' ? (this.#callsOf.get(viewer.personId)?.size ?? 0) : 0
  }

  #seesAll(viewer: Viewer): boolean {
    const person = viewer.kind === 'person' ? this.#options.directory?.personById(viewer.personId) : undefined
    return seesAll(viewer, person)
  }

  // ---- what happens to calls -----------------------------------------------------------------------------------------------------

  #watch(): void {
    const { calls, clock } = this.#options
    clock.clearTimeout(this.#linger)
    this.#linger = undefined
    if (this.#unwatch) return
    this.#unwatch = calls.watch((view, change) => this.#changed(view, change))
    const live = calls.list()
    for (const view of live) this.#keep(view)
    this.#presence?.start(live)
  }

  /** Nobody has looked for a while: whoever comes back starts with a snapshot. */
  #stopWatching(): void {
    this.#linger = undefined
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#options.clock.clearTimeout(this.#batch)
    this.#batch = undefined
    this.#presence?.stop()
    this.#peopleSince = Number.POSITIVE_INFINITY
    this.#pending.clear()
    this.#live.clear()
    this.#callsOf.clear()
    this.#log.clear(++this.#cursor)
  }

  #changed(view: CallView, change: CallChange): void {
    this.#presence?.call(view, change)
    const before = this.#pending.get(view.id)
    this.#pending.set(view.id, {
      view,
      change: before?.change === 'started' && change === 'changed' ? 'started' : change,
    })
    const { clock } = this.#options
    const rest = this.#flushedAt + batchMs - clock.now()
    this.#batch ??= clock.setTimeout(() => this.#flush(), Math.max(0, Math.min(rest, batchMs)))
  }

  #flush(): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#batch)
    this.#batch = undefined
    if (this.#pending.size === 0) return
    this.#flushedAt = clock.now()
    const changes: LoggedChange[] = []
    const told = new Set<Reader>()
    for (const { view, change } of this.#pending.values()) {
      const before = this.#live.get(view.id)?.sights
      const sights = change === 'ended' ? this.#drop(view, before) : this.#keep(view)
      const logged = new LoggedChange(view, change, sights, before)
      changes.push(logged)
      for (const id of logged.people()) for (const reader of this.#byPerson.get(id) ?? []) told.add(reader)
    }
    const touched = [...this.#pending]
    this.#pending.clear()
    const batch: LoggedBatch = { cursor: ++this.#cursor, at: this.#flushedAt, changes }
    this.#log.add(batch)
    for (const reader of this.#seeAll) told.delete(reader)
    for (const reader of told) this.#tell(reader, batch)
    this.#tellAll(batch)
    if (this.#watchers.size === 0) return
    for (const [id, { change }] of touched)
      for (const reader of this.#watchers) if (reader.trace.watched === id) reader.trace.happened(change === 'ended')
  }

  #tellPeople(changes: PresenceChanges): void {
    // Calls first, so that cursors and times stay in one row.
    this.#flush()
    if (this.#peopleSince === Number.POSITIVE_INFINITY) return
    this.#cursor++
    const at = this.#options.clock.now()
    const batch: LoggedBatch = { cursor: this.#cursor, at, changes: [], people: this.#peopleText(changes, false) }
    this.#log.add(batch)
    for (const reader of this.#peopleReaders) this.#tell(reader, batch)
  }

  #peopleText({ people, gone }: PresenceChanges, all: boolean): string {
    return JSON.stringify({ type: 'people', cursor: this.#cursor, at: this.#options.clock.now(), all, people, gone })
  }

  #tellAll(batch: LoggedBatch): void {
    const large = batch.changes.length > largestBatch
    // One text for the board and one for people with the right to pick up, but for those who call themselves.
    const texts = new Map<string, string>()
    for (const reader of [...this.#seeAll]) {
      // Rights may have been taken since it connected.
      if (!this.#seesAll(reader.viewer)) this.#refuse(reader)
      else if (large) this.#send(reader, this.#snapshot(reader))
      else {
        const person = reader.viewer.kind === 'person' ? reader.viewer.personId : ''
        const as = person !== '' && !batch.changes.some((change) => change.callerId === person) ? 'anybody' : person
        let text = texts.get(as)
        if (text === undefined) {
          const changes = batch.changes.map((change) => change.textForAll(person)).join(',')
          text = `{"type":"changes","cursor":${batch.cursor},"at":${batch.at},"total":${this.#live.size},"changes":[${changes}]}`
          texts.set(as, text)
        }
        this.#send(reader, text)
      }
    }
  }

  #keep(view: CallView): ReadonlyMap<string, CallSight> {
    const sights = sightsOf(view, this.#options.directory)
    for (const id of this.#live.get(view.id)?.sights.keys() ?? []) if (!sights.has(id)) this.#forget(id, view.id)
    for (const id of sights.keys()) {
      const calls = this.#callsOf.get(id)
      if (calls) calls.add(view.id)
      else this.#callsOf.set(id, new Set([view.id]))
    }
    this.#live.set(view.id, { view, sights })
    return sights
  }

  #drop(view: CallView, before: ReadonlyMap<string, CallSight> | undefined): ReadonlyMap<string, CallSight> {
    for (const id of before?.keys() ?? []) this.#forget(id, view.id)
    this.#live.delete(view.id)
    // Whoever saw the call is told that it ended.
    const sights = new Map<string, CallSight>(sightsOf(view, this.#options.directory))
    for (const [id, sight] of before ?? []) if (!sights.has(id)) sights.set(id, sight === 'take' ? 'all' : sight)
    return sights
  }

  #forget(personId: string, callId: CallId): void {
    const calls = this.#callsOf.get(personId)
    if (calls?.delete(callId) && calls.size === 0) this.#callsOf.delete(personId)
  }

  // ---- readers -------------------------------------------------------------------------------------------------------------------

  #asked(reader: Reader, text: string): void {
    const request = boardRequest.safeParse(json(text))
    if (!request.success) {
      reader.socket.close(1008, 'send {"watch": "call id"} or {"watch": null}')
      return
    }
    reader.trace.watch(request.data.watch ?? undefined)
    if (request.data.watch === null) this.#watchers.delete(reader)
    else this.#watchers.add(reader)
  }

  #traceWatch(socket: WebSocket, viewer: Viewer): TraceWatch {
    const { calls, clock, log } = this.#options
    return new TraceWatch({
      clock,
      log,
      isLive: (id) => calls.get(id) !== undefined,
      read: async (id) => ((await this.#mayWatch(viewer, id)) ? calls.trace(id) : []),
      send: (id, from, entries) => {
        const { columns, arrows } = ladderModel(entries)
        const told: readonly TraceEntry[] = entries.slice(from)
        const event = { type: 'trace', id, from, entries: told, columns, arrows: arrows.slice(from) }
        this.#sendTo(socket, JSON.stringify(event))
      },
    })
  }

  /** Messages of calls of others look like those of calls that never were: there are none. */
  async #mayWatch(viewer: Viewer, id: CallId): Promise<boolean> {
    if (this.#seesAll(viewer)) return true
    if (viewer.kind !== 'person') return false
    const { calls, records, directory } = this.#options
    const view = calls.get(id)
    if (view) return peopleOf(view, directory).has(viewer.personId)
    const row = await records.get(id)
    return row !== undefined && tookPart(row, viewer.personId)
  }

  #send(reader: Reader, text: string): void {
    if (!this.#sendTo(reader.socket, text)) this.#remove(reader)
  }

  #sendTo(socket: WebSocket, text: string): boolean {
    if (socket.readyState !== socket.OPEN) return true
    if (socket.bufferedAmount > mostBuffered) {
      this.#options.log.info(
        { buffered: socket.bufferedAmount },
        'A page reads too slowly and is disconnected; it will come back.',
      )
      socket.terminate()
      return false
    }
    socket.send(text)
    return true
  }

  /** A part of the readers each second, so that ten thousand of them never make one long pause. */
  #pingSome(): void {
    this.#tick = undefined
    for (const reader of [...(this.#slots[this.#turn++ % pingSeconds] as Set<Reader>)]) {
      const { viewer, socket } = reader
      if (viewer.kind === 'person' && this.#options.stands?.(viewer.loginId) === false) this.#refuse(reader)
      else if (reader.alive) {
        reader.alive = false
        socket.ping()
      } else {
        this.#remove(reader)
        socket.terminate()
      }
    }
    if (this.#readers.size > 0) this.#tick = this.#options.clock.setTimeout(() => this.#pingSome(), 1_000)
  }

  #refuse(reader: Reader): void {
    this.#remove(reader)
    reader.socket.close(logInAgain, 'log in again')
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader)) return
    reader.trace.close()
    reader.slot.delete(reader)
    this.#seeAll.delete(reader)
    this.#watchers.delete(reader)
    this.#peopleReaders.delete(reader)
    if (reader.viewer.kind === 'person') {
      const own = this.#byPerson.get(reader.viewer.personId)
      if (own?.delete(reader) && own.size === 0) this.#byPerson.delete(reader.viewer.personId)
    }
    if (this.#readers.size > 0) return
    const { clock } = this.#options
    clock.clearTimeout(this.#tick)
    this.#tick = undefined
    this.#linger ??= clock.setTimeout(() => this.#stopWatching(), lingerMs)
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
