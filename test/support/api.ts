import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type BoardEvent, createHttpServer, type HttpServerOptions } from '#api'
import type { CallActs, CallId, Calls, LiveCalls } from '#call'
import { CallError, type CallErrorCode } from '#call'
import { mayReach, PushSubscriptions } from '#channels'
import { Accounts, createDirectory, demoPassword, type Person, seedDemo } from '#directory'
import { seededRandom, silentLog, VirtualClock } from '#lib'
import { CallbackService, Intake, Mailboxes, NoticeMaker, QueueService } from '#services'
import { openStorage } from '#storage'
import { FakeCalls } from './fake-calls.ts'

/** Acts that remember what was asked; `refuse` makes the next one fail. */
export class FakeActs implements Pick<CallActs, keyof CallActs> {
  readonly asked: string[] = []
  refuse: CallErrorCode | undefined
  readonly #calls: LiveCalls

  constructor(calls: LiveCalls) {
    this.#calls = calls
  }

  answer(id: CallId, person: Person, station: string): void {
    this.#ask(`answer ${id} ${person.login} ${station}`)
  }
  decline(id: CallId, person: Person): void {
    this.#ask(`decline ${id} ${person.login}`)
  }
  divert(id: CallId, person: Person, to: string): void {
    this.#ask(`divert ${id} ${person.login} ${to}`)
  }
  async pickup(id: CallId, person: Person, station?: string): Promise<void> {
    if (!this.#calls.get(id)) throw new CallError('nothing-rings')
    this.#ask(`pickup ${id} ${person.login} ${station ?? 'any'}`)
  }
  async transfer(id: CallId, person: Person, to: string): Promise<void> {
    this.#ask(`transfer ${id} ${person.login} ${to}`)
  }
  async hold(id: CallId, person: Person): Promise<void> {
    this.#ask(`hold ${id} ${person.login}`)
  }
  async resume(id: CallId, person: Person): Promise<void> {
    this.#ask(`resume ${id} ${person.login}`)
  }
  hangup(id: CallId, person: Person): void {
    this.#ask(`hangup ${id} ${person.login}`)
  }
  originate(person: Person, to: string, from?: string): CallId {
    this.#ask(`originate ${person.login} ${to} ${from ?? 'any'}`)
    return 'call-new'
  }

  #ask(text: string): void {
    const code = this.refuse
    this.refuse = undefined
    if (code) throw new CallError(code)
    this.asked.push(text)
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
}

/** The API over real HTTP with the demo organisation, a database in memory and a clock of its own: for tests. */
export async function apiFixture(more: Partial<HttpServerOptions> = {}) {
  const clock = new VirtualClock()
  const random = seededRandom(1)
  const storage = await openStorage({ folder: ':memory:', thread: false, clock })
  const parts = { storage, clock, random, log: silentLog }
  const directory = await createDirectory({ ...parts, demo: true })
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  await seedDemo(directory, accounts)
  await directory.putPerson({ id: 'sue', login: 'sue', name: 'Sue', role: 'supervisor' })
  await accounts.setPassword('sue', demoPassword('sue'))
  const subscriptions = await PushSubscriptions.open(storage.values)
  const push = { publicKey: 'key', subscriptions, reachable: mayReach(false) }
  const calls = new FakeCalls()
  const acts = new FakeActs(calls)
  const core = { clock, storage, random, log: silentLog, settings: { node: 'n' } }
  const notices = new NoticeMaker({ storage: storage.callbacks, clock, baseUrl: 'https://baton.example' })
  const callbackFolder = mkdtempSync(join(tmpdir(), 'baton-api-callbacks-'))
  const service = new CallbackService({
    calls: { core } as unknown as Calls,
    announcer: { say: () => [] } as never,
    notices: (told) => notices.outcome(told),
    recordings: { folder: callbackFolder, on: true, mostMs: 30_000, keepMs: 7 * 86_400_000 },
  })
  const intake = new Intake({ service, storage, directory, notices, clock, random, log: silentLog })
  const widget = { origins: ['https://shop.example'], confirm: 'key', called: 'front' } as const
  const callbacks = { service, intake, notices, storage: storage.callbacks, widget }
  const voicemailFolder = mkdtempSync(join(tmpdir(), 'baton-api-voicemail-'))
  const voicemail = new Mailboxes({ ...core, directory }, voicemailFolder)
  const callCore = { ...core, directory }
  const queues = new QueueService({
    calls: { core: callCore, answerBy() {}, all: () => [], watch: () => () => {} } as unknown as Calls,
    ...{ announcer: {} as never, callbacks: service, directory },
    mailboxes: {
      find: (whose) => voicemail.of(whose)?.id ?? directory.personByLogin(whose)?.id,
      ...{ ofMissed: () => undefined, take: async () => {} },
    },
  })
  const server = await createHttpServer({
    address: '127.0.0.1',
    port: 0,
    demo: false,
    version: '1.2.3',
    sip: { address: '127.0.0.1:5060', domain: 'baton.local' },
    calls,
    storage,
    desk: { directory, accounts, acts, storage, random, push, callbacks, voicemail, queues },
    health: async () => ({ ready: true, details: {} }),
    metrics: async () => '',
    staticFolder: '/nonexistent',
    log: silentLog,
    clock,
    ...more,
  })
  const url = `http://127.0.0.1:${server.port}`
  const sockets: WebSocket[] = []

  /** `ask('POST /api/v1/calls', { token, body })` */
  async function ask(
    what: string,
    given: { token?: string | undefined; body?: unknown; headers?: Record<string, string>; raw?: string } = {},
  ): Promise<Answer> {
    const [method = '', path = ''] = what.split(' ')
    const body = given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body))
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
        ...given.headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const json = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, headers: response.headers, body: json && text !== '' ? JSON.parse(text) : text }
  }

  async function logIn(login: string): Promise<string> {
    const { body } = await ask('POST /api/v1/session', { body: { login, password: demoPassword(login) } })
    return body.token as string
  }

  return {
    ...{
      clock,
      storage,
      directory,
      accounts,
      calls,
      acts,
      subscriptions,
      callbacks,
      callbackFolder,
      voicemail,
      queues,
      server,
      url,
      ask,
      logIn,
    },
    /** Opens the event WebSocket. */
    events(token: string | undefined, query = '', headers: Record<string, string> = {}): EventReader {
      const auth = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/events${query}`, {
        headers: { ...auth, ...headers },
      })
      sockets.push(socket)
      return new EventReader(socket)
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.terminate()
      await server.close()
      directory.close()
      await storage.close()
      rmSync(voicemailFolder, { recursive: true, force: true })
      rmSync(callbackFolder, { recursive: true, force: true })
    },
  }
}

export type ApiFixture = Awaited<ReturnType<typeof apiFixture>>

/** An event connection whose messages can be awaited one by one. */
export class EventReader {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  readonly #events: BoardEvent[] = []
  #waiting: ((event: BoardEvent) => void) | undefined

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', resolve)
      socket.on('error', () => {})
    })
    socket.on('message', (data) => {
      const event = JSON.parse(String(data)) as BoardEvent
      if (this.#waiting) this.#waiting(event)
      else this.#events.push(event)
      this.#waiting = undefined
    })
  }

  next(): Promise<BoardEvent> {
    const event = this.#events.shift()
    return event ? Promise.resolve(event) : new Promise((resolve) => (this.#waiting = resolve))
  }

  /** The next message of this type. */
  async nextOf<T extends BoardEvent['type']>(type: T): Promise<Extract<BoardEvent, { type: T }>> {
    for (;;) {
      const event = await this.next()
      if (event.type === type) return event as Extract<BoardEvent, { type: T }>
    }
  }

  get waiting(): number {
    return this.#events.length
  }
}
