import { type Group, type Person, type Sight, sightOf } from '#directory'
import type { Call, CallHost } from './call.ts'
import { partOf } from './call-people.ts'
import { entriesOf, type WatchedParty } from './dialog-entries.ts'
import { type DialogEntry, dialogElements, dialogInfo } from './dialog-info-xml.ts'
import type { CallErrorCode } from './errors.ts'
import { userPart } from './station.ts'
import type { EventPackage, Watched } from './subscriptions.ts'

/** Dialogs that one NOTIFY tells of: what rings comes first. Bounds its size, also over UDP. */
const MOST_DIALOGS = 40

/** Watchers that are told in one turn of the event loop: calls go on between many. */
const AT_ONCE = 200

const nothing: readonly DialogEntry[] = []

/**
 * The dialog event package (RFC 4235): the lamps of BLF keys.
 *   watcher          server            bob (102)
 *     |--SUBSCRIBE----->|                  |       sip:102@…, Event: dialog
 *     |<--200, NOTIFY---|                  |       nothing
 *     |                 |---INVITE-------->|
 *     |<--NOTIFY--------|                  |       trying: call-id, our tag, who calls
 *     |                 |<--180------------|
 *     |<--NOTIFY--------|                  |       early: both tags, so that an INVITE with Replaces finds the dialog
 */
export class DialogEvents implements EventPackage {
  readonly event = 'dialog'
  readonly contentType = 'application/dialog-info+xml'
  readonly expires = { default: 3600, min: 60, max: 7200 }
  readonly #host: CallHost
  readonly #live: () => Iterable<Call>
  /** What is watched, by the id of the person or group; calls that concern nobody in here cost nothing. */
  readonly #parties = new Map<string, Party>()
  readonly #groups = new Set<Party>()
  /** Who shows dialogs of a call. */
  readonly #showing = new Map<Call, Set<Party>>()

  /** @param live all calls, asked when somebody is watched for the first time */
  constructor(host: CallHost, live: () => Iterable<Call>) {
    this.#host = host
    this.#live = live
  }

  watch(watcher: Person, user: string, changed: () => void): Watched | CallErrorCode {
    const { directory, settings } = this.#host.core
    const decision = directory.dial(user, { kind: 'station', person: watcher })
    const found = decision.ok ? decision.destination : undefined
    const target = found?.kind === 'person' ? found.person : found?.kind === 'group' ? found.group : undefined
    if (!target) return 'not-found'
    const sight = (): Sight => {
      const person = directory.personById(watcher.id)
      return person ? sightOf(directory, person, target.id) : 'none'
    }
    if (sight() === 'none') return 'not-allowed'
    const party = this.#party(target)
    const view = new View(party, `sip:${userPart(user)}@${settings.domain}`, sight)
    party.watchers.add(changed)
    return {
      state: () => view.next(),
      stop: () => {
        party.watchers.delete(changed)
        if (party.watchers.size === 0) this.#forget(party)
      },
    }
  }

  /** Something about a call has changed: whoever watches somebody in it is told, where it makes a difference. */
  changed(call: Call): void {
    if (this.#parties.size === 0) return
    try {
      this.#update(call)
    } catch (error) {
      // A lamp must not cost a call.
      this.#host.core.log.error(
        { error: String((error as Error)?.stack ?? error) },
        'telling watchers of a call failed',
      )
    }
  }

  #update(call: Call): void {
    const before = this.#showing.get(call)
    const concerned = new Set(before)
    for (const id of partOf(call)) {
      const party = this.#parties.get(id)
      if (party) concerned.add(party)
    }
    for (const party of this.#groups) concerned.add(party)
    for (const party of concerned) {
      if (this.#show(party, call)) this.#tell([...party.watchers])
    }
  }

  #tell(watchers: readonly (() => void)[]): void {
    for (const tell of watchers.slice(0, AT_ONCE)) tell()
    if (watchers.length <= AT_ONCE) return
    this.#host.core.clock.setTimeout(() => this.#tell(watchers.slice(AT_ONCE)), 0)
  }

  /** Brings what a party shows of a call up to date; false when that makes no difference. */
  #show(party: Party, call: Call): boolean {
    const entries = entriesOf(call, party, this.#host.core.settings)
    if (!party.show(call, entries)) return false
    const showing = this.#showing.get(call) ?? new Set()
    if (entries.length > 0) {
      showing.add(party)
      this.#showing.set(call, showing)
    } else {
      showing.delete(party)
      if (showing.size === 0) this.#showing.delete(call)
    }
    return true
  }

  #party(target: Person | Group): Party {
    const known = this.#parties.get(target.id)
    if (known) return known
    const party = new Party(target.id, () => this.#host.core.directory.groupById(target.id))
    this.#parties.set(party.id, party)
    if (!('login' in target)) this.#groups.add(party)
    for (const call of this.#live()) this.#show(party, call)
    return party
  }

  #forget(party: Party): void {
    this.#parties.delete(party.id)
    this.#groups.delete(party)
    for (const [call, showing] of this.#showing) {
      if (showing.delete(party) && showing.size === 0) this.#showing.delete(call)
    }
  }
}

/** A person or group that somebody watches, with the dialogs that they have now. */
class Party implements WatchedParty {
  readonly id: string
  readonly watchers = new Set<() => void>()
  readonly #groupNow: () => Group | undefined
  readonly #calls = new Map<Call, readonly DialogEntry[]>()
  #entries: readonly DialogEntry[] = nothing
  /** The last text, for all watchers who saw the same before: most do. */
  #text = { before: nothing, withRemote: false, of: nothing, xml: '' }

  constructor(id: string, groupNow: () => Group | undefined) {
    this.id = id
    this.#groupNow = groupNow
  }

  get group(): Group | undefined {
    return this.#groupNow()
  }

  has(personId: string): boolean {
    return personId === this.id || this.group?.members.includes(personId) === true
  }

  /** @returns whether anything is different now */
  show(call: Call, entries: readonly DialogEntry[]): boolean {
    const before = this.#calls.get(call) ?? nothing
    if (same(before, entries)) return false
    if (entries.length === 0) this.#calls.delete(call)
    else this.#calls.set(call, entries)
    const all = [...this.#calls.values()].flat()
    const rings = (entry: DialogEntry) => entry.state !== 'confirmed'
    this.#entries = [...all.filter(rings), ...all.filter((entry) => !rings(entry))].slice(0, MOST_DIALOGS)
    return true
  }

  get entries(): readonly DialogEntry[] {
    return this.#entries
  }

  /** What is told to somebody who has seen `before`: the dialogs now, and those of `before` that are over. */
  text(before: readonly DialogEntry[], withRemote: boolean): string {
    const last = this.#text
    if (last.of === this.#entries && last.before === before && last.withRemote === withRemote) return last.xml
    const over = before.filter(({ callId }) => !this.#entries.some((entry) => entry.callId === callId))
    const xml = dialogElements(this.#entries, over, withRemote)
    this.#text = { before, withRemote, of: this.#entries, xml }
    return xml
  }
}

/** What one subscription has seen. */
class View {
  readonly #party: Party
  readonly #entity: string
  readonly #sight: () => Sight
  #version = 0
  #seen: readonly DialogEntry[] = nothing

  constructor(party: Party, entity: string, sight: () => Sight) {
    this.#party = party
    this.#entity = entity
    this.#sight = sight
  }

  /** The body of the next NOTIFY; `undefined` when the right is gone. */
  next(): string | undefined {
    const sight = this.#sight()
    if (sight === 'none') return undefined
    const text = this.#party.text(this.#seen, sight === 'all')
    this.#seen = this.#party.entries
    return dialogInfo(this.#entity, this.#version++, text)
  }
}

function same(before: readonly DialogEntry[], now: readonly DialogEntry[]): boolean {
  return before.length === now.length && (now.length === 0 || JSON.stringify(before) === JSON.stringify(now))
}
