/**
 * What storing a call costs: CPU of the whole process (all threads) per call, and how long a write waits.
 *   node bench/storage.ts [calls per second] [seconds] [PostgreSQL URL]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openStorage, type Storage } from '#storage'
import { aContext, aDialog, aRecord } from '../src/storage/sample-rows.ts'

const [rate = '1000', seconds = '5', url] = process.argv.slice(2)
const flushTimes = (process.env.FLUSH_MS ?? '1,2,4,8').split(',').map(Number)
const state = JSON.stringify({
  callId: 'a'.repeat(32),
  local: 'b'.repeat(60),
  remote: 'c'.repeat(60),
  route: ['d'.repeat(80)],
  cseq: 1,
})
const branches =
  '[{"station":"Alice desk","personId":"alice","outcome":"answered","ringMs":800},{"station":"Alice mobile","personId":"alice","outcome":"cancelled","ringMs":800}]'
const traceChunk = Buffer.alloc(Number(process.env.TRACE_BYTES ?? 4_000), 'INVITE sip:alice@baton.local SIP/2.0\r\n')

/** Storage that keeps nothing: what the measuring itself costs. */
const nothing = {
  calls: { ringing: async () => {}, answered: async () => {}, closed: async () => {} },
  traces: { append: () => {} },
  close: async () => {},
} as unknown as Storage

/** One second is 1,000 turns, each with its share of calls in each stage. */
async function measure(flushMs: number, withTraces: boolean, own: Cost): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-'))
  const storage = flushMs < 0 ? nothing : await openStorage({ folder, url, flushMs })
  const perTurn = Number(rate) / 1000
  const waits: number[] = []
  let failed = 0
  let open: string[] = []
  let ringing: string[] = []
  let made = 0
  let owed = 0
  const wait = (write: Promise<void>): void => {
    const from = performance.now()
    write.then(
      () => waits.push(performance.now() - from),
      () => failed++,
    )
  }
  const turn = (): void => {
    for (const id of open) {
      wait(
        storage.calls.closed({
          id,
          endedAt: 9,
          cause: 'answered',
          endedBy: 'caller',
          quality: '{"caller":{"loss":0}}',
          branches,
        }),
      )
      if (withTraces) storage.traces.append(id, 9, traceChunk)
    }
    open = ringing
    for (const id of open) {
      wait(
        storage.calls.answered(
          aRecord({ id, state: 'live', endedAt: null, startedAt: Date.now(), answeredById: 'alice', branches }),
          [aDialog(id, 'caller', state), aDialog(id, 'callee', state)],
        ),
      )
      if (withTraces) storage.traces.append(id, 5, traceChunk)
    }
    ringing = []
    for (owed += perTurn; owed >= 1; owed--) {
      made++
      const id = Date.now().toString(36) + Math.random().toString(36).slice(2, 12)
      ringing.push(id)
      wait(storage.calls.ringing(aContext({ callId: id, branches, callerDialog: state })))
    }
  }
  await run(500, turn)
  made = 0
  waits.length = 0
  const cpu = await run(Number(seconds) * 1000, turn)
  waits.sort((a, b) => a - b)
  const at = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(1)
  const cost = { total: cpu.total / made - own.total, main: cpu.main / made - own.main }
  const name =
    flushMs < 0
      ? 'measuring alone'
      : `${url ? 'PostgreSQL' : 'SQLite'}, flush ${flushMs} ms, traces ${withTraces ? 'on' : 'off'}`
  console.log(
    `${name.padEnd(34)} ${made} calls  ${cost.total.toFixed(0)} µs CPU per call (main thread ${cost.main.toFixed(0)})  ` +
      `writes wait p50 ${at(0.5)} p99 ${at(0.99)} max ${at(0.9999)} ms  failed ${failed}`,
  )
  await storage.close()
  rmSync(folder, { recursive: true, force: true })
  return cost
}

/** Runs `turn` every millisecond; returns microseconds of CPU. */
async function run(turns: number, turn: () => void): Promise<Cost> {
  const total = process.cpuUsage()
  const main = process.threadCpuUsage()
  let next = performance.now()
  for (let i = 0; i < turns; i++) {
    turn()
    next += 1
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())))
  }
  const spent = process.cpuUsage(total)
  const onMain = process.threadCpuUsage(main)
  return { total: spent.user + spent.system, main: onMain.user + onMain.system }
}

interface Cost {
  readonly total: number
  readonly main: number
}

const own = await measure(-1, true, { total: 0, main: 0 })
for (const flushMs of flushTimes) await measure(flushMs, true, own)
await measure(8, false, own)
