/** What people took over from colleagues, for billing: one entry for each pickup that was asked for. */
import { z } from 'zod'
import { id, pageQuery, time } from './shared.ts'

const party = z.object({ number: z.string(), name: z.string(), personId: z.string() })

export const chargeState = z.enum(['open', 'closed', 'void'])

/** Opened when the pickup is asked for, closed at hang-up, void when the pickup failed; times are ms since 1970. */
export const charge = z.object({
  id: z.string(),
  callId: z.string(),
  kind: z.enum(['pickup']),
  state: chargeState,
  /** Whose account it is on. */
  account: z.object({ personId: z.string(), name: z.string() }),
  caller: party,
  /** Whom the call was for. */
  called: party,
  /** The station that took the call. */
  pickedUpBy: z.string(),
  /** How long it rang where until the pickup was asked for. */
  rang: z.array(z.object({ station: z.string(), personId: z.string(), ms: z.number() })),
  openedAt: time,
  answeredAt: time.nullable(),
  endedAt: time.nullable(),
  /** Why it is void, or the cause with which the call ended; '' while it is open. */
  reason: z.string(),
})

/** `GET /api/v1/charges`, newest first. */
export const chargeList = z.object({ charges: z.array(charge), next: z.string().optional() })

const moment = (name: string) =>
  z.coerce
    .number({ error: `${name} must be ms since 1970` })
    .int(`${name} must be ms since 1970`)
    .min(0, `${name} must be ms since 1970`)
    .optional()

/** What narrows the list: whose account, and opened in which time (`from` included, `to` not). */
const narrowed = { person: id.optional(), state: chargeState.optional(), from: moment('from'), to: moment('to') }

export const chargeQuery = z.strictObject({ ...pageQuery, ...narrowed })
export const chargeExport = z.strictObject(narrowed)

export type Charge = z.infer<typeof charge>
export type ChargeList = z.infer<typeof chargeList>
