import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { SipClient } from '../test/support/sip-client.ts'
import { runSipp, startSipp } from '../test/support/sipp.ts'
import { accountLines, calledNumber, type System } from './systems.ts'

/** What a load came to. */
export interface Load {
  readonly calls: number
  readonly failed: number
  readonly retransmissions: number
  /** Calls per second that were really made. */
  readonly rate: number
  /** µs of CPU of the system per call, without what it takes when idle. */
  readonly cpu: number
  /** Of it by thread, idle time included; those of 1 µs and more. */
  readonly threads: string
  /** Datagrams dropped at the system's socket. */
  readonly drops: number
  /** Datagrams that the kernel dropped on the whole machine because a receive buffer was full. */
  readonly machineDrops: number
  readonly pauses: { readonly p99: number; readonly max: number } | undefined
}

/** Time after a load in which its last work is done: traces are written, records are closed. */
const settleMs = 2_000

/** Calls at a rate for a time: INVITE, 100, 180, 200, ACK, half a second, BYE. @param port where the caller sits */
export async function load(system: System, port: number, rate: number, seconds: number): Promise<Load> {
  const idle = await idleShare(system)
  await system.pauses()
  const threads = system.threads?.()
  const before = { cpu: system.cpu(), drops: system.drops(), machine: machineDrops(), at: performance.now() }
  const calls = Math.round(rate * seconds)
  const result = await runSipp({
    scenario: 'uac-call',
    target: system.target,
    port,
    user: calledNumber,
    rate,
    calls,
    concurrent: rate * 5,
    timeout: seconds + 20,
  })
  const spent = performance.now() - before.at - 500
  await sleep(settleMs)
  const elapsed = performance.now() - before.at
  const cpu = system.cpu() - before.cpu - idle * elapsed
  return {
    calls: result.successful,
    failed: result.failed + Math.max(0, calls - result.successful - result.failed),
    retransmissions: result.retransmissions,
    rate: (1000 * result.successful) / spent,
    cpu: (1000 * cpu) / Math.max(1, result.successful),
    threads: threads ? shares(threads, system.threads?.() ?? threads, result.successful) : '',
    drops: system.drops() - before.drops,
    machineDrops: machineDrops() - before.machine,
    pauses: await system.pauses(),
  }
}

const idleShares = new WeakMap<System, Promise<number>>()

/** The share of a core that a system takes when nobody has called yet. */
function idleShare(system: System): Promise<number> {
  const known = idleShares.get(system)
  if (known) return known
  const measured = measureIdle(system)
  idleShares.set(system, measured)
  return measured
}

async function measureIdle(system: System): Promise<number> {
  const before = { cpu: system.cpu(), at: performance.now() }
  await sleep(2_000)
  return (system.cpu() - before.cpu) / (performance.now() - before.at)
}

function shares(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, calls: number): string {
  return [...after]
    .map(([name, cpu]) => [name, (1000 * (cpu - (before.get(name) ?? 0))) / Math.max(1, calls)] as const)
    .filter(([, cpu]) => cpu >= 1)
    .toSorted((a, b) => b[1] - a[1])
    .map(([name, cpu]) => `${name} ${cpu.toFixed(0)}`)
    .join(', ')
}

export interface Held {
  readonly calls: number
  /** Bytes per held call. */
  readonly resident: number
  readonly live: number
}

/** Memory of calls that are answered and held: set up, then left alone until all transactions have ended. */
export async function held(system: System, port: number, calls: number, rate: number): Promise<Held> {
  // The code for calls is compiled and the young generation has its size before the first reading.
  await load(system, port, Math.min(200, rate), 3)
  await sleep(35_000)
  const empty = await system.memory()
  const setUpMs = (1000 * calls) / rate
  const sipp = await startSipp({
    scenario: 'uac-call',
    target: system.target,
    port,
    user: calledNumber,
    rate,
    calls,
    concurrent: calls,
    pause: 120_000,
    timeout: 300,
  })
  await sleep(setUpMs + 42_000)
  const full = await system.memory()
  process.kill(sipp.pid, 'SIGKILL')
  await sipp.result
  return {
    calls,
    resident: (full.resident - empty.resident) / calls,
    live: (full.live - empty.live) / calls,
  }
}

/** How long from the INVITE to its 200, in ms, one call after the other. */
export async function setUpTime(target: string, port: number, calls: number): Promise<{ median: number; p99: number }> {
  const client = await SipClient.open({ server: target, port, user: '+12025550100' })
  const times: number[] = []
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`
  // The first calls meet code that is not compiled yet.
  for (let i = -20; i < calls; i++) {
    const callId = `${i}-${randomUUID()}`
    const uri = `sip:${calledNumber}@${target}`
    const started = performance.now()
    const answer = await client.ask({
      method: 'INVITE',
      uri,
      callId,
      cseq: 1,
      headers: { 'Content-Type': 'application/sdp' },
      body: sdp,
    })
    const took = performance.now() - started
    if (answer.status !== 200) throw new Error(`a call was refused: ${answer.startLine}`)
    if (i >= 0) times.push(took)
    const to = answer.header('To') ?? ''
    const remote = answer.contact() ?? uri
    const route = { Route: answer.headers('Record-Route') }
    client.send(client.request({ method: 'ACK', uri: remote, to, callId, cseq: 1, headers: route }))
    await client.ask({ method: 'BYE', uri: remote, to, callId, cseq: 2, headers: route })
  }
  client.close()
  times.sort((a, b) => a - b)
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Registrations with challenge and answer, each stored before its 200. */
export async function registrations(
  system: System,
  rate: number,
  seconds: number,
): Promise<{ failed: number; rate: number; cpu: number }> {
  const folder = temporaryFolder('accounts')
  const fields = join(folder, 'accounts.csv')
  writeFileSync(fields, accountLines())
  const idle = await idleShare(system)
  const before = { cpu: system.cpu(), at: performance.now() }
  const result = await runSipp({
    scenario: join(import.meta.dirname, 'sipp/register.xml'),
    target: system.target,
    rate,
    calls: rate * seconds,
    concurrent: rate * 5,
    fields,
    timeout: seconds + 20,
  })
  const spent = performance.now() - before.at
  await sleep(settleMs)
  const cpu = system.cpu() - before.cpu - idle * (spent + settleMs)
  removeFolder(folder)
  return {
    failed: result.failed + Math.max(0, rate * seconds - result.successful - result.failed),
    rate: (1000 * result.successful) / spent,
    cpu: (1000 * cpu) / Math.max(1, result.successful),
  }
}

function machineDrops(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '))
  return Number(values?.[names?.indexOf('RcvbufErrors') ?? -1] ?? 0)
}
