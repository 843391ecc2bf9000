/**
 * How long a pickup takes beside other calls: from Carol's INVITE to `*8` until she and the caller are answered, while nothing else goes on
 * and then while 500 calls a second are set up and ended. Pickups come one after the other.
 *   node bench/pickup.ts [pickups] [calls a second]
 * Prints what it measured and asserts nothing.
 */
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Accounts, applyOrganisation, createDirectory, type Organisation } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { openStorage } from '#storage'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { freePort } from '../test/support/ports.ts'
import { killEveryProgram } from '../test/support/program.ts'
import { startBaton } from '../test/support/server.ts'
import { audioSdp, digest, newBranch, newCallId, type ReceivedMessage, SipClient } from '../test/support/sip-client.ts'
import { runSipp, type SippResult, startSipp } from '../test/support/sipp.ts'
import { quantile } from './measure.ts'
import { describeMachine } from './report.ts'
import { Callee, calledNumber } from './systems.ts'

const bobsNumber = '+12025550102'
const password = 'bench-bench'
const warmUp = 20
/** The trunk's, so that phones on 127.0.0.1 are not taken for it. */
const outside = '127.0.0.2'
/** Pauses between pickups differ, so that they do not keep step with anything in the server. */
const pauseMs = () => 30 + 60 * Math.random()

const [pickups, rate] = [numberOf(2, 'pickups', 300), numberOf(3, 'calls a second', 500)]

function numberOf(place: number, name: string, otherwise: number): number {
  const value = Number(process.argv[place] ?? otherwise)
  if (Number.isInteger(value) && value >= 1) return value
  console.error(`${name}: found ${process.argv[place]}; allowed: a whole number, 1 or more`)
  process.exit(1)
}

async function importOrganisation(folder: string, load: number): Promise<void> {
  const storage = await openStorage({ folder })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  const person = (login: string, extension: string, numbers: string[], directMedia = false) => ({
    ...{ login, name: login, extension, numbers },
    devices: [{ name: 'phone', password, settings: { directMedia } }],
  })
  const trunk = (name: string, source: string, directMedia: boolean) => ({
    name,
    settings: { sources: [source], maxCalls: 0, healthMs: 0, directMedia },
  })
  const organisation: Organisation = {
    people: [
      person('bench', '900', [calledNumber], true),
      person('bob', '102', [bobsNumber]),
      person('carol', '103', []),
    ],
    groups: [{ name: 'front', members: ['bob', 'carol'] }],
    trunks: [trunk('load', `127.0.0.1:${load}`, true), trunk('outside', outside, false)],
  }
  await applyOrganisation(directory, organisation, accounts)
  directory.close()
  await storage.close()
}

/** ms since the INVITE with credentials left (since the first one for `challenged`). */
interface Times {
  /** Carol's 200, or for `replaced` her INVITE with Replaces. */
  readonly picker: number
  readonly caller: number
  readonly challenged: number
}

const ok = (client: SipClient, message: ReceivedMessage): void => client.send(client.response(message, 200, 'OK'))

/**
 * Bob rings, Carol dials the code, the caller hangs up.
 * @param replaces Carol's phone takes INVITEs with Replaces
 * @returns undefined where the server had too much to do for one more call, and said so (503)
 */
async function pickUp(caller: SipClient, carol: SipClient, replaces: boolean): Promise<Times | undefined> {
  const called = { uri: `sip:${bobsNumber}@127.0.0.1`, callId: newCallId() }
  const placed = { ...called, method: 'INVITE', cseq: 1, branch: newBranch(), body: audioSdp(outside, 30_000) }
  caller.send(caller.request(placed))
  const placedAnswer = (message: ReceivedMessage) =>
    message.header('Call-ID') === called.callId && message.method === 'INVITE' && (message.status ?? 0) >= 180
  const rings = await caller.expect(placedAnswer)
  if (rings.status !== 180) {
    caller.send(caller.request({ ...placed, method: 'ACK', body: '', to: rings.header('To') ?? '' }))
    if (rings.status === 503) return undefined
    throw new Error(`a call was refused: ${rings.startLine}`)
  }

  const code = { uri: 'sip:*8@baton.local', callId: newCallId() }
  const headers = replaces ? { Supported: 'replaces' } : {}
  const invite = { ...code, method: 'INVITE', headers, body: audioSdp('127.0.0.1', 30_002) }
  const first = performance.now()
  const branch = newBranch()
  carol.send(carol.request({ ...invite, cseq: 1, branch }))
  const challenge = await carol.expect({ method: 'INVITE', status: 407, callId: code.callId })
  const to = challenge.header('To') as string
  carol.send(carol.request({ ...code, method: 'ACK', cseq: 1, branch, to }))
  const asked = { method: 'INVITE', uri: code.uri, user: carol.user, password }
  const credentials = digest(challenge.header('Proxy-Authenticate') ?? '', asked)
  const second = { ...invite, cseq: 2, branch: newBranch() }
  const withPassword = carol.request({ ...second, headers: { ...headers, 'Proxy-Authorization': credentials } })
  const callersAnswer = caller
    .expect({ method: 'INVITE', status: 200, callId: called.callId })
    .then((answer) => ({ answer, at: performance.now() }))
  const sent = performance.now()
  carol.send(withPassword)
  const picked = replaces ? replaced(carol, code, second) : answered(carol, code)
  const [picker, { answer, at }] = await Promise.all([picked, callersAnswer])
  const dialog = { ...called, uri: answer.contact() ?? called.uri, to: answer.header('To') ?? '' }
  caller.send(caller.request({ ...dialog, method: 'ACK', cseq: 1 }))
  await caller.ask({ ...dialog, method: 'BYE', cseq: 2 })
  const bye = (message: ReceivedMessage) => isRequest(message, 'BYE') && message.header('Call-ID') === picker.callId
  ok(carol, await carol.expect(bye))
  return { picker: picker.at - sent, caller: at - sent, challenged: picker.at - first }
}

type Code = { readonly uri: string; readonly callId: string }

/** When Carol heard of it, and the dialog that she has the call in. */
type Picked = { readonly at: number; readonly callId: string }

const isRequest = (message: ReceivedMessage, method: string): boolean =>
  message.status === undefined && message.method === method

/** Carol's own INVITE is answered. */
async function answered(carol: SipClient, code: Code): Promise<Picked> {
  const final = (message: ReceivedMessage) => (message.status ?? 0) >= 200 && message.header('Call-ID') === code.callId
  const answer = await carol.expect((message) => final(message) && message.status !== 407)
  if (answer.status !== 200) throw new Error(`a pickup was refused: ${answer.startLine}`)
  const at = performance.now()
  const uri = answer.contact() ?? code.uri
  carol.send(carol.request({ ...code, method: 'ACK', uri, to: answer.header('To') ?? '', cseq: 2 }))
  return { at, callId: code.callId }
}

/** Carol's early session is replaced, and she cancels it. */
async function replaced(carol: SipClient, code: Code, invite: { cseq: number; branch: string }): Promise<Picked> {
  const asks = (message: ReceivedMessage) => message.header('Replaces')?.startsWith(code.callId) === true
  const asked = await carol.expect((message) => isRequest(message, 'INVITE') && asks(message))
  const at = performance.now()
  carol.send(carol.response(asked, 200, 'OK', { body: audioSdp('127.0.0.1', 30_004) }))
  const { cseq, branch } = invite
  carol.send(carol.request({ ...code, method: 'CANCEL', cseq, branch }))
  const final = await carol.expect({ method: 'INVITE', status: 487, callId: code.callId })
  carol.send(carol.request({ ...code, method: 'ACK', cseq, branch, to: final.header('To') ?? '' }))
  return { at, callId: asked.header('Call-ID') ?? '' }
}

const digits = (value: number) => value.toFixed(1).padStart(7)

function row(what: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const shown = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? Number.NaN]
  return `| ${[what.padEnd(56), ...shown.map(digits), String(values.length).padStart(6)].join(' | ')} |`
}

async function measure(caller: SipClient, carol: SipClient, replaces: boolean, beside: string): Promise<string[]> {
  const times: Times[] = []
  let turnedAway = 0
  for (let i = -warmUp; i < pickups; i++) {
    const took = await pickUp(caller, carol, replaces)
    if (!took) turnedAway++
    else if (i >= 0) times.push(took)
    // What is over is not looked through again.
    for (const client of [caller, carol]) client.received.length = 0
    await sleep(pauseMs())
  }
  if (turnedAway > 0) console.log(`${beside}: ${turnedAway} calls to Bob were turned away with 503, for want of CPU`)
  const of = (read: (one: Times) => number) => times.map(read)
  if (replaces)
    return [
      row(
        `${beside}: Carol has the INVITE`,
        of(({ picker }) => picker),
      ),
      row(
        '… the caller has the 200',
        of(({ caller: at }) => at),
      ),
    ]
  return [
    row(
      `${beside}: Carol has the 200`,
      of(({ picker }) => picker),
    ),
    row(
      '… the caller has the 200',
      of(({ caller: at }) => at),
    ),
    row(
      '… Carol, from her INVITE before the challenge',
      of(({ challenged }) => challenged),
    ),
  ]
}

async function bench(target: string, loadPort: number): Promise<void> {
  const keys = { domain: 'baton.local', expires: 3600 }
  const port = await freePort()
  const registered = await runSipp({ scenario: 'uac-register', target, user: 'bob', password, port, keys })
  if (registered.code !== 0) throw new Error(`bob was not registered: ${registered.errors}`)
  const bob = await startSipp({ scenario: 'uas-ring', port, calls: 0, timeout: 3600 })
  const callee = new Callee(await freePort())
  await callee.register(target)
  const carol = await SipClient.open({ server: target, user: 'carol' })
  const answer = await carol.register(password, 3600)
  if (answer.status !== 200) throw new Error(`carol was not registered: ${answer.startLine}`)
  const caller = await SipClient.open({ server: target, address: outside, user: '+12065550100' })

  const background = (seconds: number): Promise<SippResult> =>
    runSipp({
      ...{ scenario: 'uac-call', target, port: loadPort, user: calledNumber, rate },
      ...{ calls: rate * seconds, concurrent: rate * 5, timeout: seconds + 60 },
    })
  // The code for calls is compiled before anything counts.
  await background(5)
  const rows = [
    ...(await measure(caller, carol, false, 'alone')),
    ...(await measure(caller, carol, true, 'alone, Replaces')),
  ]
  const loadBefore = loadavg()[0] ?? 0
  const seconds = Math.ceil(2 * (pickups + warmUp) * 0.13) + 5
  const load = background(seconds)
  await sleep(3_000)
  const beside = `beside ${rate} calls/s`
  rows.push(...(await measure(caller, carol, false, beside)), ...(await measure(caller, carol, true, beside)))
  const { successful, failed, retransmissions } = await load
  for (const client of [caller, carol]) client.close()
  await callee.stop()
  await bob.stop()
  console.log(`${describeMachine(false)}; load average ${loadBefore.toFixed(1)} before the load, with the bench itself`)
  console.log(`background: ${successful} calls in ${seconds} s, ${failed} failed, ${retransmissions} retransmissions\n`)
  console.log(`| ${'ms after the INVITE to *8 left'.padEnd(56)} |     p50 |     p95 |     p99 |     max | values |`)
  console.log(`| ${'-'.repeat(56)} | ------: | ------: | ------: | ------: | -----: |`)
  for (const line of rows) console.log(line)
}

const dataFolder = temporaryFolder('bench-pickup')
try {
  const loadPort = await freePort()
  await importOrganisation(dataFolder, loadPort)
  const baton = await startBaton({
    dataFolder,
    configYaml: 'log: error\nlimits:\n  maxCalls: 1000000\n',
    environment: { BATON_RTP_PORTS: '40000-47999' },
    patience: 60_000,
  })
  await bench(baton.sip.target, loadPort)
  await baton.kill()
} finally {
  await killEveryProgram()
  removeFolder(dataFolder)
}
