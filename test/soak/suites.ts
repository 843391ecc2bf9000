import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { Inspector } from '../../bench/inspector.ts'
import { callbackCrashRounds } from '../crash/callback-rounds.ts'
import { crashRounds } from '../crash/rounds.ts'
import { callsUnderLoss } from '../scenarios/loss.ts'
import { pickupInterleavings } from '../scenarios/pickup-interleavings.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { startProgram } from '../support/program.ts'
import { startBaton } from '../support/server.ts'
import { LiveCall } from '../torture/live-call.ts'
import { parseMutations, sendMutations } from '../torture/mutations.ts'
import { drained, faultsIn, neverRead, residentMegabytes } from '../torture/watch.ts'

/** What a suite is given: its own seed, how much to do, and where to tell how far it is. */
export type SoakRun = {
  readonly seed: number
  /** 1 for the whole suite, less for a part of it. */
  readonly scale: number
  readonly progress: (text: string) => void
}

export type SoakSuite = {
  readonly name: string
  /** What it does, for the list of suites and the report. */
  readonly about: string
  /** Returns its figures, one sentence. @throws when something does not hold */
  run(run: SoakRun): Promise<string>
}

/** How much more memory may be in use (reachable, in MB) after the last four fifths of the mutations than before: some ten bytes a message. */
const growthBound = 8
/** What the process may take in all, in MB: mostly room that the garbage collector has not given back. */
const residentBound = 1_000
/** A restart may take so long before the suite fails; what was measured is in the report. */
const readyBound = 30_000

async function parser({ seed, scale, progress }: SoakRun): Promise<string> {
  const batches = Math.max(1, Math.round(50 * scale))
  const each = 100_000
  let read = 0
  for (let batch = 0; batch < batches; batch++) {
    read += parseMutations(seed + batch, each)
    progress(`${((batch + 1) * each).toLocaleString('en')} of ${(batches * each).toLocaleString('en')}`)
    await new Promise(setImmediate)
  }
  return `${(batches * each).toLocaleString('en')} messages, of which ${read.toLocaleString('en')} were still well-formed`
}

async function mutations({ seed, scale, progress }: SoakRun): Promise<string> {
  const count = Math.max(10_000, Math.round(1_000_000 * scale))
  const [ports, inspectorPort] = [await freePorts(1_000), await freePort()]
  const baton = await startBaton({
    environment: {
      BATON_RTP_PORTS: `${ports}-${ports + 999}`,
      NODE_OPTIONS: `--inspect-port=127.0.0.1:${inspectorPort}`,
    },
  })
  const live = await LiveCall.start(baton)
  try {
    let most = 0
    const counts = { udp: 0, tcp: 0, ws: 0, calls: 0, answered: 0 }
    /** Sends some, lets everything time out but the live call, and returns what memory is left in use, in MB. */
    const send = async (part: number, partSeed: number): Promise<number> => {
      let told = 0
      const sent = await sendMutations({
        ...{ baton, seed: partSeed, count: part },
        onProgress: async (done) => {
          if (done - told < 20_000 && done < part) return
          told = done
          await live.check()
          assert.deepEqual(faultsIn(baton.output()), [], 'the server reported bugs')
          const megabytes = residentMegabytes(baton.pid)
          most = Math.max(most, megabytes)
          progress(`${done.toLocaleString('en')} of ${part.toLocaleString('en')}, ${megabytes.toFixed(0)} MB`)
        },
      })
      for (const way of Object.keys(counts) as (keyof typeof counts)[]) counts[way] += sent[way]
      await drained(baton, undefined, 2, 150_000)
      const used = (await (await Inspector.of(baton.pid, inspectorPort)).liveMemory()) / 2 ** 20
      progress(`${used.toFixed(1)} MB in use once all has timed out`)
      return used
    }
    const first = Math.round(count / 5)
    const warm = await send(first, seed)
    const used = await send(count - first, seed + 1)
    assert.ok(used - warm < growthBound, `memory in use grew from ${warm.toFixed(1)} to ${used.toFixed(1)} MB`)
    assert.ok(most < residentBound, `the process took ${most.toFixed(0)} MB`)
    assert.equal(await neverRead(baton), 0, 'messages were dropped unread')
    const heard = await live.hangUp()
    await drained(baton, undefined, 0, 150_000)
    assert.deepEqual(faultsIn(baton.output()), [], 'the server reported bugs')
    return [
      `${count.toLocaleString('en')} messages (UDP ${counts.udp}, TCP ${counts.tcp}, WebSocket ${counts.ws}, by the trunk ${counts.calls},`,
      `of which ${counts.answered} were answered); memory in use ${warm.toFixed(1)} MB after a fifth of them, ${used.toFixed(1)} MB after all,`,
      `the process at most ${most.toFixed(0)} MB; the live call lost none of ${heard.alice + heard.bob} packets`,
    ].join(' ')
  } finally {
    live.close()
    await baton.stop()
  }
}

function crash(database: 'sqlite' | 'postgres'): SoakSuite['run'] {
  return async ({ seed, scale, progress }) => {
    const rounds = await crashRounds({
      ...{ database, seed, rounds: Math.max(1, Math.round(50 * scale)) },
      onRound: ({ round, killedAfter, answered, interrupted, readyMs }) =>
        progress(
          `kill ${round} after ${killedAfter} ms: ${answered} answered, ${interrupted} phones in calls, ready after ${readyMs.toFixed(0)} ms`,
        ),
    })
    const ready = rounds.map(({ readyMs }) => readyMs).sort((a, b) => a - b)
    const slowest = ready.at(-1)!
    assert.ok(slowest < readyBound, `the server was ready only after ${slowest.toFixed(0)} ms`)
    const sum = (of: (round: (typeof rounds)[number]) => number) =>
      rounds.reduce((total, round) => total + of(round), 0)
    const within = ready.filter((ms) => ms <= 2_000).length
    return [
      `${sum(({ starts }) => starts)} kills in ${rounds.length} rounds; ${sum(({ answered }) => answered)} answered calls, each with one record;`,
      `${sum(({ interrupted }) => interrupted)} phones in calls, all told; ${sum(({ registrations }) => registrations)} registrations, none lost;`,
      `ready again after ${ready[ready.length >> 1]!.toFixed(0)} ms (median), ${slowest.toFixed(0)} ms (slowest),`,
      `${within} of ${rounds.length} within 2 s`,
    ].join(' ')
  }
}

async function callbacks({ seed, scale, progress }: SoakRun): Promise<string> {
  const rounds = await callbackCrashRounds({
    ...{ seed, rounds: Math.max(1, Math.round(200 * scale)) },
    onRound: ({ round, killedAfter, states, phones }) =>
      progress(
        `kill ${round} after ${killedAfter} ms: ${phones} phones rang or talked, requests ${JSON.stringify(states)}`,
      ),
  })
  const { states, cut } = rounds.at(-1)!
  const requests = Object.values(states).reduce((total, count) => total + count, 0)
  const phones = rounds.reduce((total, round) => total + round.phones, 0)
  return [
    `${rounds.length} kills; ${requests} requests, none lost (${JSON.stringify(states).replaceAll('"', '')}), ${cut} attempts cut;`,
    `${phones} phones rang or talked, all told to stop; none was rung twice for one attempt`,
  ].join(' ')
}

async function loss({ seed, scale, progress }: SoakRun): Promise<string> {
  const seeds = Math.max(1, Math.round(10 * scale))
  let setUp = 0
  for (let n = 0; n < seeds; n++) {
    const result = await callsUnderLoss({ seed: seed + n, calls: 2_000, loss: 0.2 })
    const told = `seed ${seed + n}: ${result.setUp} of ${result.calls} calls set up`
    progress(told)
    assert.ok(result.setUp >= 1_999, told)
    const { dialogsLeft, transactionsLeft, legsLeft, liveRecords, errors } = result
    assert.deepEqual(
      { dialogsLeft, transactionsLeft, legsLeft, liveRecords, errors },
      { dialogsLeft: 0, transactionsLeft: 0, legsLeft: 0, liveRecords: 0, errors: [] },
    )
    setUp += result.setUp
  }
  return `${setUp} of ${seeds * 2_000} calls set up over ${seeds} seeds, nothing left behind`
}

async function pickup({ seed, scale, progress }: SoakRun): Promise<string> {
  const houses = Math.max(1, Math.round(200 * scale))
  const outcomes: Record<string, number> = {}
  let interleavings = 0
  let pickups = 0
  for (let n = 0; n < houses; n++) {
    const result = await pickupInterleavings({ seed: seed + n, rounds: 20, cells: 25 })
    assert.deepEqual(result.faults, [])
    interleavings += result.interleavings
    for (const [outcome, count] of Object.entries(result.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
    for (const count of Object.values(result.joined)) pickups += count
    progress(`${interleavings.toLocaleString('en')} interleavings`)
    await new Promise(setImmediate)
  }
  const told = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`)
  return `${interleavings.toLocaleString('en')} interleavings, ${pickups} pickups; who had the call in the end: ${told.join(', ')}; never two, nothing left behind`
}

async function centre({ scale, progress }: SoakRun): Promise<string> {
  const seconds = Math.max(15, Math.round(180 * scale))
  progress(`a call that waits ${seconds} s`)
  const program = await startProgram(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'test/interop/centre.test.ts'],
    { environment: { CENTRE_HOLD_SECONDS: String(seconds) } },
  )
  const { code } = await program.ended
  assert.equal(code, 0, program.output())
  // Where baresip is not installed the test is left out, and nothing was seen.
  assert.match(stripVTControlCharacters(program.output()), /Tests +1 passed/, program.output())
  return `walked by \`1,,2w3\`, held for ${seconds} s of music, the asker rung after the agent's key; tones both ways`
}

export const suites: readonly SoakSuite[] = [
  { name: 'parser', about: '5,000,000 mutated messages through parser, framer and SDP parser', run: parser },
  { name: 'loss', about: '2,000 calls at 20 % loss each way, ten seeds, virtual time', run: loss },
  {
    name: 'pickup',
    about: '100,000 interleavings of answer, pickups by several, CANCEL and lost packets, virtual time',
    run: pickup,
  },
  {
    name: 'mutations',
    about: '1,000,000 mutated messages over UDP, TCP and WebSocket while a call goes on',
    run: mutations,
  },
  { name: 'crash-sqlite', about: '50 times kill -9 under load, SQLite', run: crash('sqlite') },
  { name: 'callbacks', about: '200 times kill -9 while requested calls are made', run: callbacks },
  { name: 'centre', about: 'three minutes of waiting in a centre of others for who asked for the call', run: centre },
  { name: 'crash-postgres', about: '50 times kill -9 under load, PostgreSQL', run: crash('postgres') },
]
