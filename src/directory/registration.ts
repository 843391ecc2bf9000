import type { Binding, RegistrationRequest, RegistrationResult } from './types.ts'

/** Bounds on registrations, in seconds where not said otherwise. */
export interface RegistrationLimits {
  readonly maxBindingsPerAor: number
  readonly minExpires: number
  readonly maxExpires: number
  /** For a REGISTER that says nothing. */
  readonly defaultExpires: number
}

export const registrationDefaults: RegistrationLimits = {
  maxBindingsPerAor: 10,
  minExpires: 60,
  maxExpires: 3_600,
  defaultExpires: 3_600,
}

/** What a REGISTER changes: all of it or nothing. */
export interface RegistrationPlan {
  readonly ok: true
  readonly put: readonly Binding[]
  readonly removed: readonly Binding[]
}

type Refused = Extract<RegistrationResult, { ok: false }>

/**
 * Decides what a REGISTER does to the bindings of its AoR (RFC 3261 §10.3 steps 6 and 7, RFC 5626 §6).
 * @param current the AoR's live bindings
 * @param sameContact RFC 3261 §19.1.4 equality of two URIs
 */
export function planRegistration(
  request: RegistrationRequest,
  current: readonly Binding[],
  limits: RegistrationLimits,
  now: number,
  sameContact: (a: string, b: string) => boolean,
  newId: () => string,
): RegistrationPlan | Refused {
  const isLate = (binding: Binding) =>
    binding.callIdHeader === request.callIdHeader && binding.cseq >= request.cseq && current.includes(binding)
  if (request.removeAll) {
    if (current.some(isLate)) return { ok: false, refusal: 'out-of-order' }
    return { ok: true, put: [], removed: current }
  }
  const working = [...current]
  const removed = new Set<Binding>()
  const put = new Map<string, Binding>()
  for (const contact of request.contacts) {
    const asked = contact.expires < 0 ? limits.defaultExpires : contact.expires
    if (asked > 0 && asked < limits.minExpires) {
      return { ok: false, refusal: 'interval-too-brief', minExpires: limits.minExpires }
    }
    const matches = working.filter((binding) => isSame(binding, contact, sameContact))
    if (matches.some(isLate)) return { ok: false, refusal: 'out-of-order' }
    for (const match of matches) working.splice(working.indexOf(match), 1)
    const kept = asked > 0 ? matches[0] : undefined
    for (const match of matches) {
      put.delete(match.id)
      const stored = match === kept ? undefined : current.find((one) => one.id === match.id)
      if (stored) removed.add(stored)
    }
    if (asked === 0) continue
    const binding: Binding = {
      id: kept?.id ?? newId(),
      deviceId: request.device.id,
      device: request.device,
      aor: request.aor,
      contact: contact.uri,
      instance: contact.instance,
      regId: contact.regId,
      q: contact.q,
      callIdHeader: request.callIdHeader,
      cseq: request.cseq,
      path: JSON.stringify(request.path),
      protocol: request.flow.protocol,
      remoteAddress: request.flow.remoteAddress,
      remotePort: request.flow.remotePort,
      flowId: request.flow.id,
      userAgent: request.userAgent,
      push: contact.push,
      registeredAt: kept?.registeredAt ?? now,
      expiresAt: now + Math.min(asked, limits.maxExpires) * 1_000,
    }
    working.push(binding)
    put.set(binding.id, binding)
  }
  if (working.length > limits.maxBindingsPerAor && working.length > current.length) {
    return { ok: false, refusal: 'too-many-bindings' }
  }
  return { ok: true, put: [...put.values()], removed: [...removed] }
}

/** The same instance and reg-id from any address (RFC 5626 §6), else the same URI; two instances never share a binding. */
function isSame(
  binding: Binding,
  contact: RegistrationRequest['contacts'][number],
  sameContact: (a: string, b: string) => boolean,
): boolean {
  const outbound = contact.instance !== '' && contact.regId > 0
  if (outbound && binding.instance !== '' && binding.regId > 0) {
    return binding.instance === contact.instance && binding.regId === contact.regId
  }
  return binding.contact === contact.uri || sameContact(binding.contact, contact.uri)
}
