import type { Binding } from '#directory'
import type { Core } from './core.ts'
import { presentedOf, waysTo } from './station.ts'

/** What a NOTIFY outside a dialog says. */
export interface Unasked {
  readonly event: string
  readonly contentType: string
  readonly body: string
}

/**
 * Tells one registered contact something that it did not subscribe to: a NOTIFY outside a dialog, as phones take it for their own account.
 * @returns the status of the answer; 0 where nobody answered or nothing leads there
 */
export async function notifyBinding(
  core: Core,
  binding: Binding,
  { event, contentType, body }: Unasked,
): Promise<number> {
  const person = core.directory.personById(binding.device.personId)
  if (!person) return 0
  const station = { kind: 'device', name: binding.device.name, person, binding } as const
  const [way] = await waysTo(core, station, presentedOf(person), '')
  if (!way) return 0
  const { uri, target, to, routeSet } = way
  const answer = await core.ua.request({
    ...{ method: 'NOTIFY', uri, target, from: to, to, body },
    headers: [
      ...routeSet.map((route) => ['Route', route] as const),
      ['Event', event],
      ['Subscription-State', 'terminated'],
      ['Content-Type', contentType],
    ],
  })
  return answer?.status ?? 0
}
