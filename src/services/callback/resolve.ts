import type { DialOrigin, Directory, Person } from '#directory'
import type { QueueLines } from '../types.ts'
import type { Asker, AskerNumber } from './asker.ts'
import type { RefusalCode } from './texts.ts'
import type { CallbackParty } from './types.ts'
import type { Party, Question } from './understanding/index.ts'

/** One side of a call, ready to be rung. */
export interface Side {
  readonly party: CallbackParty
  /** An outside number that is rung, E.164; '' for people and groups of ours. */
  readonly outside: string
  /** The person of ours who is rung, '' for others. */
  readonly personId: string
  /** It is the asker's own telephone, shown as such; with what they call it. */
  readonly own?: AskerNumber
}

export type Resolved =
  | { readonly kind: 'side'; readonly side: Side }
  | { readonly kind: 'ask'; readonly question: Question }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly what: string }

export interface Surroundings {
  readonly directory: Directory
  /** Own names of the server in addresses: `baton.local`. */
  readonly domain: string
  /** Person on whose account outside numbers are dialled for askers who are not of ours; '' for nobody's. */
  readonly account: string
  ofSession(id: string): Promise<Asker | undefined>
  /** Queues of ours. */
  readonly lines?: Pick<QueueLines, 'opensAt'>
}

/** Who is rung first, by the dial policy. */
export async function calledOf(party: Party | undefined, asker: Asker, around: Surroundings): Promise<Resolved> {
  if (!party || party.kind === 'asker')
    return { kind: 'ask', question: { about: 'called', why: 'missing', said: '', choices: [] } }
  if (party.kind === 'session') {
    const other = await around.ofSession(party.id)
    const line = other && (await lineOf(other, '', around))
    if (!line) return { kind: 'ask', question: unknown('called', party.id) }
    if (!asker.person && line.outside !== '') return refused('outside-not-allowed', '')
    return { kind: 'side', side: withoutOwn(line) }
  }
  const resolved = dialled(party, asker, around)
  // Whoever is not of ours has nothing to order but a call with us.
  if (resolved.kind === 'side' && !asker.person && resolved.side.outside !== '')
    return refused('outside-not-allowed', '')
  return resolved
}

/** Who is rung when the called has answered: without a word about it the asker. */
export async function callerOf(party: Party | undefined, asker: Asker, around: Surroundings): Promise<Resolved> {
  if (!party || party.kind === 'asker') {
    const line = party?.line ?? ''
    const side = await lineOf(asker, line, around)
    return side ? { kind: 'side', side } : { kind: 'ask', question: unknown('caller', line) }
  }
  if (party.kind === 'session') {
    const other = await around.ofSession(party.id)
    const side = other && (await lineOf(other, '', around))
    return side ? { kind: 'side', side } : { kind: 'ask', question: unknown('caller', party.id) }
  }
  // Whoever is not of ours speaks for their own telephone only.
  if (!asker.person && (party.kind === 'person' || party.kind === 'group'))
    return { kind: 'ask', question: unknown('caller', '') }
  const resolved = dialled(party, asker, around)
  // A queue answers nobody's telephone.
  if (resolved.kind === 'side' && resolved.side.party.queue !== undefined)
    return { kind: 'ask', question: unknown('caller', '') }
  if (resolved.kind !== 'side' || party.kind !== 'number') return resolved
  const { side } = resolved
  if (side.personId !== '' && side.personId === asker.person?.id) return { kind: 'side', side: asOwn(side, '', true) }
  if (side.outside === '' && asker.person) return resolved
  const known = asker.numbers.find(({ number }) => number === party.number)
  return { kind: 'side', side: asOwn(side, known?.label ?? '', known?.verified === true) }
}

/** The telephone of somebody who asks: as they call it, or the one they used last. */
async function lineOf(asker: Asker, line: string, around: Surroundings): Promise<Side | undefined> {
  const { person } = asker
  const labelled = line === '' ? undefined : asker.numbers.find(({ label }) => label === line)
  if (person && !labelled && (line === '' || line === 'work')) return sideOfPerson(person)
  const best =
    labelled ?? (line === '' ? (asker.numbers.findLast((one) => one.verified) ?? asker.numbers.at(-1)) : undefined)
  if (!best) return undefined
  const resolved = dialled({ kind: 'number', number: best.number, name: '' }, asker, around)
  return resolved.kind === 'side' ? asOwn(resolved.side, best.label, best.verified) : undefined
}

function asOwn(side: Side, label: string, verified: boolean): Side {
  const { party } = side
  const number = side.outside || party.dial
  // Only who sits there can say that it is their telephone.
  const asked = verified ? party : { ...party, pressOne: true }
  return { ...side, party: asked, own: { number, label, verified } }
}

function withoutOwn({ party, outside, personId }: Side): Side {
  return { party, outside, personId }
}

function sideOfPerson(person: Person): Side {
  const dial = person.extension || person.login
  const own = { number: dial, label: '', verified: true }
  return { party: { dial, name: person.name }, outside: '', personId: person.id, own }
}

function sideOfQueue(queue: string, name: string, dial: string): Side {
  return { party: { dial, name, queue }, outside: '', personId: '' }
}

/** What is dialled for somebody, where the dial policy allows it. */
function dialled(party: Exclude<Party, { kind: 'asker' | 'session' }>, asker: Asker, around: Surroundings): Resolved {
  const { directory } = around
  switch (party.kind) {
    case 'person': {
      const person = directory.personById(party.id)
      return person ? { kind: 'side', side: withoutOwn(sideOfPerson(person)) } : refused('not-found', party.name)
    }
    case 'group': {
      const group = directory.groupById(party.id)
      if (!group || group.extension === '') return refused('not-found', party.name)
      return { kind: 'side', side: { party: { dial: group.extension, name: group.name }, outside: '', personId: '' } }
    }
    case 'queue': {
      const queue = directory.queues().find(({ id }) => id === party.id)
      if (!queue) return refused('not-found', party.name)
      const { id, name, extension, numbers } = queue
      return { kind: 'side', side: sideOfQueue(id, name, extension || numbers[0] || name) }
    }
    case 'address': {
      const dial = atOurs(party.uri, around)
      return dial === undefined ? refused('not-found', party.uri) : byPolicy(dial, '', asker, around)
    }
    case 'number':
      return byPolicy(party.number, party.name, asker, around)
  }
}

function byPolicy(dial: string, name: string, asker: Asker, { directory, account }: Surroundings): Resolved {
  const person = asker.person ?? directory.personById(account)
  const origin: DialOrigin = person ? { kind: 'on-behalf', person } : { kind: 'service' }
  const decision = directory.destinationOf(dial, origin)
  if (!decision.ok) {
    const code = decision.refusal === 'trunk-to-outside' ? 'not-found' : decision.refusal
    return refused(code, dial)
  }
  const { destination } = decision
  switch (destination.kind) {
    case 'person':
      return {
        kind: 'side',
        side: { party: { dial, name: destination.person.name }, outside: '', personId: destination.person.id },
      }
    case 'group':
      return { kind: 'side', side: { party: { dial, name: destination.group.name }, outside: '', personId: '' } }
    case 'queue':
      return { kind: 'side', side: sideOfQueue(destination.id, destination.name, dial) }
    case 'outside':
      return {
        kind: 'side',
        side: { party: { dial: destination.number, name }, outside: destination.number, personId: '' },
      }
    case 'emergency':
      return refused('emergency-not-allowed', dial)
    case 'unknown':
      return refused('not-found', dial)
  }
}

/** What is dialled for `sip:anna@baton.local` or for a telephone at a network address: only what is ours is rung. */
function atOurs(uri: string, { directory, domain }: Surroundings): string | undefined {
  const match = /^sips?:(?:([^@;?]+)@)?(\[[^\]]+\]|[^:;?]+)(?::(\d{1,5}))?/i.exec(uri)
  const [, user, named = '', port] = match ?? []
  const host = named.replace(/^\[|\]$/g, '').toLowerCase()
  if (user !== undefined && host === domain) return user
  if (user !== undefined) return undefined
  const there = directory
    .people()
    .filter(({ id }) =>
      directory
        .bindingsOf(id)
        .some((one) => one.remoteAddress === host && (port === undefined || one.remotePort === Number(port))),
    )
  const [one, ...others] = there
  return one && others.length === 0 ? one.extension || one.login : undefined
}

function unknown(about: 'called' | 'caller', said: string): Question {
  return { about, why: 'unknown', said, choices: [] }
}

function refused(code: RefusalCode, what: string): Resolved {
  return { kind: 'refused', code, what }
}
