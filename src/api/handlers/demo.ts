import type { Person } from '#directory'
import type { DeskParts, Handler } from '../exchange.ts'
import { ApiFault, invalid } from '../fault.ts'

/** The built-in caller, where this is the demo. */
export const ringDemoCaller: Handler<'POST /api/v1/demo/caller'> = async ({ desk, body }) => {
  if (!desk?.ringDemoCaller) throw new ApiFault(404, 'not-found', 'Only the demo has a built-in caller.')
  const called = desk.directory.personByLogin(body.to)
  if (called && desk.directory.bindingsOf(called.id).length === 0 && !isPushed(desk, called.id))
    throw nobodyThere(called)
  try {
    await desk.ringDemoCaller(body.to)
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown }
    if (code === 'unknown-person') throw invalid('to', message)
    if (code === 'busy') throw new ApiFault(409, 'busy', message)
    throw error
  }
  return undefined
}

function isPushed({ push }: DeskParts, personId: string): boolean {
  return push !== undefined && push.subscriptions.of(personId).length > 0
}

function nobodyThere({ name, login }: Person): ApiFault {
  return new ApiFault(
    409,
    'nobody-there',
    `${name} has no phone and no open desk, so nothing can ring: open /desk and log in as ${login} (password ${login}-demo), or register a phone, then try again.`,
  )
}
