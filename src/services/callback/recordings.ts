import { createHmac, timingSafeEqual } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core, HeldLeg } from '#call'
import type { Timer } from '#lib'
import { type RecordedOutcome, readWav, repairWav } from '#media'
import type { CallbackAttemptRow, CallbackRecordingRow } from '#storage'
import type { Notices } from './types.ts'

export interface RecordingSettings {
  /** Where the WAV files are. */
  readonly folder: string
  /** Whether anything is recorded; what was recorded before can be heard in any case. */
  readonly on: boolean
  /** Longest recording, in ms. */
  readonly mostMs: number
  /** How long a recording can be heard, in ms; then it is deleted. */
  readonly keepMs: number
}

export interface RecordingParts {
  readonly core: Pick<Core, 'clock' | 'random' | 'log'> & {
    readonly storage: Pick<Core['storage'], 'callbacks' | 'values'>
    readonly settings: Pick<Core['settings'], 'node'>
  }
  readonly settings: RecordingSettings
  readonly notices: Notices
  /** A recording of this request can be heard now. */
  changed(callbackId: string): void
}

/** Shorter ones say nothing. */
const shortestMs = 1_000
/** A recording that is nowhere louder than this (of 32,767) is silence. */
const audible = 300
const samplesPerMs = 8
/** How often what is over is deleted, in ms. */
const sweepMs = 3_600_000

/**
 * What centres say once their keys were pressed: recorded, kept for a while, and offered to who asked. The row is written before the
 * file begins. After a crash the next start keeps what there is and marks it.
 */
export class CentreRecordings {
  readonly #parts: RecordingParts
  readonly #taking = new Set<Promise<unknown>>()
  /** Signs the codes of links; the same for all nodes of a database. */
  #key: Buffer | undefined
  #timer: Timer | undefined

  constructor(parts: RecordingParts) {
    this.#parts = parts
  }

  /** Keeps what a crashed run was recording, marked as cut off, and deletes what is over. */
  async start(): Promise<void> {
    for (const row of await this.#rows.recording(this.#core.settings.node)) await this.#keepCutOff(row)
    await this.#sweep()
  }

  /** Resolves when every recording that has ended is stored. */
  async stop(): Promise<void> {
    this.#core.clock.clearTimeout(this.#timer)
    await Promise.allSettled(this.#taking)
  }

  /** Records what the far end says from now on, where that is wanted. Resolves once it has begun; never rejects. */
  async record(held: HeldLeg, attempt: CallbackAttemptRow): Promise<{ stop(): void } | undefined> {
    const { on, folder, mostMs } = this.#parts.settings
    if (!on) return undefined
    const { clock, log, settings } = this.#core
    const row: CallbackRecordingRow = {
      ...{ id: attempt.id, callbackId: attempt.callbackId, number: attempt.number, state: 'recording' },
      ...{ node: settings.node, at: clock.now(), ms: 0, partial: 0 },
    }
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await this.#rows.begin(row)
    } catch (error) {
      // The call matters more than what is heard in it.
      log.error({ attempt: attempt.id, error: String(error) }, 'a recording could not be begun')
      return undefined
    }
    const recording = held.record(this.#fileOf(row.id), { mostMs })
    const kept = recording.ended
      .then((outcome) => this.#ended(row, outcome))
      .catch((error: unknown) => log.error({ recording: row.id, error: String(error) }, 'storing a recording failed'))
      .finally(() => this.#taking.delete(kept))
    this.#taking.add(kept)
    return { stop: () => void recording.stop() }
  }

  /** Those of a request that can be heard. */
  of(callbackId: string): Promise<readonly CallbackRecordingRow[]> {
    return this.#rows.of(callbackId)
  }

  /** The WAV file; `undefined` where it is not in this server's data folder. */
  async audio({ id }: CallbackRecordingRow): Promise<Buffer | undefined> {
    return readFile(this.#fileOf(id)).catch(() => undefined)
  }

  /** The recording that a link's code is for; `undefined` for a code that is not ours, or is over. */
  async byCode(code: string): Promise<CallbackRecordingRow | undefined> {
    const [id = '', signature = '', more] = code.split('.')
    const given = Buffer.from(signature, 'hex')
    const ours = await this.#sign(id)
    if (more !== undefined || given.length !== ours.length || !timingSafeEqual(given, ours)) return undefined
    const row = await this.#rows.get(id)
    if (row?.state !== 'kept' || row.at + this.#parts.settings.keepMs <= this.#core.clock.now()) return undefined
    // With its request it is over at once, though it is deleted a little later.
    return (await this.#core.storage.callbacks.get(row.callbackId)) && row
  }

  // --------------------------------------------------------------------------------------------------------------------------------

  get #core() {
    return this.#parts.core
  }

  get #rows() {
    return this.#core.storage.callbacks.recordings
  }

  #fileOf(id: string): string {
    return join(this.#parts.settings.folder, `${id}.wav`)
  }

  async #ended(row: CallbackRecordingRow, { how, ms, reason }: RecordedOutcome): Promise<void> {
    if (how === 'failed') {
      this.#core.log.error({ recording: row.id, reason }, 'what a centre said could not be recorded to its end')
      await this.#keepCutOff(row)
    } else await this.#keep(row, ms, 0)
  }

  /** Its file has no end: what there is of it is kept, and says that it is not whole. */
  async #keepCutOff(row: CallbackRecordingRow): Promise<void> {
    await repairWav(this.#fileOf(row.id)).catch(() => {})
    await this.#keep(row, undefined, 1)
  }

  /** @param ms as long as its file where it is left out */
  async #keep(row: CallbackRecordingRow, ms: number | undefined, partial: 0 | 1): Promise<void> {
    const samples = await this.#samplesOf(row)
    const lasts = ms ?? Math.round(samples.length / samplesPerMs)
    if (lasts < shortestMs || samples.every((value) => Math.abs(value) < audible)) {
      await this.#drop(row.id)
      return
    }
    const kept = { ...row, state: 'kept', ms: lasts, partial } as const
    const request = await this.#core.storage.callbacks.get(row.callbackId)
    const recording = {
      ...{ number: row.number, code: await this.#codeOf(row.id), until: kept.at + this.#parts.settings.keepMs },
    }
    const told = request && ({ what: 'heard', outcome: 'heard', request, recording } as const)
    await this.#rows.keep(kept, told ? await this.#parts.notices(told) : [])
    this.#parts.changed(row.callbackId)
  }

  async #samplesOf({ id }: CallbackRecordingRow): Promise<Int16Array> {
    try {
      return readWav(await readFile(this.#fileOf(id)))
    } catch (error) {
      this.#core.log.warn({ recording: id, error: String(error) }, 'of what a centre said nothing was recorded')
      return new Int16Array()
    }
  }

  /** The row goes first: what is left after a crash is a file that nobody sees. */
  async #drop(id: string): Promise<void> {
    await this.#rows.remove(id)
    await rm(this.#fileOf(id), { force: true })
  }

  async #codeOf(id: string): Promise<string> {
    return `${id}.${(await this.#sign(id)).toString('hex')}`
  }

  async #sign(id: string): Promise<Buffer> {
    const { storage, random } = this.#core
    this.#key ??= Buffer.from(await storage.values.keep('recordings.key', random.token(32)), 'hex')
    return createHmac('sha256', this.#key).update(id).digest().subarray(0, 20)
  }

  /** Deletes what is older than it may be, what belongs to requests that are gone, and files that have no row. */
  async #sweep(): Promise<void> {
    const { clock, log } = this.#core
    try {
      const before = clock.now() - this.#parts.settings.keepMs
      for (;;) {
        const over = await this.#rows.over(before, 100)
        for (const { id } of over) await this.#drop(id)
        if (over.length < 100) break
      }
      for (const name of await readdir(this.#parts.settings.folder).catch((): string[] => []))
        if (name.endsWith('.wav') && !(await this.#rows.get(name.slice(0, -4)))) await this.#drop(name.slice(0, -4))
    } catch (error) {
      log.error({ error: String(error) }, 'deleting old recordings failed; it is tried again')
    }
    this.#timer = clock.setTimeout(() => void this.#sweep(), sweepMs)
  }
}
