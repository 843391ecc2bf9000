/** What goes over HTTP and the event WebSocket: the server is tested against these shapes, and the pages take their types from here. */
import { z } from 'zod'

/** Every error that the API answers with. */
export const apiError = z.object({
  /** A short stable word such as `not-found`. */
  code: z.string(),
  /** What was wrong and what is allowed. */
  message: z.string(),
  /** The query parameter or field that it is about. */
  field: z.string().optional(),
})

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
  startedAt: z.number(),
  answeredAt: z.number().optional(),
  branches: z.array(branchView),
  cause: z.string().optional(),
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
  startedAt: z.number(),
  answeredAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  answeredBy: z.object({ personId: z.string(), station: z.string() }),
  cause: z.string(),
  status: z.number(),
  endedBy: z.enum(['', 'caller', 'callee', 'server']),
  branches: z.array(z.looseObject({ station: z.string() })),
  quality: z.object({ caller: legQuality.optional(), callee: legQuality.optional() }),
})

/** `GET /api/v1/records?limit&cursor`, newest first. */
export const recordList = z.object({ records: z.array(callRecord), next: z.string().optional() })

/** `GET /api/v1/about`: what the first page says about this server. */
export const about = z.object({
  name: z.literal('Baton'),
  version: z.string(),
  demo: z.boolean(),
  /** Where phones register: the outbound proxy and the domain. */
  sip: z.object({ address: z.string(), domain: z.string() }).optional(),
  /** The demo's people, whose passwords everybody may know; empty outside the demo. */
  people: z.array(z.object({ login: z.string(), name: z.string(), extension: z.string(), password: z.string() })),
})

/** `GET /readyz` */
export const readiness = z.object({ ready: z.boolean(), details: z.record(z.string(), z.unknown()) })

/** What the server sends on `/api/v1/events`. */
export const boardEvent = z.discriminatedUnion('type', [
  /** All live calls (the newest 500); comes first, and again when too much changed at once. */
  z.object({
    type: z.literal('snapshot'),
    /** Another value means that the server was started again, so cursors began anew. */
    run: z.string(),
    cursor: z.number(),
    /** The server's clock, ms since 1970. */
    at: z.number(),
    total: z.number(),
    calls: z.array(callView),
  }),
  z.object({
    type: z.literal('changes'),
    /** One higher than in the message before. */
    cursor: z.number(),
    at: z.number(),
    total: z.number(),
    changes: z.array(z.object({ change: z.enum(['started', 'changed', 'ended']), call: callView })),
  }),
  /** New messages of the call that this page watches: entries and arrows from number `from` on, and all columns. */
  callTrace.extend({ type: z.literal('trace'), from: z.number() }),
])

/** What a page sends on `/api/v1/events`: the call whose messages it wants, or null for none. */
export const boardRequest = z.strictObject({ watch: z.string().min(1).max(128).nullable() })

export type ApiError = z.infer<typeof apiError>
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
export type About = z.infer<typeof about>
export type Readiness = z.infer<typeof readiness>
export type BoardEvent = z.infer<typeof boardEvent>
export type BoardRequest = z.infer<typeof boardRequest>
