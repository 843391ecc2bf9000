import type { Handler } from '../exchange.ts'
import { ApiFault, invalid } from '../fault.ts'

/** The built-in caller, where this is the demo. */
export const ringDemoCaller: Handler<'POST /api/v1/demo/caller'> = async ({ desk, body }) => {
  if (!desk?.ringDemoCaller) throw new ApiFault(404, 'not-found', 'Only the demo has a built-in caller.')
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
