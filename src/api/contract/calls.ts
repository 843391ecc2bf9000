/** Live calls, acts on them, their traces and records. */
import { z } from 'zod'
import { contactSummary } from './contacts.ts'
import { dialled, id, line, pageQuery, time } from './shared.ts'

const party = z.object({ number: z.string(), name: z.string(), personId: z.string() })

export const branchView = z.object({
  station: z.string(),
  personId: z.string(),
  state: z.enum(['calling', 'ringing', 'answered', 'ended']),
  outcome: z.string().optional(),
  by: z.string().optional(),
  ringMs: z.number(),
})

/** One live call; times are ms since 1970. */
export const callView = z.object({
  id: z.string(),
  state: z.enum(['ringing', 'answered', 'ended']),
  held: z.boolean(),
  direction: z.enum(['in', 'out', 'internal']),
  caller: party,
  callee: party,
  trunk: z.string(),
  answeredBy: z.string(),
  startedAt: time,
  answeredAt: time.optional(),
  branches: z.array(branchView),
  cause: z.string().optional(),
  /** It rings a colleague, and this viewer may take it: `POST …/pickup`. */
  mayPickUp: z.boolean(),
  /** It rings a colleague, and who calls is not for this viewer to see: `caller` and `trunk` are blank. */
  callerHidden: z.boolean(),
})

/** `GET /api/v1/calls` */
export const callList = z.object({ calls: z.array(callView), total: z.number() })

export const traceEntry = z.object({
  at: z.number(),
  direction: z.enum(['in', 'out']),
  peer: z.string(),
  text: z.string(),
})

export const ladderColumn = z.object({ id: z.string(), label: z.string() })

export const ladderArrow = z.object({
  after: z.number(),
  from: z.number(),
  to: z.number(),
  kind: z.enum(['request', 'provisional', 'success', 'failure', 'note']),
  label: z.string(),
  reason: z.string(),
  repeated: z.boolean(),
})

/** `GET /api/v1/calls/{id}/trace`: arrow n of the ladder stands for entry n. */
export const callTrace = z.object({
  id: z.string(),
  entries: z.array(traceEntry),
  columns: z.array(ladderColumn),
  arrows: z.array(ladderArrow),
})

const legQuality = z.object({
  packetsReceived: z.number(),
  packetsSent: z.number(),
  bytesReceived: z.number(),
  bytesSent: z.number(),
  lost: z.number(),
  jitterMs: z.number(),
  codec: z.string().optional(),
})

/** One call that is over or still goes on, as history shows it. */
export const callRecord = z.object({
  id: z.string(),
  state: z.enum(['live', 'ended', 'interrupted']),
  direction: z.enum(['in', 'out', 'internal']),
  caller: party,
  callee: party,
  /** What was dialled, normalised. */
  dialled: z.string(),
  trunk: z.string(),
  startedAt: time,
  answeredAt: time.nullable(),
  endedAt: time.nullable(),
  answeredBy: z.object({ personId: z.string(), station: z.string() }),
  cause: z.string(),
  status: z.number(),
  endedBy: z.enum(['', 'caller', 'callee', 'server']),
  branches: z.array(z.looseObject({ station: z.string() })),
  /** The caller left a message; `id` where it is this viewer's to hear. */
  message: z.object({ ms: z.number(), id: z.string().optional() }).optional(),
  quality: z.object({ caller: legQuality.optional(), callee: legQuality.optional() }),
})

/** `GET /api/v1/records?limit&cursor`, newest first. */
export const recordList = z.object({ records: z.array(callRecord), next: z.string().optional() })

/** `person` and `number` narrow the list; supervisors and administrators see everybody's calls, others their own only. */
export const recordQuery = z.strictObject({ ...pageQuery, person: id.optional(), number: line(64).optional() })

/** `POST /api/v1/calls`: `from` is the device id or name of one of my stations, by default the preferred one. */
export const originateBody = z.strictObject({ to: dialled, from: line(128, 1).optional() })
/** `POST …/answer`: only this station keeps ringing; a device id, a device name or a station as a branch names it. */
export const answerBody = z.strictObject({ station: line(128, 1) })
/** `POST …/pickup`: a device id or name of mine that is to take the call; without it all my stations ring. */
export const pickupBody = z.strictObject({ station: line(128, 1).optional() })
/** `POST …/divert` and `POST …/transfer`; a ringing call is diverted to `voicemail`, too: my own. */
export const targetBody = z.strictObject({ to: dialled })
/** What acts answer: the call that was acted on or made. */
export const callActed = z.object({ id: z.string() })

/** `GET /api/v1/calls/{id}/card`: what is known about the other side of one of my calls. */
export const callCard = z.object({
  id: z.string(),
  /** The other side as seen by this person: the caller of a call that comes in. */
  party: z.object({ number: z.string(), name: z.string(), company: z.string(), personId: z.string() }),
  /** The contact that this number belongs to. */
  contact: contactSummary.optional(),
  /** Open notes of the contact, newest first, at most 20. */
  notes: z.array(
    z.object({ id: z.string(), at: time, author: z.string(), text: z.string(), callId: z.string().optional() }),
  ),
  /** The latest calls with this number that this person may see, newest first, at most 10, without this one. */
  pastCalls: z.array(callRecord),
  /** Which of our numbers, groups or extensions was called. */
  called: z.object({ number: z.string(), name: z.string(), kind: z.enum(['person', 'group', 'outside']) }),
  /** Set where the server makes the call because a message asked for it. */
  requested: z
    .object({
      /** By what the message came: `mail`, `xmpp`, `web`, `api`, `queue` (who kept a place in one) … */
      channel: z.string(),
      /** What it was about, in the asker's words; the queue's name for a kept place. */
      note: z.string(),
      /** Whether this person asked. */
      mine: z.boolean(),
      createdAt: time,
    })
    .optional(),
})

export type BranchShape = z.infer<typeof branchView>
export type CallShape = z.infer<typeof callView>
export type CallList = z.infer<typeof callList>
export type TraceEntryShape = z.infer<typeof traceEntry>
export type LadderColumnShape = z.infer<typeof ladderColumn>
export type LadderArrowShape = z.infer<typeof ladderArrow>
export type CallTraceShape = z.infer<typeof callTrace>
export type LegQuality = z.infer<typeof legQuality>
export type CallRecord = z.infer<typeof callRecord>
export type RecordList = z.infer<typeof recordList>
export type CallCard = z.infer<typeof callCard>
