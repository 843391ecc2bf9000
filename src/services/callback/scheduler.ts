import type { Calls } from '#call'
import type { CallbackAttemptRow, CallbackRow } from '#storage'
import type { QueueLines } from '../types.ts'
import { Attempt } from './attempt.ts'
import { nextInLine, queueOf } from './in-line.ts'
import type { CentreRecordings } from './recordings.ts'
import { isTooLate, nextAttempt, type Outcome } from './retry.ts'
import { Rounds } from './rounds.ts'
import type {
  Announcer,
  CallbackParty,
  CallbackPhase,
  CallbackSettings,
  CallbackTold,
  CallbackView,
  ExpectedAtCentre,
  Notices,
} from './types.ts'

export interface SchedulerParts {
  readonly calls: Calls
  readonly announcer: Announcer
  readonly notices: Notices
  readonly settings: CallbackSettings
  readonly recordings?: Pick<CentreRecordings, 'record'>
  /** Queues of ours. */
  readonly lines?: QueueLines
  readonly centreWait?: (number: string) => Promise<ExpectedAtCentre | undefined>
  changed(view: CallbackView): void
}

/** Requests of other nodes of the database become due without a word to us. */
const lookMs = 10_000
/** After how long without a sign of life a node counts as gone, and when its attempts are written off for it, in ms. */
const goneMs = 15_000
const abandonedMs = 60_000
/** How long a request whose stations are not registered here is left to other nodes, in ms. */
const elsewhereMs = 30_000
/** How long an open question waits for its answer, and how often it is looked whether one has waited so long, in ms. */
const answerMs = 7 * 24 * 3_600_000
const answerLookMs = 3_600_000
/** How much lateness of timers and the database is made up for by beginning the next attempts earlier, in ms. */
const behindMs = 250
/** Phases in which an attempt only waits. */
const idle: ReadonlySet<CallbackPhase> = new Set<CallbackPhase>(['waiting', 'sending-keys'])
/** How long the end of an attempt waits before it is written again, in ms, where the database did not take it. */
const againMs = 2_000

interface Running {
  readonly request: CallbackRow
  readonly attempt: Attempt
  readonly over: Promise<void>
}

/**
 * Begins the attempts that are due, no more at once and in a second than is allowed. Each is taken in the database before anybody is rung,
 * by one process only, and written off once: after a crash it is spent, whoever was rung.
 */
export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #running = new Map<string, Running>()
  readonly #rounds: Rounds
  /** When what was called off elsewhere was looked for last. */
  #lookedAt = 0
  /** When questions without an answer are looked for next. */
  #unansweredAt = 0
  /** When the next attempt may begin, by the allowed rate. */
  #nextAt = 0

  constructor(parts: SchedulerParts) {
    this.#parts = parts
    const { clock, log } = parts.calls.core
    this.#rounds = new Rounds({
      clock,
      round: () => this.#round(),
      failed: (error) => {
        log.error({ error: String((error as Error)?.stack ?? error) }, 'looking for requested calls failed')
        return againMs
      },
    })
  }

  /** Writes off what the last run of this node was ringing, then begins to look for what is due. */
  async start(): Promise<void> {
    const { storage, settings } = this.#core
    for (const request of await storage.callbacks.ringing(settings.node)) await this.#interrupted(request)
    this.#rounds.start()
  }

  /** Something may be due. */
  look(): void {
    this.#rounds.look()
  }

  /** A request was called off: what rings for it here is ended. */
  cancelled(id: string): void {
    this.#running.get(id)?.attempt.cancel()
  }

  /** The attempt under way here for a request, as watchers are told of it. */
  underWay(id: string): Pick<CallbackView, 'attempt' | 'phase'> {
    const attempt = this.#running.get(id)?.attempt
    return attempt ? { attempt: attempt.row, phase: attempt.phase } : {}
  }

  /** The request that a call is made for, until its two sides are joined. */
  requestOf(callId: string): CallbackRow | undefined {
    for (const { request, attempt } of this.#running.values()) if (attempt.row.callId === callId) return request
    return undefined
  }

  /** Begins nothing more. Resolves once the attempts that have ended are written. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    for (const { attempt } of this.#running.values()) attempt.leaveLine()
    await Promise.all([...this.#running.values()].map(({ over }) => over))
  }

  // ---- what is due ---------------------------------------------------------------------------------------------------------------

  /** Begins what may begin now. @returns ms until the next look */
  async #round(): Promise<number> {
    const { clock, storage } = this.#core
    const { atOnce, perSecond } = this.#parts.settings
    if (clock.now() >= this.#lookedAt + lookMs) await this.#dropCancelled()
    if (clock.now() >= this.#unansweredAt) await this.#endUnanswered()
    const others = await this.#otherNodes()
    const due = await storage.callbacks.due(clock.now(), 100)
    for (const request of due) {
      const now = clock.now()
      if (this.#rounds.stopped) return lookMs
      if (isTooLate(request.dueAt ?? now, now, this.#parts.settings.retry)) {
        await this.#missed(request)
        continue
      }
      if (others && now - (request.dueAt ?? now) < elsewhereMs && !this.#isHere(request)) continue
      // The end of an attempt looks again.
      if (this.#atWork() >= atOnce) return lookMs
      if (now < this.#nextAt) return this.#nextAt - now
      // Counted from its turn, not from now: else each begins late by what those before it were late.
      const turn = Math.max(this.#nextAt, request.dueAt ?? now, now - behindMs)
      this.#nextAt = turn + 1_000 / perSecond
      await this.#begin(request)
    }
    const next = await storage.callbacks.nextDue()
    if (next !== undefined && next <= clock.now() && others) return againMs
    return next === undefined ? lookMs : Math.min(lookMs, Math.max(0, next - clock.now()))
  }

  /** Attempts that ring somebody or talk to them. Who only waits, in a line or for a person at a centre, holds back nobody else. */
  #atWork(): number {
    let count = 0
    for (const { attempt } of this.#running.values()) if (!idle.has(attempt.phase)) count++
    return count
  }

  /** Whether other nodes work on the database. What those that have died were ringing is written off for them. */
  async #otherNodes(): Promise<boolean> {
    const { clock, storage, settings } = this.#core
    const now = clock.now()
    const rows = (await storage.nodes.list()).filter(({ node }) => node !== settings.node)
    for (const { node, seenAt } of rows) {
      if (now - seenAt < abandonedMs) continue
      for (const request of await storage.callbacks.ringing(node)) await this.#interrupted(request)
    }
    return rows.some(({ seenAt }) => now - seenAt < goneMs)
  }

  /** Whether both sides can be rung from this node: their phones are registered here, or they are outside. */
  #isHere({ called, caller }: CallbackRow): boolean {
    const { directory } = this.#core
    const reachable = (json: string): boolean => {
      const { dial } = JSON.parse(json) as CallbackParty
      const decision = directory.dial(dial, { kind: 'service' })
      if (!decision.ok) return true
      const { destination } = decision
      if (destination.kind === 'person') return directory.bindingsOf(destination.person.id).length > 0
      if (destination.kind === 'group')
        return destination.group.members.some((id) => directory.bindingsOf(id).length > 0)
      return true
    }
    try {
      return reachable(called) && reachable(caller)
    } catch {
      // What cannot be read fails as an attempt, and is told.
      return true
    }
  }

  /** Requests that another node has called off while they ring here. */
  async #dropCancelled(): Promise<void> {
    this.#lookedAt = this.#core.clock.now()
    for (const [id, { attempt }] of this.#running) {
      const request = await this.#core.storage.callbacks.get(id)
      if (request && request.state !== 'ringing' && request.state !== 'connected') attempt.cancel()
    }
  }

  /** Nobody is told: who has not answered for so long does not wait for us. */
  async #endUnanswered(): Promise<void> {
    const { clock, storage } = this.#core
    const now = clock.now()
    const open = await storage.callbacks.unanswered(now - answerMs, 100)
    for (const before of open) {
      const changedAt = Math.max(now, before.changedAt + 1)
      const ended = { state: 'failed', dueAt: null, outcome: 'unanswered', questions: '[]', changedAt } as const
      const request: CallbackRow = { ...before, ...ended }
      if (await storage.callbacks.change(request, 'asking', [])) this.#parts.changed({ request })
    }
    this.#unansweredAt = open.length < 100 ? now + answerLookMs : now
  }

  async #begin(request: CallbackRow): Promise<void> {
    const { calls } = this.#parts
    const { clock, random, storage, settings } = this.#core
    const now = clock.now()
    const row: CallbackAttemptRow = {
      ...{ id: random.token(8), callbackId: request.id, number: request.attempts + 1, node: settings.node },
      ...{ callId: calls.newCallId(), startedAt: now, calledAt: null, callerAt: null, joinedAt: null, endedAt: null },
      ...{ outcome: '', detail: JSON.stringify({ confirmations: [] }) },
    }
    if (!(await storage.callbacks.begin(row, now))) return
    const ringing: CallbackRow = {
      ...request,
      ...{
        state: 'ringing',
        attemptId: row.id,
        node: settings.node,
        attempts: row.number,
        changedAt: now,
        dueAt: null,
      },
    }
    const { announcer, settings: ours, recordings, lines, centreWait, changed } = this.#parts
    const progress = (attempt: CallbackAttemptRow, phase: CallbackPhase): void => {
      changed({ request: ringing, attempt, phase })
      if (idle.has(phase)) this.look()
    }
    const given = {
      calls,
      announcer,
      settings: ours,
      ...(recordings ? { recordings } : {}),
      ...(lines ? { lines } : {}),
      ...(centreWait ? { centreWait } : {}),
    }
    const attempt = new Attempt({ ...given, request: ringing, row, progress })
    const over = this.#run(attempt, ringing)
    this.#running.set(request.id, { request: ringing, attempt, over })
  }

  async #run(attempt: Attempt, request: CallbackRow): Promise<void> {
    const outcome = await attempt.run()
    await this.#ended(attempt.row, request, outcome)
    this.#running.delete(request.id)
    this.look()
    const { log } = this.#core
    this.#handOver(attempt, request.id).catch((error: unknown) =>
      log.error({ error: String((error as Error)?.stack ?? error) }, 'handing a call to its gateway failed'),
    )
  }

  /** Lets the gateway join both sides, where it is set up to. */
  async #handOver(attempt: Attempt, id: string): Promise<void> {
    if (!(await attempt.handOver())) return
    const request = await this.#core.storage.callbacks.get(id)
    if (request) this.#parts.changed({ request, attempt: attempt.row })
  }

  // ---- what follows --------------------------------------------------------------------------------------------------------------

  async #interrupted(request: CallbackRow): Promise<void> {
    const { clock, storage } = this.#core
    const attempts = await storage.callbacks.attemptsOf(request.id)
    const row = attempts.find(({ id }) => id === request.attemptId)
    if (row) await this.#ended({ ...row, outcome: 'interrupted', endedAt: clock.now() }, request, 'interrupted')
  }

  /** What follows an attempt is written with its end, and the messages that tell of it; once more until the database takes it. */
  async #ended(attempt: CallbackAttemptRow, before: CallbackRow, outcome: Outcome): Promise<void> {
    const { clock, storage, log } = this.#core
    const { notices, changed } = this.#parts
    const now = clock.now()
    const changedAt = Math.max(now, before.changedAt + 1)
    for (let tries = 0; tries < 30; tries++) {
      try {
        const nextAt = await this.#againAt(outcome, before, now)
        const state = outcome === 'connected' || outcome === 'cancelled' ? outcome : nextAt ? 'scheduled' : 'failed'
        const request: CallbackRow = { ...before, state, node: '', dueAt: nextAt ?? null, outcome, changedAt }
        const what = state === 'scheduled' ? 'again' : (state as CallbackTold['what'])
        const told = { what, request, attempt, outcome, ...(nextAt ? { nextAt } : {}) }
        // Who goes on standing in a line, and was not called, is told of nothing.
        const quiet = what === 'again' && outcome === 'interrupted' && queueOf(before) && attempt.calledAt === null
        const written = await storage.callbacks.ended(attempt, request, quiet ? [] : await notices(told))
        // Called off meanwhile: that has been told already, and nobody may be joined.
        if (!written) this.cancelled(before.id)
        else changed({ request, attempt })
        return
      } catch (error) {
        log.error({ error: String((error as Error)?.stack ?? error) }, 'writing the end of an attempt failed')
        await new Promise<void>((resolve) => clock.setTimeout(resolve, againMs))
      }
    }
  }

  async #againAt(outcome: Outcome, before: CallbackRow, now: number): Promise<number | undefined> {
    const { settings, lines } = this.#parts
    if (queueOf(before) === undefined)
      return nextAttempt(outcome, before.attempts, now, before.timeZone, settings.retry)
    const attempts = await this.#core.storage.callbacks.attemptsOf(before.id)
    return nextInLine(outcome, before, attempts, now, settings.retry, lines)
  }

  async #missed(before: CallbackRow): Promise<void> {
    const { clock, storage } = this.#core
    const changedAt = Math.max(clock.now(), before.changedAt + 1)
    const request: CallbackRow = { ...before, state: 'failed', dueAt: null, outcome: 'missed', changedAt }
    const notices = await this.#parts.notices({ what: 'missed', request, outcome: 'missed' })
    if (await storage.callbacks.change(request, 'scheduled', notices)) this.#parts.changed({ request })
  }

  get #core() {
    return this.#parts.calls.core
  }
}
