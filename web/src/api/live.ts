import { useSyncExternalStore } from 'react'
import type { BoardEvent, BoardRequest, CallbackNews, CallShape, CallTraceShape, PresenceShape } from '#api/contract.ts'

export type Connection = 'connecting' | 'open' | 'lost'

/** What the event WebSocket has told so far; a new object after every change. */
export interface LiveState {
  readonly connection: Connection
  /** False until the first snapshot came. */
  readonly known: boolean
  /** Names the server's process; another one after it was started again. '' until it is known. */
  readonly run: string
  readonly calls: ReadonlyMap<string, CallShape>
  readonly total: number
  /** Who is available, registered and in a call; empty where nobody is logged in. */
  readonly people: ReadonlyMap<string, PresenceShape>
  /** Server time minus ours, in ms. */
  readonly clockOffset: number
  /** The last thing that happened, for announcing. */
  readonly last: { readonly change: 'started' | 'changed' | 'ended'; readonly call: CallShape } | undefined
  /** Counts ended calls, so that lists of records know when to look. */
  readonly ended: number
  /** Counts what happened to my messages, so that their lists know when to look. */
  readonly messages: number
  /** Counts what happened in queues. */
  readonly queues: number
  /** What happened last to each requested call, of the latest. */
  readonly callbacks: ReadonlyMap<string, CallbackNews>
  /** Counts the times after which something may have happened to requested calls that was not told: read them anew. */
  readonly gaps: number
  /** Messages of the watched call. */
  readonly trace: CallTraceShape | undefined
  /** The server does not know who we are: log in again. */
  readonly loggedOut: boolean
}

const firstWait = 500
/** News of more requested calls than this is not kept. */
const mostCallbacks = 1_000
/** A server that comes back is found within three seconds: the waits are up to a quarter longer than this. */
const longestWait = 2200
const logInAgain = 4401

/** The connection to the board: keeps what it knows while it is lost, and comes back by itself. */
export class Live {
  readonly #url: string
  readonly #listeners = new Set<() => void>()
  #socket: WebSocket | undefined
  #watched: string | null = null
  #wait = firstWait
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = true
  /** Where to go on after a lost connection. */
  #place: { run: string; cursor: number } | undefined
  #state: LiveState = {
    connection: 'connecting',
    known: false,
    run: '',
    calls: new Map(),
    total: 0,
    people: new Map(),
    clockOffset: 0,
    last: undefined,
    ended: 0,
    messages: 0,
    queues: 0,
    callbacks: new Map(),
    gaps: 0,
    trace: undefined,
    loggedOut: false,
  }

  constructor(url: string) {
    this.#url = url
  }

  get state(): LiveState {
    return this.#state
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Connects, and again at once when the machine comes back to the network or the page to the front. */
  start(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#set({ loggedOut: false })
    this.#connect()
    addEventListener('online', this.#hurry)
    document.addEventListener('visibilitychange', this.#hurry)
  }

  /** Ends and forgets everything, as another person may look next. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    removeEventListener('online', this.#hurry)
    document.removeEventListener('visibilitychange', this.#hurry)
    const socket = this.#socket
    this.#socket = undefined
    this.#place = undefined
    socket?.close()
    this.#set({
      connection: 'connecting',
      known: false,
      run: '',
      calls: new Map(),
      total: 0,
      people: new Map(),
      callbacks: new Map(),
      last: undefined,
      trace: undefined,
    })
  }

  readonly #hurry = (): void => {
    if (!this.#socket && document.visibilityState === 'visible') this.#connect()
  }

  /** Asks for the messages of this call, or of none. */
  watch(id: string | null): void {
    this.#watched = id
    this.#set({ trace: undefined })
    this.#ask()
  }

  #ask(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.send(JSON.stringify({ watch: this.#watched } satisfies BoardRequest))
  }

  #connect(): void {
    clearTimeout(this.#timer)
    const place = this.#place
    const resume = place ? `&run=${place.run}&cursor=${place.cursor}` : ''
    const socket = new WebSocket(`${this.#url}?people=1${resume}`)
    this.#socket = socket
    socket.onopen = () => this.#ask()
    socket.onmessage = (message) => this.#heard(JSON.parse(String(message.data)) as BoardEvent)
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (code === logInAgain) {
        this.stop()
        this.#set({ loggedOut: true })
        return
      }
      this.#set({ connection: this.#state.known ? 'lost' : 'connecting' })
      // Spread out, so that a server that comes back is not met by everybody at once.
      this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2))
      this.#wait = Math.min(this.#wait * 2, longestWait)
    }
  }

  #heard(event: BoardEvent): void {
    if (event.type === 'trace') {
      this.#heardTrace(event)
      return
    }
    this.#wait = firstWait
    const clockOffset = event.at - Date.now()
    if (event.type === 'resumed') {
      this.#place = { run: event.run, cursor: event.cursor }
      this.#set({ connection: 'open', total: event.total, clockOffset })
      return
    }
    if (event.type === 'voicemail') {
      this.#set({ messages: this.#state.messages + 1 })
      return
    }
    if (event.type === 'queue') {
      this.#set({ queues: this.#state.queues + 1 })
      return
    }
    if (event.type === 'snapshot') {
      this.#place = { run: event.run, cursor: event.cursor }
      const calls = new Map(event.calls.map((call) => [call.id, call]))
      const reconnected = this.#state.connection === 'lost' ? 1 : 0
      const ended = this.#state.ended + reconnected
      const gaps = this.#state.gaps + 1
      this.#set({
        ...{ connection: 'open', known: true, run: event.run, calls, total: event.total, clockOffset, ended, gaps },
        callbacks: new Map(),
      })
      return
    }
    if (this.#place) this.#place = { ...this.#place, cursor: event.cursor }
    if (event.type === 'people') {
      const people = new Map(event.all ? [] : this.#state.people)
      for (const person of event.people) people.set(person.id, person)
      for (const id of event.gone) people.delete(id)
      this.#set({ people, clockOffset })
      return
    }
    if (event.type === 'callback') {
      const { callback, phase } = event
      const callbacks = new Map(this.#state.callbacks)
      const before = callbacks.get(callback.id)?.attempt
      // A recording is told once.
      const recording = before?.number === event.attempt?.number ? before?.recording : undefined
      const attempt = event.attempt && recording ? { recording, ...event.attempt } : event.attempt
      // The latest stands last.
      callbacks.delete(callback.id)
      callbacks.set(callback.id, { callback, ...(attempt ? { attempt } : {}), ...(phase ? { phase } : {}) })
      const [oldest] = callbacks.keys()
      const full = callbacks.size > mostCallbacks
      if (full && oldest !== undefined) callbacks.delete(oldest)
      this.#set({ callbacks, clockOffset, gaps: this.#state.gaps + (full ? 1 : 0) })
      return
    }
    const calls = new Map(this.#state.calls)
    let { ended, last } = this.#state
    for (const { change, call } of event.changes) {
      if (change === 'ended' || change === 'gone') {
        calls.delete(call.id)
        ended++
      } else calls.set(call.id, call)
      if (change !== 'gone') last = { change, call }
    }
    this.#set({ calls, total: event.total, clockOffset, ended, last })
  }

  #heardTrace({ id, from, entries, columns, arrows }: Extract<BoardEvent, { type: 'trace' }>): void {
    if (id !== this.#watched) return
    const before = from > 0 && this.#state.trace?.id === id ? this.#state.trace : undefined
    this.#set({
      trace: {
        id,
        columns,
        entries: [...(before?.entries.slice(0, from) ?? []), ...entries],
        arrows: [...(before?.arrows.slice(0, from) ?? []), ...arrows],
      },
    })
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

export const live = new Live(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/events`)

export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, () => live.state)
}
