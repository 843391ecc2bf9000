import { parseUri } from '#sip'
import type { Branch } from './branch.ts'
import type { Call, CallHost } from './call.ts'
import { CallError } from './errors.ts'
import { planFor } from './plan.ts'
import type { Station } from './station.ts'

/**
 * Where a station's 3xx leads: its contact is dialled on behalf of the person who was called, so the same dial policy holds. Foreign
 * domains, other schemes and embedded headers lead nowhere.
 */
export function redirectTargets(call: Call, contact: string, branch: Branch): readonly Station[] {
  if (branch.station.kind !== 'device') return []
  const dialled = dialledOf(call.host, contact)
  if (dialled === undefined) return []
  try {
    const plan = planFor(
      dialled,
      { kind: 'on-behalf', person: branch.station.person },
      call.host.surroundings,
      call.planRequest(1),
    )
    return plan.steps.flatMap((step) => step.stations)
  } catch (error) {
    if (error instanceof CallError) return []
    throw error
  }
}

/** What to dial for a URI that a station hands us (3xx, REFER); `undefined` when it is none that we may follow. */
export function dialledOf(host: CallHost, text: string): string | undefined {
  const uri = parseUri(text)
  if (!uri.ok) return undefined
  const { scheme, user } = uri.value
  if (scheme === 'tel') return user
  if (scheme !== 'sip' && scheme !== 'sips') return undefined
  const ours =
    uri.value.host === host.core.settings.domain || host.core.transport.isOurs(uri.value.host, uri.value.port)
  return ours && user !== '' ? user : undefined
}
