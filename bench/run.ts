/**
 * Baton and Kamailio under the same SIPp load, as a table: `npm run bench`, `npm run bench -- --quick` (about a minute).
 * `--rows cpu,memory` measures only these, `--write` puts the table into docs/benchmarks.md, `--profile FILE` writes a CPU profile
 * of Baton's main thread under load. Nothing is asserted.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { killEveryProgram, startProgram } from '../test/support/program.ts'
import { findProgram } from '../test/support/programs.ts'
import { held, type Load, load, median, registrations, setUpTime } from './measure.ts'
import { describeMachine, Table, writeTable } from './report.ts'
import {
  Callee,
  findPlaces,
  type Places,
  pinLoad,
  pinned,
  type System,
  startBatonSystem,
  startKamailioSystem,
} from './systems.ts'

const known = ['rate', 'cpu', 'memory', 'setup', 'register', 'rtp'] as const
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
    write: { type: 'boolean', default: false },
    profile: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    repeat: { type: 'string' },
    'no-kamailio': { type: 'boolean', default: false },
  },
})
const rows: readonly string[] =
  options.rows?.split(',') ?? (options.quick ? known.filter((name) => name !== 'memory') : known)
const wrong = rows.find((row) => !known.includes(row as never))
if (wrong !== undefined) {
  console.error(`--rows: found ${wrong}; allowed: ${known.join(', ')}`)
  process.exit(1)
}
const wanted = (row: (typeof known)[number]) => rows.includes(row)
const quick = options.quick
const table = new Table()
const heard = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)

/** The rate of the rows of CPU per call. */
const mainRate = Number(options.rate)
/** Released RTP ports rest, so anchored calls are bound by ports rather than CPU when they are short. */
const anchoredRate = 200

try {
  pinLoad()
  const places = await findPlaces()
  const callee = new Callee(places.callee)
  await callee.start()
  const kamailio = !options['no-kamailio'] && findProgram('kamailio') ? await startKamailioSystem(places) : undefined
  if (!kamailio) heard('without Kamailio: its column stays empty')
  await measureSignalling(places, callee, kamailio)
  if (wanted('memory')) await measureMemory(places, callee)
  if (wanted('rtp')) await measureRelay()
  await kamailio?.stop()
  await callee.stop()
  const machine = describeMachine(pinned)
  console.log(`${machine}\n\n${table.text()}`)
  if (options.write) writeTable(machine, table.text())
} finally {
  await killEveryProgram()
}

async function measureSignalling(places: Places, callee: Callee, kamailio: System | undefined): Promise<void> {
  if (!['rate', 'cpu', 'setup', 'register'].some((row) => rows.includes(row))) return
  const baton = await startBatonSystem(places, callee)
  heard('warming up')
  await load(baton, places.direct, Math.min(300, mainRate), quick ? 3 : 10)
  if (wanted('setup')) await measureSetUp(baton, kamailio, places)
  if (wanted('cpu')) await measureCpu(baton, kamailio, places)
  if (wanted('rate')) {
    const kamailios = kamailio && (await highestRate(kamailio, places.direct))
    table.add('calls/s without failures, direct media', await highestRate(baton, places.direct), kamailios, 'calls/s')
  }
  if (wanted('register')) {
    heard('registrations')
    const asked = quick ? 300 : 1_000
    const { failed, rate, cpu } = await registrations(baton, asked, quick ? 3 : 8)
    const clean = failed === 0 ? rate : Number.NaN
    table.add(`registrations/s without failures, ${asked} asked for`, clean, undefined, '/s')
    table.add('CPU per registration', cpu, undefined, 'µs')
  }
  await baton.stop()
}

async function measureCpu(baton: System, kamailio: System | undefined, places: Places): Promise<void> {
  const seconds = quick ? 4 : 10
  const times = Number(options.repeat ?? (quick ? 1 : 3))
  const ours: Load[] = []
  const theirs: Load[] = []
  for (let i = 0; i < times; i++) {
    const profile =
      options.profile && i === times - 1 ? (await baton.inspector?.())?.cpuProfile(seconds + 3) : undefined
    ours.push(noted('Baton, direct', await load(baton, places.direct, mainRate, seconds)))
    if (profile) writeFileSync(options.profile as string, await profile)
    if (kamailio) theirs.push(noted('Kamailio', await load(kamailio, places.direct, mainRate, seconds)))
  }
  const anchored = noted('Baton, anchored', await load(baton, places.anchored, anchoredRate, seconds))
  const of = (loads: Load[], read: (one: Load) => number) => (loads.length > 0 ? median(loads.map(read)) : undefined)
  const at = `at ${mainRate} calls/s`
  table.add(
    `CPU per call ${at}, direct media, all threads`,
    of(ours, (one) => one.cpu),
    of(theirs, (one) => one.cpu),
    'µs',
  )
  table.add(`CPU per call at ${anchoredRate} calls/s, anchored set-up, no RTP`, anchored.cpu, undefined, 'µs')
  table.add(
    `failed calls ${at}`,
    of(ours, (one) => one.failed),
    of(theirs, (one) => one.failed),
    '',
  )
  table.add(
    `UDP drops at the SIP socket ${at}`,
    of(ours, (one) => one.drops),
    of(theirs, (one) => one.drops),
    '',
  )
  table.add(
    `UDP drops of the whole machine ${at}`,
    of(ours, (one) => one.machineDrops),
    of(theirs, (one) => one.machineDrops),
    '',
  )
  table.add(
    `event loop pause, 99th percentile, ${at}`,
    of(ours, (one) => one.pauses?.p99 ?? Number.NaN),
    undefined,
    'ms',
  )
  table.add(
    `event loop pause, longest, ${at}`,
    of(ours, (one) => one.pauses?.max ?? Number.NaN),
    undefined,
    'ms',
  )
}

/** The highest rate of a ramp at which every call succeeds and the load generator keeps up. */
async function highestRate(system: System, port: number): Promise<number> {
  const ramp = quick ? [500, 1_000, 1_500] : [250, 500, 750, 1_000, 1_250, 1_500, 1_750]
  let highest = 0
  for (const rate of ramp) {
    const result = noted(`${system.name}, ramp at ${rate}`, await load(system, port, rate, quick ? 2 : 5))
    if (result.failed > 0 || result.rate < 0.9 * rate) break
    highest = rate
  }
  return highest
}

async function measureSetUp(baton: System, kamailio: System | undefined, places: Places): Promise<void> {
  heard('set-up time')
  const calls = quick ? 200 : 1_000
  const bare = await setUpTime(`127.0.0.1:${places.callee}`, places.direct, calls)
  const direct = await setUpTime(baton.target, places.direct, calls)
  const anchored = await setUpTime(baton.target, places.anchored, calls)
  const theirs = kamailio && (await setUpTime(kamailio.target, places.direct, calls))
  for (const [name, read] of [
    ['median', (time: typeof bare) => time.median],
    ['99th percentile', (time: typeof bare) => time.p99],
  ] as const) {
    const added = (time: typeof bare) => read(time) - read(bare)
    table.add(`added set-up time, ${name}, direct media`, added(direct), theirs && added(theirs), 'ms')
    table.add(`added set-up time, ${name}, anchored`, added(anchored), undefined, 'ms')
  }
}

async function measureMemory(places: Places, callee: Callee): Promise<void> {
  heard('memory per held call, direct')
  let baton = await startBatonSystem(places, callee)
  const direct = await held(baton, places.direct, quick ? 1_000 : 5_000, 400)
  await baton.stop()
  table.add('memory per held call, direct media', direct.resident / 1024, undefined, 'KB')
  table.add('… of it live after garbage collection', direct.live / 1024, undefined, 'KB')
  heard('memory per held call, anchored')
  baton = await startBatonSystem(places, callee)
  const anchored = await held(baton, places.anchored, quick ? 500 : 1_900, 200)
  await baton.stop()
  table.add('memory per held call, anchored', anchored.resident / 1024, undefined, 'KB')
  table.add('… of it live after garbage collection', anchored.live / 1024, undefined, 'KB')
}

async function measureRelay(): Promise<void> {
  heard('RTP relay')
  const script = `${import.meta.dirname}/rtp-relay.ts`
  const program = await startProgram(process.execPath, [script, '200', quick ? '4' : '10'])
  await program.ended
  const share = /([\d.]+) % of a core per call/.exec(program.output())?.[1]
  heard(program.output().trim())
  table.add('RTP relay of a call, CPU of a core', Number(share ?? Number.NaN), undefined, '%')
}

function noted(what: string, one: Load): Load {
  const pauses = one.pauses ? `, pauses p99 ${one.pauses.p99.toFixed(1)} max ${one.pauses.max.toFixed(1)} ms` : ''
  heard(
    `${what}: ${one.calls} calls at ${one.rate.toFixed(0)}/s, ${one.failed} failed, ${one.retransmissions} retransmissions, ` +
      `${one.cpu.toFixed(0)} µs per call${one.threads ? ` (${one.threads})` : ''}, ${one.drops} drops${pauses}`,
  )
  return one
}
