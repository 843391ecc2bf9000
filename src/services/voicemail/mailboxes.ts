import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core } from '#call'
import type { Group, Person, VoicemailRule } from '#directory'
import { type RecordedOutcome, readWav, repairWav, WavError } from '#media'
import type { VoicemailRow } from '#storage'

/** Whose messages: a person's, or those of a group, which all its members hear. */
export interface Mailbox {
  /** The person's or group's id. */
  readonly id: string
  readonly name: string
  readonly language: string
  readonly rule: VoicemailRule
  readonly people: readonly Person[]
}

/** What changed: whose mailbox, what it holds now, and the message where one came. */
export interface MailboxChange {
  readonly mailbox: string
  readonly fresh: number
  readonly heard: number
  readonly message?: VoicemailRow
}

/** What mailboxes need of the call core. */
export type MailboxCore = Pick<Core, 'clock' | 'log' | 'directory'> & {
  readonly storage: Pick<Core['storage'], 'voicemail'>
  readonly settings: Pick<Core['settings'], 'node'>
}

/** Shorter ones are somebody who has hung up. */
const shortestMs = 2_000
/** Longest greeting. */
const mostGreetingMs = 120_000
/** So old are files that belong to nobody; younger ones may be of a message that begins. */
const strayMs = 86_400_000
const samplesPerMs = 8
/** Messages that one step of a long job touches. */
const stepRows = 200

/** Messages with their sound: rows in the database, WAV files in the data folder. */
export class Mailboxes {
  readonly #core: MailboxCore
  readonly #folder: string
  readonly #counts = new Map<string, { fresh: number; heard: number }>()
  readonly #watchers = new Set<(change: MailboxChange) => void>()
  #uploads = 0

  /** @param folder below it are `messages` and `greetings` */
  constructor(core: MailboxCore, folder: string) {
    this.#core = core
    this.#folder = folder
  }

  /** Called after every change. Returns an unsubscribe function. */
  watch(listener: (change: MailboxChange) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** Keeps what a crashed run was recording, marked as cut off. @returns those messages */
  async start(): Promise<readonly VoicemailRow[]> {
    const rescued: VoicemailRow[] = []
    for (const row of await this.#storage.recording(this.#core.settings.node)) {
      const kept = await this.#keepCutOff(row)
      if (kept) rescued.push(kept)
    }
    for (const { ownerId, fresh, heard } of await this.#storage.allCounts()) this.#counts.set(ownerId, { fresh, heard })
    await this.#sweep()
    await this.#sweepGreetings()
    return rescued
  }

  /** Where a message's sound is. */
  fileOf(id: string): string {
    return join(this.#folder, 'messages', `${id}.wav`)
  }

  /** The mailbox of a person or group. */
  of(id: string): Mailbox | undefined {
    const { directory } = this.#core
    const person = directory.personById(id)
    if (person) {
      const { voicemail, language } = person.settings
      return { id, name: person.name, language, rule: voicemail, people: [person] }
    }
    const group = directory.groupById(id)
    return group && this.#ofGroup(group)
  }

  /** The mailboxes that a person hears: their own, and those of their groups. */
  heardBy(person: Person): readonly Mailbox[] {
    const groups = this.#core.directory.groups().filter(({ members }) => members.includes(person.id))
    return [this.of(person.id) as Mailbox, ...groups.map((group) => this.#ofGroup(group))]
  }

  /** Whether a person hears this mailbox. */
  hears(person: Person, id: string): boolean {
    return id === person.id || this.#core.directory.groupById(id)?.members.includes(person.id) === true
  }

  /** How many messages wait for a person, in their groups' mailboxes, too. */
  freshOf(person: Person): number {
    return this.heardBy(person).reduce((sum, { id }) => sum + this.countsOf(id).fresh, 0)
  }

  /** How many messages there are. */
  countsOf(id: string): { readonly fresh: number; readonly heard: number } {
    return this.#counts.get(id) ?? { fresh: 0, heard: 0 }
  }

  /** A message begins: it is on disk before anything is recorded. */
  async begin(row: VoicemailRow): Promise<void> {
    await mkdir(join(this.#folder, 'messages'), { recursive: true, mode: 0o700 })
    await this.#storage.begin(row)
  }

  /** A message has ended. @returns it as it is kept; `undefined` where nothing was said. */
  async keep(row: VoicemailRow, { how, ms, reason }: RecordedOutcome): Promise<VoicemailRow | undefined> {
    if (how === 'failed') {
      this.#core.log.error({ message: row.id, reason }, 'a message could not be recorded to its end')
      const kept = await this.#keepCutOff(row)
      if (kept) await this.#changed(row.ownerId, kept)
      return kept
    }
    if (ms < shortestMs) {
      await this.#drop(row.id)
      return undefined
    }
    const kept = await this.#store(row, ms, 0)
    await this.#changed(row.ownerId, kept)
    return kept
  }

  get(id: string): Promise<VoicemailRow | undefined> {
    return this.#storage.get(id)
  }

  /** Kept messages, the newest first. */
  list(
    owners: readonly string[],
    cursor: string | undefined,
    limit: number,
  ): Promise<{ messages: readonly VoicemailRow[]; next?: string }> {
    return this.#storage.list({ owners, limit, ...(cursor === undefined ? {} : { cursor }) })
  }

  /** Messages that were left in these calls. */
  ofCalls(callIds: readonly string[]): Promise<readonly VoicemailRow[]> {
    return this.#storage.ofCalls(callIds)
  }

  async heard({ id, ownerId, heardAt }: VoicemailRow, heard: boolean): Promise<void> {
    if ((heardAt !== null) === heard) return
    await this.#storage.heard(id, heard ? this.#core.clock.now() : null)
    await this.#changed(ownerId)
  }

  /** The row goes first: what is left after a crash is a file that nobody sees. */
  async remove({ id, ownerId }: VoicemailRow): Promise<void> {
    await this.#drop(id)
    await this.#changed(ownerId)
  }

  /** The message's WAV file; `undefined` where it is not in this server's data folder. */
  async audio(id: string): Promise<Buffer | undefined> {
    return readFile(this.fileOf(id)).catch(() => undefined)
  }

  /** Deletes what was heard before a time, and what was left before it to somebody who is gone; `undefined`: nothing. Then files without a message. */
  async retain(before: number | undefined): Promise<void> {
    while (before !== undefined) {
      const { removed, found } = await this.#storage.removeBefore(before, stepRows)
      for (const { id } of removed) await rm(this.fileOf(id), { force: true })
      for (const owner of new Set(removed.map(({ ownerId }) => ownerId))) await this.#changed(owner)
      // Those that were marked as new meanwhile are found no more.
      if (found < stepRows || removed.length === 0) break
    }
    await this.#sweep()
  }

  // ---- greetings -----------------------------------------------------------------------------------------------------------------

  /** The recording that callers hear; `undefined` where there is none, or it cannot be played. */
  async greeting(id: string): Promise<Int16Array | undefined> {
    const wav = await this.greetingFile(id)
    try {
      return wav && readWav(wav)
    } catch (error) {
      this.#core.log.warn({ mailbox: id, error: String(error) }, 'a greeting cannot be played')
      return undefined
    }
  }

  async greetingFile(id: string): Promise<Buffer | undefined> {
    return readFile(this.#greetingPath(id)).catch(() => undefined)
  }

  /** Whether callers hear a recording. */
  async isGreeted(id: string): Promise<boolean> {
    return stat(this.#greetingPath(id)).then(
      () => true,
      () => false,
    )
  }

  /** @throws WavError when it cannot be played, or lasts too long */
  async greet(id: string, wav: Buffer): Promise<void> {
    const ms = readWav(wav).length / samplesPerMs
    if (ms > mostGreetingMs)
      throw new WavError(`the greeting lasts ${Math.round(ms / 1000)} s; allowed are ${mostGreetingMs / 1000} s`)
    if (ms < 200) throw new WavError('the greeting is silent: it has no sound')
    await mkdir(join(this.#folder, 'greetings'), { recursive: true, mode: 0o700 })
    // Written beside and renamed: nobody ever hears half a greeting.
    const beside = `${this.#greetingPath(id)}.${process.pid}-${++this.#uploads}.new`
    await writeFile(beside, wav, { mode: 0o600 })
    await rename(beside, this.#greetingPath(id))
  }

  /** The spoken greeting is played again. */
  async resetGreeting(id: string): Promise<void> {
    await rm(this.#greetingPath(id), { force: true })
  }

  // --------------------------------------------------------------------------------------------------------------------------------

  get #storage() {
    return this.#core.storage.voicemail
  }

  #ofGroup({ id, name, members, voicemail }: Group): Mailbox {
    const people = members.flatMap((member) => this.#core.directory.personById(member) ?? [])
    return { id, name, language: people[0]?.settings.language ?? 'en', rule: voicemail, people }
  }

  #greetingPath(id: string): string {
    return join(this.#folder, 'greetings', `${id}.wav`)
  }

  /** Its file has no end: what there is of it is kept, and says that it is not whole. */
  async #keepCutOff(row: VoicemailRow): Promise<VoicemailRow | undefined> {
    const file = this.fileOf(row.id)
    let samples = 0
    try {
      await repairWav(file)
      samples = readWav(await readFile(file)).length
    } catch (error) {
      this.#core.log.warn({ message: row.id, error: String(error) }, 'of a message nothing was recorded')
    }
    if (samples > 0) return this.#store(row, Math.round(samples / samplesPerMs), 1)
    await this.#drop(row.id)
    return undefined
  }

  async #store(row: VoicemailRow, ms: number, partial: 0 | 1): Promise<VoicemailRow> {
    const mailbox = this.of(row.ownerId)
    const mail = mailbox?.rule.mail && mailbox.people.some(({ email }) => email !== '') ? 'due' : ''
    const kept = { ...row, state: 'kept', ms, partial, mail } as const
    await this.#storage.keep(kept)
    return kept
  }

  async #drop(id: string): Promise<void> {
    await this.#storage.remove(id)
    await rm(this.fileOf(id), { force: true })
  }

  async #changed(ownerId: string, message?: VoicemailRow): Promise<void> {
    const counts = await this.#storage.counts(ownerId)
    this.#counts.set(ownerId, counts)
    for (const watcher of this.#watchers) watcher({ mailbox: ownerId, ...counts, ...(message ? { message } : {}) })
  }

  async #sweep(): Promise<void> {
    const folder = join(this.#folder, 'messages')
    const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.wav'))
    for (let at = 0; at < names.length; at += stepRows) {
      const ids = names.slice(at, at + stepRows).map((name) => name.slice(0, -4))
      const known = await this.#storage.known(ids)
      for (const id of ids) if (!known.has(id)) await this.#removeStray(this.fileOf(id))
    }
  }

  /** Younger ones may be of a message that begins. */
  async #removeStray(path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined)
    if (found && this.#core.clock.now() - found.mtimeMs > strayMs) await rm(path, { force: true })
  }

  /** Of people and groups that are gone. Only at the start: what another server on the database has added since is not known here. */
  async #sweepGreetings(): Promise<void> {
    const names = await readdir(join(this.#folder, 'greetings')).catch((): string[] => [])
    for (const name of names)
      if (!name.endsWith('.wav') || !this.of(name.slice(0, -4)))
        await this.#removeStray(join(this.#folder, 'greetings', name))
  }
}
