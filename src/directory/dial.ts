import { type NumberPlan, telephoneDigits } from './number-plan.ts'
import type {
  Destination,
  DialDecision,
  DialOrigin,
  DialRefusal,
  Group,
  Person,
  QueueDestination,
  QueueEntry,
} from './types.ts'

/** Who can be reached inside, by what is dialled. */
export interface DialBook {
  byExtension(extension: string): Person | Group | QueueEntry | undefined
  byLogin(login: string): Person | undefined
  /** By E.164. */
  byNumber(number: string): Person | Group | QueueEntry | undefined
}

/** Everywhere a call can go. */
type Anywhere = Destination | QueueDestination

const refusals = {
  'not-found': { ok: false, refusal: 'not-found' },
  'international-not-allowed': { ok: false, refusal: 'international-not-allowed' },
  'premium-not-allowed': { ok: false, refusal: 'premium-not-allowed' },
  'emergency-not-allowed': { ok: false, refusal: 'emergency-not-allowed' },
  'trunk-to-outside': { ok: false, refusal: 'trunk-to-outside' },
} as const satisfies Record<DialRefusal, DialDecision>

const nothing = { premium: false, international: false }

/**
 * The dial policy: what a dialled string means for an origin, and whether it may go there.
 * Every way to dial asks here: calls, forwards, transfers, callbacks and 3xx answers.
 */
export function decide(dialled: string, origin: DialOrigin, plan: NumberPlan, book: DialBook): DialDecision<Anywhere> {
  const emergency = plan.emergency(dialled)
  if (emergency !== undefined) {
    // Before every rule: nothing stands between a person's own station and help.
    if (origin.kind === 'station') return { ok: true, destination: { kind: 'emergency', number: emergency } }
    return refusals['emergency-not-allowed']
  }
  if (origin.kind === 'trunk') return decideForTrunk(dialled, plan, book)

  const inside = book.byExtension(dialled) ?? book.byLogin(dialled) ?? book.byExtension(telephoneDigits(dialled) ?? '')
  if (inside) return { ok: true, destination: insideOf(inside, dialled) }
  const ours = book.byNumber(dialled)
  if (ours) return { ok: true, destination: insideOf(ours, dialled) }

  const telephone = plan.parse(dialled)
  if (!telephone) return refusals['not-found']
  const ring = book.byNumber(telephone.number)
  if (ring) return { ok: true, destination: insideOf(ring, telephone.number) }
  const allowed = origin.kind === 'service' ? nothing : origin.person.settings
  if (telephone.class === 'premium' && !allowed.premium) return refusals['premium-not-allowed']
  if (telephone.class === 'international' && !allowed.international) return refusals['international-not-allowed']
  return { ok: true, destination: { kind: 'outside', number: telephone.number, class: telephone.class } }
}

/** A trunk reaches our own numbers and nothing else, whatever format it sends them in. */
function decideForTrunk(dialled: string, plan: NumberPlan, book: DialBook): DialDecision<Anywhere> {
  const direct = book.byNumber(dialled)
  if (direct) return { ok: true, destination: insideOf(direct, dialled) }
  const telephone = plan.parse(dialled) ?? plan.parse(`+${dialled}`)
  if (!telephone) return refusals['not-found']
  const number = book.byNumber(telephone.number)
    ? telephone.number
    : // Many trunks send E.164 without its plus.
      plan.parse(`+${dialled}`)?.number
  const ours = number === undefined ? undefined : book.byNumber(number)
  if (ours && number !== undefined) return { ok: true, destination: insideOf(ours, number) }
  return refusals['trunk-to-outside']
}

function insideOf(target: Person | Group | QueueEntry, number: string): Anywhere {
  if ('login' in target) return { kind: 'person', person: target, number }
  if ('members' in target) return { kind: 'group', group: target, number }
  return { kind: 'queue', id: target.id, name: target.name, number }
}

/** Only what can be rung. */
export function decideToRing(dialled: string, origin: DialOrigin, plan: NumberPlan, book: DialBook): DialDecision {
  const decision = decide(dialled, origin, plan, book)
  if (!decision.ok) return decision
  const { destination } = decision
  return destination.kind === 'queue' ? refusals['not-found'] : { ok: true, destination }
}
