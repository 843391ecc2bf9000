import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { type Random, seededRandom } from '#lib'
import { removeFolder, temporaryFolder } from '../support/folders.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { startPostgres } from '../support/postgres.ts'
import { allRecords } from '../support/records.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { SipClient } from '../support/sip-client.ts'
import { faultsIn } from '../torture/watch.ts'
import { Endpoint, type Side } from './endpoint.ts'
import { addPeople, Registrations } from './registrations.ts'

export type CrashOptions = {
  readonly database: 'sqlite' | 'postgres'
  readonly rounds: number
  readonly seed: number
  readonly onRound?: (round: CrashRound) => void
}

/** What one kill came to. */
export type CrashRound = {
  readonly round: number
  /** How long the server had run under load, in ms. */
  readonly killedAfter: number
  /** Calls that a caller saw answered in this round, and those that went on when the server was killed. */
  readonly answered: number
  readonly interrupted: number
  readonly registrations: number
  /** Starts after the kill: 2 when the new server was killed too while it cleaned up. */
  readonly starts: number
  /** From the start of the process until /readyz says so, in ms; the slowest of this round. */
  readonly readyMs: number
}

const people = ['alice', 'bob', 'carol', 'dave']
const registering = Array.from({ length: 8 }, (_, n) => `crash-${n + 1}`)
/** New calls each so many ms. */
const callEveryMs = 35
/** Within which the new server has to have ended the calls of the old one. */
const patienceMs = 60_000

/**
 * Kills a server at random moments under load, starts it again on the same data, and checks each time that every answered call has exactly one
 * record, every acknowledged registration is still there, and every phone that was in a call was told that it is over.
 * @throws with round and seed when one of these does not hold
 */
export async function crashRounds({ database, rounds, seed, onRound }: CrashOptions): Promise<CrashRound[]> {
  const random = seededRandom(seed)
  const folder = temporaryFolder('crash')
  const postgres = database === 'postgres' ? await startPostgres() : undefined
  let baton: Baton | undefined
  let load: Load | undefined
  const done: CrashRound[] = []
  try {
    await addPeople(folder, postgres?.url, registering)
    const ports = await freePorts(1_200)
    baton = await startBaton({
      dataFolder: folder,
      environment: { BATON_DATABASE_URL: postgres?.url, BATON_RTP_PORTS: `${ports}-${ports + 1_199}` },
    })
    load = await Load.open(baton, random)
    for (let round = 1; round <= rounds; round++) {
      try {
        const result = await crash(baton, load, random, round)
        done.push(result)
        onRound?.(result)
      } catch (error) {
        const told = `round ${round} of seed ${seed} on ${database}: ${(error as Error).message}`
        throw new Error(`${told}\n${baton.output().slice(-3_000)}`, { cause: error })
      }
    }
    return done
  } finally {
    load?.close()
    await baton?.kill().catch(() => {})
    await postgres?.stop()
    removeFolder(folder)
  }
}

async function crash(baton: Baton, load: Load, random: Random, round: number): Promise<CrashRound> {
  load.start()
  const killedAfter = 200 + random.integer(1_300)
  await pause(killedAfter)
  await baton.kill()
  load.stop()
  // What the dead server had sent is still to be read.
  await pause(50)
  load.giveUpAsking()
  const interrupted = load.unfinished().length

  let starts = 0
  let readyMs = 0
  const start = async () => {
    const at = performance.now()
    await baton.restart()
    readyMs = Math.max(readyMs, performance.now() - at)
    starts++
  }
  await start()
  if (random.integer(4) === 0) {
    await pause(random.integer(300))
    await baton.kill()
    await start()
  }
  await load.settled()
  await checkRecords(baton, load)
  const differences = await load.registrationDifferences()
  assert.deepEqual(differences, [], 'registrations differ from what was acknowledged')
  assert.deepEqual(faultsIn(baton.output()), [], 'the server reported bugs')
  return { round, killedAfter, interrupted, starts, readyMs, ...load.finishRound() }
}

/** Every call that a caller saw answered has exactly one record, and no call has two. */
async function checkRecords(baton: Baton, load: Load): Promise<void> {
  const records = new Map<string, { state: string; id: string }[]>()
  for (const record of await allRecords(baton)) {
    const list = records.get(record.caller.number)
    if (list) list.push(record)
    else records.set(record.caller.number, [record])
  }
  for (const side of load.callers()) {
    const found = records.get(side.number) ?? []
    const told = `${side.number} (${side.state}${side.talked ? ', answered' : ''})`
    if (side.talked) assert.equal(found.length, 1, `${told} has ${found.length} records`)
    else assert.ok(found.length <= 1, `${told} has ${found.length} records`)
    for (const record of found)
      assert.notEqual(record.state, 'live', `the record ${record.id} of ${told} is still live`)
  }
}

/** Calls from the demo trunk to the demo people's phones, and registrations of others. */
class Load {
  readonly #random: Random
  readonly #trunk: Endpoint
  readonly #phones: readonly Endpoint[]
  readonly #registrations: readonly Registrations[]
  #timer: NodeJS.Timeout | undefined
  #made = 0
  #faults: Error[] = []
  #acknowledgedBefore = 0

  private constructor(
    random: Random,
    trunk: Endpoint,
    phones: readonly Endpoint[],
    registrations: readonly Registrations[],
  ) {
    this.#random = random
    this.#trunk = trunk
    this.#phones = phones
    this.#registrations = registrations
  }

  static async open(baton: Baton, random: Random): Promise<Load> {
    const ends = { server: { address: baton.sip.address, port: baton.sip.udpPort }, random }
    const phones: Endpoint[] = []
    for (const login of people) {
      const port = await freePort()
      const client = await SipClient.open({ server: baton.sip.target, user: login, port })
      const { startLine } = await client.register(`${login}-demo`, 3_600)
      client.close()
      assert.equal(startLine, 'SIP/2.0 200 OK', `${login}'s registration`)
      phones.push(await Endpoint.open(ends, login, port))
    }
    const registrations = await Promise.all(registering.map((login) => Registrations.open(baton, login, random)))
    return new Load(random, await Endpoint.open(ends, 'trunk'), phones, registrations)
  }

  start(): void {
    for (const end of this.#ends()) end.paused = false
    this.#timer = setInterval(() => {
      const number = `+1303${String(5_550_000 + this.#made++).padStart(7, '0')}`
      this.#trunk.call(number, `+1202555010${1 + this.#random.integer(people.length)}`)
    }, callEveryMs)
    for (const one of this.#registrations) one.run().catch((error: Error) => this.#faults.push(error))
  }

  /** No new calls, hang-ups or registrations; what is under way is answered. */
  stop(): void {
    clearInterval(this.#timer)
    for (const end of this.#ends()) end.paused = true
    for (const one of this.#registrations) one.stop()
  }

  giveUpAsking(): void {
    this.#trunk.giveUpAsking()
  }

  callers(): Iterable<Side> {
    return this.#trunk.sides.values()
  }

  unfinished(): Side[] {
    return this.#ends().flatMap((end) => end.unfinished())
  }

  /** Waits until no phone is in a call any more, each told by a BYE with a Reason or by the answer to its own. */
  async settled(): Promise<void> {
    const late = AbortSignal.timeout(patienceMs)
    const inCall = new Set(this.unfinished().filter(({ state }) => state === 'confirmed'))
    for (let left = this.unfinished(); left.length > 0; left = this.unfinished()) {
      if (late.aborted) {
        const names = left
          .slice(0, 5)
          .map(({ role, number, state, callId }) => `${role} of ${number} (${state}, ${callId})`)
        assert.fail(`${left.length} phones hang in dead calls: ${names.join(', ')}`)
      }
      await pause(50)
    }
    const silent = [...inCall].filter(({ reason }) => !reason)
    assert.deepEqual(
      silent.map(({ role, number }) => `${role} of ${number}`),
      [],
      'were not told why their call ended',
    )
    if (this.#faults.length > 0) throw this.#faults[0]
  }

  async registrationDifferences(): Promise<string[]> {
    const all = await Promise.all(this.#registrations.map((one) => one.compare()))
    return all.filter((difference) => difference !== '')
  }

  /** Counts this round and forgets its calls. */
  finishRound(): { answered: number; registrations: number } {
    const answered = [...this.callers()].filter(({ talked }) => talked).length
    const acknowledged = this.#registrations.reduce((sum, one) => sum + one.acknowledged, 0)
    const registrations = acknowledged - this.#acknowledgedBefore
    this.#acknowledgedBefore = acknowledged
    for (const end of this.#ends()) end.forget()
    return { answered, registrations }
  }

  close(): void {
    this.stop()
    for (const end of this.#ends()) end.close()
    for (const one of this.#registrations) one.close()
  }

  #ends(): readonly Endpoint[] {
    return [this.#trunk, ...this.#phones]
  }
}
