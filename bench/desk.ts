/**
 * From an outside caller's INVITE to the card on the desk, with 200 desks connected: 150 people with a page each and Alice with 50,
 * one of them in a real Chromium. Calls to Alice come one after the other and are cancelled.
 *   node bench/desk.ts [calls] [--built]     --built: take the pages as they were built last
 * Prints what it measured and asserts nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { WebSocket } from 'ws'
import { type AnswerOf, type CallShape, createClient } from '#api'
import { Accounts, applyOrganisation, createDirectory, type Organisation } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { openStorage } from '#storage'
import { buildPages, launchChromium } from '../test/support/browser.ts'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { killEveryProgram } from '../test/support/program.ts'
import { type Baton, startBaton } from '../test/support/server.ts'
import { audioSdp, newBranch, newCallId, SipClient } from '../test/support/sip-client.ts'
import { quantile } from './measure.ts'
import { describeMachine } from './report.ts'

const desksOfAlice = 50
const others = 150
const called = '+12025550101'
const password = 'bench-bench'
const warmUp = 10
const patienceMs = 10_000
/** Pauses between calls differ, so that calls do not keep step with anything in the server. */
const pauseMs = () => 150 + 250 * Math.random()

const args = process.argv.slice(2)
const calls = Number(args.find((arg) => !arg.startsWith('--')) ?? 200)
if (!Number.isInteger(calls) || calls < 1) {
  console.error(`calls: found ${args.join(' ')}; allowed: a whole number, 1 or more`)
  process.exit(1)
}

/** Milliseconds since 1970 with a fraction, as pages say it too. */
const now = () => performance.timeOrigin + performance.now()

// ---- the organisation --------------------------------------------------------------------------------------------------------------

async function importOrganisation(folder: string): Promise<void> {
  const storage = await openStorage({ folder })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  const organisation: Organisation = {
    people: [
      { login: 'alice', name: 'Alice', extension: '900', numbers: [called], password },
      ...Array.from({ length: others }, (_, i) => ({
        login: `p${i}`,
        name: `Person ${i}`,
        extension: String(1_000 + i),
        password,
      })),
    ],
    trunks: [{ name: 'outside', settings: { sources: ['127.0.0.1'], maxCalls: 0, healthMs: 0 } }],
  }
  await applyOrganisation(directory, organisation, accounts)
  directory.close()
  await storage.close()
}

// ---- the desks ---------------------------------------------------------------------------------------------------------------------

/** When something was first heard of, and who waits for it. */
class Moments {
  readonly #at: number[] = []
  #wanted = 0
  #resolve: (() => void) | undefined

  add(at: number): void {
    this.#at.push(at)
    if (this.#at.length >= this.#wanted) this.#resolve?.()
  }

  /** So many moments, the earliest first; they are then forgotten. @throws when they do not come in time */
  async take(count: number, what: string): Promise<number[]> {
    this.#wanted = count
    const all = new Promise<void>((resolve) => {
      this.#resolve = resolve
      if (this.#at.length >= count) resolve()
    })
    const late = new AbortController()
    const limit = sleep(patienceMs, undefined, { signal: late.signal }).then(() => {
      throw new Error(`${what}: ${this.#at.length} of ${count} within ${patienceMs} ms`)
    })
    await Promise.race([all, limit])
    late.abort()
    limit.catch(() => {})
    this.#resolve = undefined
    return this.#at.splice(0).sort((a, b) => a - b)
  }
}

async function logIn(baton: Baton, login: string): Promise<{ token: string; personId: string }> {
  const { token, person } = await createClient({ base: baton.http })('POST /api/v1/session', {
    body: { login, password },
  })
  return { token, personId: person.id }
}

/** Opens a desk's event connection and returns when it has its snapshot. */
function connect(baton: Baton, token: string, heard: (call: CallShape, change: string) => void): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${baton.http.replace('http', 'ws')}/api/v1/events`, {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    })
    socket.on('error', reject)
    socket.on('message', (data) => {
      const event = JSON.parse(String(data))
      if (event.type === 'snapshot') resolve(socket)
      else if (event.type === 'changes') for (const { call, change } of event.changes) heard(call, change)
    })
  })
}

/** What the page tells of a call, each as a time. */
interface CardTimes {
  /** First word of the call at the page: by its phone's or its event connection. */
  readonly told: number
  /** The card is in the document and has a size. */
  readonly placed: number
  /** The first frame with the card is drawn. */
  readonly drawn: number
  /** The card has come up to half of its full opacity: it fades in. */
  readonly half: number
}

/** Runs before the page's own scripts: notes when the page first hears of a call. */
const watchSockets = `(() => {
  const Socket = window.WebSocket
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args)
      this.addEventListener('message', ({ data }) => {
        if (/^INVITE |"type":"changes".*"state":"ringing"/.test(data)) window.benchTold ??= performance.timeOrigin + performance.now()
      })
    }
  }
})()`

/** The page says when a card comes and when it is gone. */
const watchCards = `(() => {
  const time = () => performance.timeOrigin + performance.now()
  const find = () => document.querySelector('[role=alertdialog]')
  const rise = (times) => {
    const card = find()
    if (!card) return
    if (getComputedStyle(card).opacity < 0.5) return void requestAnimationFrame(() => rise(times))
    setTimeout(() => cardShown({ ...times, half: time() }))
  }
  let shown = false
  window.benchTold = undefined
  new MutationObserver(() => {
    const card = find()
    if (shown === (card !== null && card.getBoundingClientRect().height > 0)) return
    shown = !shown
    if (!shown) {
      window.benchTold = undefined
      return void cardGone()
    }
    const times = { told: window.benchTold, placed: time() }
    requestAnimationFrame(() => setTimeout(() => rise({ ...times, drawn: time() })))
  }).observe(document.body, { childList: true, subtree: true, attributes: true })
})()`

async function openDesk(page: Page, baton: Baton): Promise<void> {
  await page.goto(`${baton.http}/desk`)
  await page.getByLabel('Log-in name').fill('alice')
  await page.getByLabel('Password').first().fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor()
}

/** Waits until the browser's phone is registered. */
async function registered(baton: Baton, token: string): Promise<void> {
  const ask = createClient({ base: baton.http, token })
  for (const limit = now() + patienceMs; now() < limit; await sleep(100)) {
    const { devices }: AnswerOf<'GET /api/v1/devices'> = await ask('GET /api/v1/devices')
    if (devices.some(({ kind, bindings }) => kind === 'desk' && bindings.length > 0)) return
  }
  throw new Error(`the browser's phone did not register within ${patienceMs} ms`)
}

// ---- the calls ---------------------------------------------------------------------------------------------------------------------

/** Calls Alice. @returns when the INVITE left, and what ends the call */
function ring(caller: SipClient): { readonly sent: number; end(): Promise<void> } {
  const callId = newCallId()
  const uri = `sip:${called}@127.0.0.1`
  const same = { uri, callId, cseq: 1, branch: newBranch() }
  const invite = caller.request({ ...same, method: 'INVITE', body: audioSdp('127.0.0.1', 30_000) })
  const sent = now()
  caller.send(invite)
  return {
    sent,
    async end() {
      caller.send(caller.request({ ...same, method: 'CANCEL' }))
      const final = await caller.expect((message) => message.header('Call-ID') === callId && message.status === 487)
      caller.send(caller.request({ ...same, method: 'ACK', to: final.header('To') as string }))
    },
  }
}

const steps = ['told', 'placed', 'drawn', 'half'] as const
const digits = (value: number) => value.toFixed(1).padStart(7)
const row = (what: string, values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const shown = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN]
  return `| ${[what.padEnd(60), ...shown.map(digits), String(values.length).padStart(6)].join(' | ')} |`
}

async function bench(baton: Baton): Promise<void> {
  const heard = new Moments()
  const ended = new Moments()
  const cards: CardTimes[] = []
  const shown = new Moments()
  const gone = new Moments()

  const hear = (personId: string) => {
    let last = ''
    return (call: CallShape, change: string) => {
      const at = now()
      if (change === 'ended') ended.add(at)
      else if (call.id !== last && call.branches.some((branch) => branch.personId === personId)) {
        last = call.id
        heard.add(at)
      }
    }
  }
  const readers: WebSocket[] = []
  let token = ''
  for (let i = 1; i < desksOfAlice; i++) {
    const alice = await logIn(baton, 'alice')
    token = alice.token
    readers.push(await connect(baton, token, hear(alice.personId)))
  }
  let strays = 0
  for (let i = 0; i < others; i++) {
    const person = await logIn(baton, `p${i}`)
    readers.push(await connect(baton, person.token, () => strays++))
  }

  const browser = await launchChromium()
  try {
    const context = await browser.newContext({ locale: 'en', permissions: ['microphone', 'notifications'] })
    const page = await context.newPage()
    await page.addInitScript(watchSockets)
    await page.exposeFunction('cardShown', (times: CardTimes) => {
      cards.push(times)
      shown.add(times.placed)
    })
    await page.exposeFunction('cardGone', () => gone.add(now()))
    await openDesk(page, baton)
    await registered(baton, token)
    await page.evaluate(watchCards)
    // Both clocks count on from when their process began; what they have drifted apart since counts for neither.
    const drift = await page.evaluate<number>('performance.timeOrigin + performance.now() - Date.now()')
    const ourDrift = now() - Date.now()
    console.log(`clocks against the machine's: page ${drift.toFixed(1)} ms, bench ${ourDrift.toFixed(1)} ms`)

    const first: number[] = []
    const every: number[] = []
    const times: Record<keyof CardTimes, number[]> = { told: [], placed: [], drawn: [], half: [] }
    const caller = await SipClient.open({ server: baton.sip.target, user: '+12025550177' })
    for (let i = -warmUp; i < calls; i++) {
      const call = ring(caller)
      const [at] = await Promise.all([
        heard.take(desksOfAlice - 1, 'desks that heard of the call'),
        shown.take(1, 'cards shown'),
      ])
      const card = cards.splice(0)[0] as CardTimes
      await call.end()
      await Promise.all([ended.take(desksOfAlice - 1, 'desks that heard of its end'), gone.take(1, 'cards gone')])
      await sleep(pauseMs())
      if (i < 0) continue
      first.push((at[0] as number) - call.sent)
      for (const one of at) every.push(one - call.sent)
      for (const step of steps) times[step].push(card[step] - call.sent)
    }
    caller.close()
    console.log(`${describeMachine(false)}\n`)
    console.log(`| ${'ms after the INVITE left'.padEnd(60)} |     p50 |     p95 |     p99 |     max | values |`)
    console.log(`| ${'-'.repeat(60)} | ------: | ------: | ------: | ------: | -----: |`)
    console.log(row("event at the first of Alice's desks", first))
    console.log(row(`event at each of ${desksOfAlice - 1} of Alice's desks`, every))
    console.log(row('first word at the page in Chromium, SIP or event', times.told))
    console.log(row('card in the page, with its size', times.placed))
    console.log(row('first frame with the card drawn', times.drawn))
    console.log(row('card at half of its opacity (it fades in)', times.half))
    console.log(`\nevents at desks of others: ${strays}`)
  } finally {
    await browser.close()
    for (const reader of readers) reader.terminate()
  }
}

if (!args.includes('--built')) buildPages()
const dataFolder = temporaryFolder('bench-desk')
try {
  await importOrganisation(dataFolder)
  const baton = await startBaton({
    dataFolder,
    configYaml: 'log: error\n',
    environment: { BATON_RTP_PORTS: '56000-56999' },
    patience: 60_000,
  })
  await bench(baton)
  await baton.stop()
} finally {
  await killEveryProgram()
  removeFolder(dataFolder)
}
