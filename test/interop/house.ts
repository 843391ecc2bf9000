import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Baresip, type BaresipOptions } from '../support/baresip.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/program.ts'
import { type Baton, type BatonOptions, startBaton } from '../support/server.ts'
import { SipClient, type SipClientOptions } from '../support/sip-client.ts'
import { makeTone, writeWav } from '../support/tone.ts'
import { eventually } from './eventually.ts'

/** One side's media numbers in a record. */
export type Quality = {
  packetsReceived: number
  packetsSent: number
  lost: number
  jitterMs: number
  codec?: string
}

/** A record as `GET /api/v1/records` gives it; what tests look at. */
export type CallRecord = {
  id: string
  state: string
  direction: string
  caller: { number: string; name: string; personId: string }
  callee: { number: string; name: string; personId: string }
  trunk: string
  startedAt: number
  answeredAt: number | null
  endedAt: number | null
  answeredBy: { personId: string; station: string }
  cause: string
  status: number
  endedBy: string
  branches: { station: string; outcome?: string; by?: string }[]
  quality: { caller?: Quality; callee?: Quality }
}

/** A live call as `GET /api/v1/calls` gives it. */
export type LiveCall = { id: string; state: string; held: boolean; branches: { station: string; state: string }[] }

export type TraceEntry = { direction: 'in' | 'out'; peer: string; text: string }

const people = { alice: '+12025550101', bob: '+12025550102', carol: '+12025550103', dave: '+12025550104' } as const
type Login = keyof typeof people

/** A caller from the telephone network. */
export const outsider = '+12065550100'

/** An organisation of a suite's own. A phone of user `x` has the password `secret-of-x`. */
export type OrganisationOptions = {
  /** Text of the organisation's file: people, groups, trunks. */
  readonly organisation: string
  /** More of `baton.yaml`; the board's password is set. */
  readonly config?: string
  /** Our own English prompts: each is a second of a tone of so many Hz. */
  readonly prompts?: Readonly<Record<string, number>>
}

/** The real server with the demo organisation or one of the suite's own, and the phones that a test connects to it. */
export class House {
  readonly baton: Baton
  #cleanups: (() => unknown)[] = []
  /** When the present test began, ms since 1970. */
  #since = Date.now()

  readonly #login: Record<string, string>
  readonly #passwordOf: (user: string) => string

  private constructor(
    baton: Baton,
    boardPassword: string | undefined,
    passwordOf: (user: string) => string = (user) => `${user}-demo`,
  ) {
    this.baton = baton
    this.#passwordOf = passwordOf
    const credentials = Buffer.from(`board:${boardPassword}`).toString('base64')
    this.#login = boardPassword === undefined ? {} : { authorization: `Basic ${credentials}` }
  }

  /** @param boardPassword where the configuration sets one */
  static async open(options: BatonOptions = {}, boardPassword?: string): Promise<House> {
    return new House(await startBaton(options), boardPassword)
  }

  /** The server with an organisation that is loaded before it starts, as `npm run organisation` does. */
  static async ofOrganisation({ organisation, config = '', prompts = {} }: OrganisationOptions): Promise<House> {
    const boardPassword = 'board-password'
    const configYaml = `http: {boardPassword: ${boardPassword}}\n${config}`
    const [folder, dataFolder] = [temporaryFolder('organisation'), temporaryFolder('data')]
    const paths = { config: join(folder, 'baton.yaml'), organisation: join(folder, 'organisation.yaml') }
    writeFileSync(paths.config, configYaml)
    writeFileSync(paths.organisation, organisation)
    const load = await startProgram(
      process.execPath,
      ['scripts/organisation.ts', paths.organisation, '--config', paths.config],
      { cwd: join(import.meta.dirname, '../..'), environment: { BATON_DATA: dataFolder } },
    )
    expect(await load.ended, load.output()).toMatchObject({ code: 0 })
    const voices = join(dataFolder, 'prompts', 'en')
    mkdirSync(voices, { recursive: true })
    for (const [name, tone] of Object.entries(prompts)) writeWav(join(voices, `${name}.wav`), makeTone(tone, 1))
    return new House(await startBaton({ configYaml, dataFolder }), boardPassword, (user) => `secret-of-${user}`)
  }

  /** Ends everything. @throws when calls, dialogs or media of ended calls are left in the server */
  async close(): Promise<void> {
    await this.clear()
    try {
      await this.nothingIsLeft()
    } finally {
      await this.baton.stop()
    }
  }

  /** Waits until the server holds no call, no dialog and no media. */
  async nothingIsLeft(): Promise<void> {
    await eventually(async () => {
      const metrics = await (await this.#fetch('/metrics')).text()
      for (const name of ['baton_calls_live', 'baton_sip_dialogs', 'baton_media_legs'])
        expect(metrics).toMatch(new RegExp(`^${name} 0$`, 'm'))
    })
  }

  /** Ends the phones of a test; their registrations go with them. */
  async clear(): Promise<void> {
    const cleanups = this.#cleanups.splice(0).reverse()
    for (const clean of cleanups) await clean()
    this.#since = Date.now()
  }

  /** Runs at the end of the test. */
  onClear(clean: () => unknown): void {
    this.#cleanups.push(clean)
  }

  /** A registered phone of one of the people. */
  async phone(user: string, options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const phone = await Baresip.start({
      user,
      password: this.#passwordOf(user),
      domain: 'baton.local',
      proxy: this.baton.sip.target,
      ...options,
    })
    this.onClear(() => phone.stop())
    await phone.registered()
    return phone
  }

  /** A phone of the telephone network. */
  async outsidePhone(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const phone = await Baresip.start({ user: outsider, ...options })
    this.onClear(() => phone.stop())
    return phone
  }

  /** Somebody from outside calls bob, whose phone rings. */
  async ringBob(): Promise<{ bob: Baresip; caller: Baresip }> {
    const bob = await this.phone('bob', { tone: 880, trace: true })
    const caller = await this.outsidePhone({ tone: 440 })
    await caller.dial(this.numberOf('bob'))
    await bob.event('CALL_INCOMING')
    await caller.event('CALL_RINGING')
    return { bob, caller }
  }

  /** A scripted client of one of the demo people; it is not registered yet. */
  async client(user: string, options: Partial<SipClientOptions> = {}): Promise<SipClient> {
    const server = options.transport === 'ws' ? `${this.baton.http.replace('http', 'ws')}/sip` : this.baton.sip.target
    const client = await SipClient.open({ server, user, ...options })
    this.onClear(() => client.close())
    return client
  }

  /** A scripted caller from the telephone network. */
  outsideClient(options: Partial<SipClientOptions> = {}): Promise<SipClient> {
    return this.client(outsider, { domain: '127.0.0.1', ...options })
  }

  /** What the telephone network dials for one of the demo people. */
  numberOf(login: Login): string {
    return `sip:${people[login]}@${this.baton.sip.target}`
  }

  async get<T>(path: string): Promise<T> {
    const response = await this.#fetch(path)
    if (!response.ok) throw new Error(`GET ${path} says ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  #fetch(path: string): Promise<Response> {
    return this.baton.fetch(path, { headers: this.#login })
  }

  async calls(): Promise<LiveCall[]> {
    return (await this.get<{ calls: LiveCall[] }>('/api/v1/calls')).calls
  }

  async records(): Promise<CallRecord[]> {
    return (await this.get<{ records: CallRecord[] }>('/api/v1/records')).records
  }

  /** The record of this test's newest call, once no call is live any more and the record is closed. */
  lastRecord(): Promise<CallRecord> {
    return eventually(async () => {
      expect(await this.calls(), 'live calls').toEqual([])
      const record = (await this.records()).find(({ startedAt }) => startedAt >= this.#since)
      if (record?.state !== 'ended') throw new Error(`the record of the last call is ${record?.state ?? 'missing'}`)
      return record
    })
  }

  async trace(id: string): Promise<TraceEntry[]> {
    return (await this.get<{ entries: TraceEntry[] }>(`/api/v1/calls/${id}/trace`)).entries
  }
}

/** The first message that begins so, waiting until the phone has printed it; only with `trace`. */
export function sipMessage(phone: Baresip, start: string, which = 0): Promise<string> {
  return eventually(() => {
    const found = phone.sip().filter((message) => message.startsWith(start))[which]
    if (!found) throw new Error(`${phone.user}'s phone saw no ${start}, but\n${phone.sip().map(firstLine).join('\n')}`)
    return found
  })
}

/** Waits until no sound has arrived at the phone for `quietMs`. */
export async function fallsSilent(phone: Baresip, quietMs = 600): Promise<void> {
  let heard = phone.heardSeconds()
  let since = performance.now()
  await eventually(() => {
    const now = phone.heardSeconds()
    if (now !== heard) since = performance.now()
    heard = now
    if (performance.now() - since < quietMs) throw new Error(`${phone.user}'s phone still hears something`)
  })
}

function firstLine(message: string): string {
  return message.slice(0, message.indexOf('\r\n'))
}
