/**
 * How punctual requested calls are: 1,000 that are due within the same minute, then as many that are due at the same instant, at the call
 * rate that is allowed. Called and callers are scripted phones that answer at once; both sides hear their announcements, are joined, and
 * the caller hangs up.
 *   node bench/callbacks.ts [jobs] [calls a second]
 * Prints what it measured and asserts nothing.
 */
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Accounts, applyOrganisation, createDirectory } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { type CallbackRow, openStorage } from '#storage'
import { acceptRequests, callbackRow } from '../test/support/callbacks.ts'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { cpuOfGroup, killEveryProgram } from '../test/support/program.ts'
import { type Baton, startBaton } from '../test/support/server.ts'
import { audioSdp, type ReceivedMessage, SipClient } from '../test/support/sip-client.ts'
import { quantile } from './measure.ts'
import { describeMachine } from './report.ts'

const password = 'bench-bench'
/** From the start of the server until the first is due: phones register, the idle server is measured. */
const aheadMs = 15_000
const idleMs = 4_000
/** From a caller's answer to the hang-up: the greeting is over and the two are joined by then. */
const talkMs = 10_000
const hour = 3_600_000

const [jobs, rate] = [numberOf(2, 'jobs', 1_000), numberOf(3, 'calls a second', 10)]

function numberOf(place: number, name: string, otherwise: number): number {
  const value = Number(process.argv[place] ?? otherwise)
  if (Number.isInteger(value) && value >= 1) return value
  console.error(`${name}: found ${process.argv[place]}; allowed: a whole number, 1 or more`)
  process.exit(1)
}

async function importOrganisation(folder: string): Promise<void> {
  const storage = await openStorage({ folder })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  const person = (login: string, extension: string) => ({
    ...{ login, name: login, extension, numbers: [] },
    devices: [{ name: 'phone', password }],
  })
  await applyOrganisation(directory, { people: [person('called', '901'), person('caller', '902')] }, accounts)
  directory.close()
  await storage.close()
}

/** A phone that answers whatever comes. */
class Phone {
  readonly client: SipClient
  /** When the first INVITE of each call came, ms since 1970, in the order that they came. */
  readonly rung: number[] = []
  readonly #known = new Set<string>()
  readonly #hangsUpAfterMs: number

  private constructor(client: SipClient, hangsUpAfterMs: number) {
    this.client = client
    this.#hangsUpAfterMs = hangsUpAfterMs
  }

  /** @param hangsUpAfterMs 0: leaves that to the other side */
  static async open(server: string, user: string, hangsUpAfterMs = 0): Promise<Phone> {
    const client = await SipClient.open({ server, user })
    const answer = await client.register(password, 3_600)
    if (answer.status !== 200) throw new Error(`${user} was not registered: ${answer.startLine}`)
    const phone = new Phone(client, hangsUpAfterMs)
    void phone.#serve()
    return phone
  }

  async #serve(): Promise<void> {
    for (;;) {
      const message = await this.client.expect(({ status }) => status === undefined, hour)
      const now = Date.now()
      this.client.received.length = 0
      if (message.method === 'INVITE') this.#answer(message, now)
      else if (message.method !== 'ACK') this.client.send(this.client.response(message, 200, 'OK'))
    }
  }

  #answer(invite: ReceivedMessage, now: number): void {
    this.client.send(this.client.response(invite, 200, 'OK', { body: audioSdp('127.0.0.1', 30_000) }))
    const callId = invite.header('Call-ID') ?? ''
    if (this.#known.has(callId)) return
    this.#known.add(callId)
    this.rung.push(now)
    if (this.#hangsUpAfterMs > 0) setTimeout(() => this.#hangUp(invite, callId), this.#hangsUpAfterMs)
  }

  #hangUp(invite: ReceivedMessage, callId: string): void {
    const from = `${invite.header('To')};tag=${this.client.tag}`
    const [uri, to] = [invite.contact() ?? '', invite.header('From') ?? '']
    this.client.send(this.client.request({ method: 'BYE', uri, from, to, callId, cseq: 1 }))
  }
}

/** Bytes that the machine gave it. */
function memoryOf(pid: number): number {
  return 1_024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
}

/** When each may begin at the allowed rate: not before it is due, and not before the one before has had its share of a second. */
function turnsOf(due: readonly number[]): number[] {
  let next = 0
  return due.map((at) => {
    const turn = Math.max(at, next)
    next = turn + 1_000 / rate
    return turn
  })
}

const digits = (value: number) => value.toFixed(1).padStart(9)

function row(what: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const shown = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN]
  return `| ${[what.padEnd(52), ...shown.map(digits), String(values.length).padStart(6)].join(' | ')} |`
}

async function measure(baton: Baton, rows: readonly CallbackRow[], what: string): Promise<string[]> {
  const due = rows.map(({ dueAt }) => dueAt ?? 0)
  const turns = turnsOf(due)
  const called = await Phone.open(baton.sip.target, 'called')
  const caller = await Phone.open(baton.sip.target, 'caller', talkMs)
  await sleep((due[0] ?? 0) - Date.now() - idleMs - 500)
  const idle = { cpu: cpuOfGroup(baton.pid), memory: memoryOf(baton.pid) }
  await sleep(idleMs)
  const before = cpuOfGroup(baton.pid)
  const startedAt = Date.now()
  const last = turns.at(-1) ?? 0
  let most = idle.memory
  // Until the last has been joined and has hung up, or nothing more comes.
  const giveUpAt = last + 60_000
  while (caller.rung.length < jobs && Date.now() < giveUpAt) {
    await sleep(500)
    most = Math.max(most, memoryOf(baton.pid))
  }
  await sleep(talkMs + 3_000)
  const spentMs = Date.now() - startedAt
  const cpu = cpuOfGroup(baton.pid) - before - ((before - idle.cpu) / idleMs) * spentMs
  const made = called.rung.length
  console.log(
    `${what}: ${made} of ${jobs} called were rung, ${caller.rung.length} callers; CPU ${(cpu / Math.max(1, made)).toFixed(1)} ms per job; ` +
      `memory ${(idle.memory / 2 ** 20).toFixed(0)} MB before, ${(most / 2 ** 20).toFixed(0)} MB at most`,
  )
  const late = (against: readonly number[]) => called.rung.map((at, i) => at - (against[i] ?? at))
  called.client.close()
  caller.client.close()
  return [row(`${what}: after its turn`, late(turns)), row('… after it was due', late(due))]
}

/** How requests ended, by what the database says. */
async function outcomesIn(folder: string, rows: readonly CallbackRow[]): Promise<string> {
  const storage = await openStorage({ folder, thread: false })
  const outcomes = new Map<string, number>()
  for (const { id } of rows) {
    const request = await storage.callbacks.get(id)
    const outcome = `${request?.state} ${request?.outcome}`.trim()
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  await storage.close()
  return [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}

/** @param withinMs over which time they are due, evenly */
async function run(what: string, withinMs: number): Promise<string[]> {
  const folder = temporaryFolder('bench-callbacks')
  try {
    await importOrganisation(folder)
    const first = Date.now() + aheadMs
    const rows = Array.from({ length: jobs }, (_, i) => {
      const dueAt = first + Math.floor((withinMs * i) / jobs)
      return callbackRow(`job-${i}`, { dial: '901', name: 'Called' }, { dial: '902', name: 'Caller' }, { dueAt })
    })
    await acceptRequests(folder, rows)
    const baton = await startBaton({
      dataFolder: folder,
      configYaml: `log: error\nlimits:\n  maxCalls: 1000000\ncallbacks:\n  perSecond: ${rate}\n  atOnce: 10000\n`,
      environment: { BATON_RTP_PORTS: '40000-47999' },
      patience: 60_000,
    })
    const lines = await measure(baton, rows, what)
    await baton.stop()
    console.log(`  by the database: ${await outcomesIn(folder, rows)}`)
    return lines
  } finally {
    removeFolder(folder)
  }
}

try {
  const loadBefore = loadavg()[0] ?? 0
  const lines = [...(await run('within a minute', 60_000)), ...(await run('at the same instant', 0))]
  console.log(`${describeMachine(false)} Before the run ${loadBefore.toFixed(1)}; ${rate} calls/s are allowed.\n`)
  console.log(
    `| ${'ms until the first INVITE of an attempt left'.padEnd(52)} |       p50 |       p95 |       p99 |       max | values |`,
  )
  console.log(`| ${'-'.repeat(52)} | --------: | --------: | --------: | --------: | -----: |`)
  for (const line of lines) console.log(line)
} finally {
  await killEveryProgram()
}
// The phones still wait for requests.
process.exit()
