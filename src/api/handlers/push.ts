import { endpointFault } from '#channels'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { ApiFault, invalid, notFound } from '../fault.ts'

export const pushHandlers: HandlersOf<Under<'push'>> = {
  'GET /api/v1/push/key': ({ desk }) => ({ publicKey: pushOf(desk).publicKey }),

  'POST /api/v1/push/subscriptions': async ({ desk, viewer, person, body }) => {
    const push = pushOf(desk)
    const fault = endpointFault(body.endpoint, push.reachable)
    if (fault) throw invalid('endpoint', fault)
    if (viewer.kind !== 'person') throw notFound('session')
    await push.subscriptions.add(person.id, { ...body, loginId: viewer.loginId })
    return undefined
  },

  'DELETE /api/v1/push/subscriptions': async ({ desk, person, body }) => {
    if (!(await pushOf(desk).subscriptions.remove(person.id, body.endpoint))) throw notFound('subscription of yours')
    return undefined
  },
}

function pushOf({ push }: DeskParts): NonNullable<DeskParts['push']> {
  if (!push) throw new ApiFault(404, 'not-found', 'This server sends no notices to closed browsers.')
  return push
}
