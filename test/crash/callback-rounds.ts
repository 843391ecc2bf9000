import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Random, seededRandom } from '#lib'
import { promptTexts } from '#media'
import { type CallbackAttemptRow, type CallbackRow, openStorage } from '#storage'
import { callbackRow } from '../support/callbacks.ts'
import { removeFolder, temporaryFolder } from '../support/folders.ts'
import { freePort } from '../support/ports.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { SipClient } from '../support/sip-client.ts'
import { makeTone, writeWav } from '../support/tone.ts'
import { faultsIn } from '../torture/watch.ts'
import { Endpoint, type Side } from './endpoint.ts'

export type CallbackCrashOptions = {
  readonly rounds: number
  readonly seed: number
  readonly onRound?: (round: CallbackCrashRound) => void
}

/** What one kill came to. */
export type CallbackCrashRound = {
  readonly round: number
  /** How long the server had run since it was ready, in ms. */
  readonly killedAfter: number
  /** Requests of all rounds by what has become of them, and attempts that the kill has cut. */
  readonly states: Readonly<Record<string, number>>
  readonly cut: number
  /** Phones that rang or were in a call when the server was killed. */
  readonly phones: number
}

const people = { alice: '101', bob: '102', carol: '103', dave: '104' } as const
const requestsEachRound = 6
/** From the writing of a request until a server that starts is ready to ring, in ms. */
const startMs = 1_000
/** Within which the new server has to have ended what the old one rang. */
const patienceMs = 60_000

/**
 * Kills a server at random moments while it makes requested calls, and starts it again on the same data: each request is kept, each attempt
 * is ended once, no phone is rung twice for one attempt, and none rings on or hangs in a dead call.
 * @throws with round and seed when one of these does not hold
 */
export async function callbackCrashRounds(options: CallbackCrashOptions): Promise<CallbackCrashRound[]> {
  const { rounds, seed, onRound } = options
  const random = seededRandom(seed)
  const folder = temporaryFolder('crash')
  shortPrompts(folder)
  const baton = await startBaton({ dataFolder: folder })
  const phones = new Map<string, Endpoint>()
  const done: CallbackCrashRound[] = []
  let round = 0
  try {
    for (const login of Object.keys(people)) phones.set(login, await phoneOf(baton, login, random))
    await baton.kill()
    const watch = new Watch(folder, [...phones.values()])
    for (round = 1; round <= rounds; round++) {
      await watch.request(random, round)
      await baton.restart()
      const killedAfter = random.integer(2_500)
      await Promise.all([pause(killedAfter), watch.settled()])
      await baton.kill()
      // What the dead server had sent is still to be read.
      await pause(50)
      const result = { round, killedAfter, ...(await watch.killed()) }
      assert.deepEqual(faultsIn(baton.output()), [], 'the server reported bugs')
      done.push(result)
      onRound?.(result)
    }
    await baton.restart()
    await watch.settled()
    return done
  } catch (error) {
    const told = `round ${round} of seed ${seed}: ${(error as Error).message}`
    throw new Error(`${told}\n${baton.output().slice(-3_000)}`, { cause: error })
  } finally {
    for (const phone of phones.values()) phone.close()
    await baton.kill().catch(() => {})
    removeFolder(folder)
  }
}

/** What is said takes no time worth waiting for. */
function shortPrompts(folder: string): void {
  const to = join(folder, 'prompts', 'en')
  mkdirSync(to, { recursive: true })
  for (const name of Object.keys(promptTexts.en)) writeWav(join(to, `${name}.wav`), makeTone(1_000, 0.06))
}

async function phoneOf(baton: Baton, login: string, random: Random): Promise<Endpoint> {
  const port = await freePort()
  const client = await SipClient.open({ server: baton.sip.target, user: login, port })
  const { startLine } = await client.register(`${login}-demo`, 7_200)
  client.close()
  assert.equal(startLine, 'SIP/2.0 200 OK', `${login}'s registration`)
  const server = { address: baton.sip.address, port: baton.sip.udpPort }
  return Endpoint.open({ server, random }, login, port)
}

/** The requests that were accepted, and what the phones saw of them. */
class Watch {
  readonly #folder: string
  readonly #phones: readonly Endpoint[]
  readonly #accepted: string[] = []
  /** What was under way when the server was killed last. */
  #left: readonly Side[] = []
  #startedAt = 0

  constructor(folder: string, phones: readonly Endpoint[]) {
    this.#folder = folder
    this.#phones = phones
  }

  /** Requests for the next run of the server, due at random moments of it. */
  async request(random: Random, round: number): Promise<void> {
    const storage = await openStorage({ folder: this.#folder, thread: false })
    const extensions = Object.values(people)
    for (let n = 0; n < requestsEachRound; n++) {
      const called = random.integer(extensions.length)
      const caller = (called + 1 + random.integer(extensions.length - 1)) % extensions.length
      const parties = [{ dial: extensions[called] }, { dial: extensions[caller] }] as const
      const dueAt = Date.now() + startMs + random.integer(2_500)
      const row = await storage.callbacks.accept(callbackRow(`request-${round}-${n}`, ...parties, { dueAt }), [])
      this.#accepted.push(row.id)
    }
    await storage.close()
    this.#startedAt = Date.now()
  }

  /** Waits until no phone rings or is in a call of the run before. */
  async settled(): Promise<void> {
    const late = AbortSignal.timeout(patienceMs)
    for (;;) {
      const left = this.#left.filter(({ state }) => state !== 'over')
      if (left.length === 0) return
      if (late.aborted) {
        const names = left.map(({ role, number, state, callId }) => `${role} of ${number} (${state}, ${callId})`)
        assert.fail(`${left.length} phones still ring or hang in dead calls: ${names.join(', ')}`)
      }
      await pause(20)
    }
  }

  /** Looks at the database and at the phones after a kill. */
  async killed(): Promise<Pick<CallbackCrashRound, 'states' | 'cut' | 'phones'>> {
    const sides = this.#phones.flatMap((phone) => [...phone.sides.values()])
    this.#left = sides.filter(({ state }) => state !== 'over')
    const storage = await openStorage({ folder: this.#folder, thread: false })
    try {
      const requests: CallbackRow[] = []
      const attempts: CallbackAttemptRow[] = []
      for (const id of this.#accepted) {
        const request = await storage.callbacks.get(id)
        assert.ok(request, `${id} is lost`)
        requests.push(request)
        attempts.push(...(await storage.callbacks.attemptsOf(id)))
      }
      this.#checkAttempts(requests, attempts)
      this.#checkPhones(attempts)
      const states: Record<string, number> = {}
      for (const { state } of requests) states[state] = (states[state] ?? 0) + 1
      const cut = attempts.filter(({ outcome }) => outcome === 'interrupted').length
      return { states, cut, phones: this.#left.length }
    } finally {
      await storage.close()
    }
  }

  /** An attempt without an end is of the run that was just killed, and its request says so; numbers follow each other. */
  #checkAttempts(requests: readonly CallbackRow[], attempts: readonly CallbackAttemptRow[]): void {
    for (const request of requests) {
      const own = attempts.filter(({ callbackId }) => callbackId === request.id)
      const told = `${request.id} (${request.state}, ${request.outcome})`
      assert.deepEqual(
        own.map(({ number }) => number),
        own.map((_, n) => n + 1),
        `the attempts of ${told}`,
      )
      assert.equal(request.attempts, own.length, `the number of attempts of ${told}`)
      const open = own.filter(({ outcome }) => outcome === '')
      assert.equal(open.length, request.state === 'ringing' ? 1 : 0, `attempts of ${told} without an end`)
      for (const { startedAt } of open) assert.ok(startedAt >= this.#startedAt, `${told} rings since an earlier run`)
    }
  }

  /** Each phone rings once for an attempt, and for attempts only. */
  #checkPhones(attempts: readonly CallbackAttemptRow[]): void {
    const known = new Set(attempts.map(({ callId }) => callId))
    for (const phone of this.#phones) {
      const rang = [...phone.sides.values()].map(({ invite }) => invite?.header('X-Baton-Call') ?? '')
      assert.equal(new Set(rang).size, rang.length, 'a phone was rung twice for one attempt')
      for (const id of rang) assert.ok(known.has(id), `a phone was rung for the call ${id}, which no attempt has`)
    }
  }
}
