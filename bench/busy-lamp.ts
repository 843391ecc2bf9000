/**
 * From an outside caller's INVITE to the NOTIFY at phones that watch the called person, with 200 subscriptions: first one of them watches
 * who is called, then all of them. Calls come one after the other and are cancelled.
 *   node bench/busy-lamp.ts [calls]
 * Prints what it measured and asserts nothing.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Accounts, applyOrganisation, createDirectory, type Organisation } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { openStorage } from '#storage'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { freePort } from '../test/support/ports.ts'
import { killEveryProgram } from '../test/support/program.ts'
import { type Baton, startBaton } from '../test/support/server.ts'
import { audioSdp, newBranch, newCallId, SipClient } from '../test/support/sip-client.ts'
import { runSipp, startSipp } from '../test/support/sipp.ts'
import { Watcher } from '../test/support/watcher.ts'
import { quantile } from './measure.ts'
import { describeMachine } from './report.ts'

const watchers = 200
const called = '+12025550101'
const password = 'bench-bench'
const warmUp = 10
const patienceMs = 10_000
/** The trunk's, so that phones on 127.0.0.1 are not taken for it. */
const outside = '127.0.0.2'
/** Pauses between calls differ, so that calls do not keep step with anything in the server. */
const pauseMs = () => 100 + 150 * Math.random()

const calls = Number(process.argv[2] ?? 200)
if (!Number.isInteger(calls) || calls < 1) {
  console.error(`calls: found ${process.argv[2]}; allowed: a whole number, 1 or more`)
  process.exit(1)
}

async function importOrganisation(folder: string): Promise<void> {
  const storage = await openStorage({ folder })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  const person = (login: string, extension: string, numbers: string[] = []) => ({
    login,
    name: login,
    extension,
    numbers,
    devices: [{ name: 'phone', password }],
  })
  const colleagues = Array.from({ length: watchers }, (_, i) => person(`p${i}`, String(1_000 + i)))
  const people = [person('bob', '900', [called]), person('quiet', '901'), ...colleagues]
  const organisation: Organisation = {
    people,
    groups: [{ name: 'all', members: people.map(({ login }) => login) }],
    trunks: [{ name: 'outside', settings: { sources: [outside], maxCalls: 0, healthMs: 0 } }],
  }
  await applyOrganisation(directory, organisation, accounts)
  directory.close()
  await storage.close()
}

/** A phone that is registered and can watch. */
interface Phone {
  readonly watcher: Watcher
  readonly socket: Socket
}

async function phone(baton: Baton, user: string): Promise<Phone> {
  const port = await freePort()
  const client = await SipClient.open({ server: baton.sip.target, user, port })
  const answer = await client.register(password)
  if (answer.status !== 200) throw new Error(`${user} was not registered: ${answer.startLine}`)
  client.close()
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  const send = (bytes: Buffer): void => socket.send(bytes, baton.sip.udpPort, '127.0.0.1')
  const watcher = new Watcher({ send, address: '127.0.0.1', port, user, password })
  socket.on('message', (bytes) => watcher.receive(bytes))
  return { watcher, socket }
}

/** When NOTIFYs with a state came, by state. */
class Heard {
  readonly at: Record<string, number[]> = {}
  #check: () => void = () => {}

  take(body: string): void {
    const state = /<state>(\w+)</.exec(body)?.[1]
    if (state === undefined) return
    this.at[state] = [...(this.at[state] ?? []), performance.now()]
    this.#check()
  }

  /** Resolves when so many have heard of a state. @throws when they have not in time */
  async all(state: string, count: number): Promise<void> {
    const late = new AbortController()
    const limit = sleep(patienceMs, undefined, { signal: late.signal }).then(() => {
      throw new Error(`${state}: ${this.at[state]?.length ?? 0} of ${count} within ${patienceMs} ms`)
    })
    const done = new Promise<void>((resolve) => {
      this.#check = () => {
        if ((this.at[state]?.length ?? 0) >= count) resolve()
      }
      this.#check()
    })
    await Promise.race([done, limit])
    late.abort()
    limit.catch(() => {})
  }
}

/** Rings Bob. @returns when the INVITE left, and what ends the call */
function ring(caller: SipClient): { readonly sent: number; end(): Promise<void> } {
  const callId = newCallId()
  const same = { uri: `sip:${called}@127.0.0.1`, callId, cseq: 1, branch: newBranch() }
  const invite = caller.request({ ...same, method: 'INVITE', body: audioSdp(outside, 30_000) })
  const sent = performance.now()
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

const digits = (value: number) => value.toFixed(1).padStart(7)
const row = (what: string, values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const shown = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN]
  return `| ${[what.padEnd(52), ...shown.map(digits), String(values.length).padStart(6)].join(' | ')} |`
}

/** Lets `telling` phones watch Bob and the rest somebody who is never called. */
async function measure(phones: readonly Phone[], caller: SipClient, telling: number): Promise<string[]> {
  let heard = new Heard()
  const subscriptions: { readonly watcher: Watcher; readonly callId: string }[] = []
  for (const [i, { watcher }] of phones.entries()) {
    watcher.heard = (request) => heard.take(request.body.toString())
    subscriptions.push({ watcher, callId: watcher.subscribe(`sip:${i < telling ? 900 : 901}@baton.local`) })
    await sleep(2)
  }
  await sleep(500)
  const times: Record<string, number[]> = {
    'trying first': [],
    trying: [],
    'trying last': [],
    early: [],
    'early last': [],
  }
  for (let i = -warmUp; i < calls; i++) {
    heard = new Heard()
    const call = ring(caller)
    await heard.all('early', telling)
    await call.end()
    await heard.all('terminated', telling)
    for (const { watcher } of phones) watcher.notifies.length = 0
    await sleep(pauseMs())
    if (i < 0) continue
    for (const state of ['trying', 'early']) {
      const after = (heard.at[state] ?? []).map((at) => at - call.sent).sort((a, b) => a - b)
      times[state]?.push(...after)
      times[`${state} first`]?.push(after[0] ?? Number.NaN)
      times[`${state} last`]?.push(after.at(-1) ?? Number.NaN)
    }
  }
  for (const { watcher, callId } of subscriptions) watcher.refresh(callId, 0)
  await sleep(1_000)
  const of = (name: string) => times[name] ?? []
  if (telling === 1) return [row('one watches: trying', of('trying')), row('… early, with both tags', of('early'))]
  return [
    row(`${telling} watch: trying, at the first`, of('trying first')),
    row('… at each', of('trying')),
    row('… at the last', of('trying last')),
    row('… early, with both tags, at each', of('early')),
    row('… at the last', of('early last')),
  ]
}

async function bench(baton: Baton): Promise<void> {
  const port = await freePort()
  const { target } = baton.sip
  const keys = { domain: 'baton.local', expires: 3600 }
  const registered = await runSipp({ scenario: 'uac-register', target, user: 'bob', password, port, keys })
  if (registered.code !== 0) throw new Error(`bob was not registered: ${registered.errors}`)
  const bob = await startSipp({ scenario: 'uas-ring', port, calls: 0, timeout: 3600 })
  const phones: Phone[] = []
  for (let i = 0; i < watchers; i++) phones.push(await phone(baton, `p${i}`))
  const caller = await SipClient.open({ server: target, address: outside, user: '+12025550177' })
  const rows = [...(await measure(phones, caller, 1)), ...(await measure(phones, caller, watchers))]
  caller.close()
  for (const { socket } of phones) socket.close()
  await bob.stop()
  console.log(`${describeMachine(false)}\n`)
  console.log(`| ${'ms from the INVITE to the NOTIFY'.padEnd(52)} |     p50 |     p95 |     p99 |     max | values |`)
  console.log(`| ${'-'.repeat(52)} | ------: | ------: | ------: | ------: | -----: |`)
  for (const line of rows) console.log(line)
}

const dataFolder = temporaryFolder('bench-lamps')
try {
  await importOrganisation(dataFolder)
  const baton = await startBaton({
    dataFolder,
    configYaml: 'log: error\n',
    environment: { BATON_RTP_PORTS: '56000-56999' },
  })
  await bench(baton)
  await baton.stop()
} finally {
  await killEveryProgram()
  removeFolder(dataFolder)
}
