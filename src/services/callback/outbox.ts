import type { MessagePort, OutgoingMessage } from '#channels'
import type { Clock, Log } from '#lib'
import type { CallbackStorage, OutboxRow } from '#storage'
import { Rounds } from './rounds.ts'

export interface OutboxParts {
  readonly storage: CallbackStorage
  readonly ports: readonly MessagePort[]
  readonly clock: Clock
  readonly log: Log
  /** This process among those on the database. */
  readonly node: string
}

const minuteMs = 60_000
/** Pauses after the first, second … try that failed, in ms; the last one again and again. */
const pausesMs = [1, 5, 15, 60].map((minutes) => minutes * minuteMs)
/** What cannot go out for so long is given up. */
const longestMs = 24 * 60 * minuteMs
/** A message that is being sent is this process's for so long; after a crash another try is made. */
const holdMs = 5 * minuteMs
/** Other processes add messages without a word to us. */
const lookMs = 5_000
const atOnce = 20

/**
 * Sends the messages that are due by their channels. Each is taken in the database first, so that one process sends it, and written off when
 * the next server has it. After a crash in between it goes once more, under the same Message-ID.
 * Messages of a channel that this process does not have are left to the others on the database.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #ports: ReadonlyMap<string, MessagePort>
  readonly #rounds: Rounds
  #startedAt = 0
  /** Whether what the last run of this node was sending has been taken up. */
  #released = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#ports = new Map(parts.ports.map((port) => [port.channel, port]))
    this.#rounds = new Rounds({
      clock: parts.clock,
      round: () => this.#round(),
      failed: (error) => {
        parts.log.error({ error: String(error) }, 'messages that are to go out could not be read')
        return lookMs
      },
    })
  }

  start(): void {
    this.#startedAt = this.#parts.clock.now()
    this.#rounds.start()
  }

  /** Something may be due. */
  look(): void {
    this.#rounds.look()
  }

  /** Takes nothing more. Resolves once what is being sent is written off. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** @returns ms until the next look */
  async #round(): Promise<number> {
    const { storage, clock, node } = this.#parts
    if (!this.#released) await storage.outbox.release(node, clock.now())
    this.#released = true
    const channels = [...this.#ports.keys()]
    const due = await storage.outbox.due(clock.now(), atOnce, channels)
    await Promise.all(due.map((row) => this.#sendOne(row)))
    await this.#giveUpUntaken()
    const next = await storage.outbox.nextDue(channels)
    return next === undefined ? lookMs : Math.max(0, Math.min(lookMs, next - clock.now()))
  }

  /** What nobody on the database took for a day while we looked: no process has its channel. */
  async #giveUpUntaken(): Promise<void> {
    const { storage, clock } = this.#parts
    const before = clock.now() - longestMs
    if (this.#startedAt > before) return
    const untaken = await storage.outbox.due(before, atOnce)
    for (const row of untaken) if (!this.#ports.has(row.channel)) await this.#sendOne(row)
  }

  async #sendOne(row: OutboxRow): Promise<void> {
    const { storage, clock, log, node } = this.#parts
    const now = clock.now()
    if (!(await storage.outbox.take(row.id, node, now, now + holdMs))) return
    const tries = row.tries + 1
    const { why, permanent } = await this.#sent(row)
    if (why === '') {
      await storage.outbox.put({ ...row, tries, node, state: 'sent', error: '' })
      return
    }
    const pause = pausesMs[Math.min(tries, pausesMs.length) - 1] as number
    const dueAt = clock.now() + pause
    const given = permanent || dueAt - row.createdAt > longestMs
    // Neither the address nor the text goes into the log.
    const facts = { message: row.id, channel: row.channel, tries, why }
    if (given) log.error(facts, 'a message could not be sent and is given up')
    else log.warn(facts, 'a message could not be sent; it is tried again')
    await storage.outbox.put({ ...row, tries, node: '', dueAt, state: given ? 'failed' : 'waiting', error: why })
  }

  async #sent(row: OutboxRow): Promise<{ readonly why: string; readonly permanent: boolean }> {
    const port = this.#ports.get(row.channel)
    if (!port) return { why: `nothing can be sent by ${row.channel} here`, permanent: false }
    try {
      await port.send(JSON.parse(row.body) as OutgoingMessage)
      return { why: '', permanent: false }
    } catch (error) {
      const permanent = error instanceof Error && 'permanent' in error && error.permanent === true
      return { why: (error instanceof Error ? error.message : String(error)).slice(0, 500), permanent }
    }
  }
}
