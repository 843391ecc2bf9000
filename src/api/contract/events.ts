/**
 * The event WebSocket `/api/v1/events`.
 *
 * A page is recognised by its cookie. `?run=…&cursor=…` of the last message resumes: the server answers `resumed` and sends what was
 * missed, or a `snapshot` when that is too long ago or the server was started again. Programs without a cookie open it with
 * `?auth=message` and send `{"token": "…", "run": "…", "cursor": 7}` first (run and cursor only to resume); tokens never go into the
 * address. `people=1` adds people's presence; resume with it only where the connection before had it too. Codes of closing: 4401 log in (again), 1001 the server stops, 1008 a message that is not understood, 1013 too many
 * connections. One that reads too slowly is cut without a code (1006): come back and resume.
 */
import { z } from 'zod'
import { callbackNews } from './callbacks.ts'
import { callTrace, callView } from './calls.ts'
import { presenceOfPerson } from './people.ts'
import { queue } from './queues.ts'
import { id, line } from './shared.ts'

/** What the server sends on `/api/v1/events`. */
export const boardEvent = z.discriminatedUnion('type', [
  /** All live calls that this reader may see (the newest 500): replaces what was known. Comes first, and again when too much changed at once. */
  z.object({
    type: z.literal('snapshot'),
    /** Names the row of cursors; another value means that they began anew. */
    run: z.string(),
    cursor: z.number(),
    /** The server's clock, ms since 1970. */
    at: z.number(),
    total: z.number(),
    calls: z.array(callView),
    /** Whose calls these are: a person's id, or '' for the open board of the demo. */
    viewer: z.string().optional(),
  }),
  /** The connection goes on after the cursor that was named; what was missed follows. */
  z.object({ type: z.literal('resumed'), run: z.string(), cursor: z.number(), at: z.number(), total: z.number() }),
  z.object({
    type: z.literal('changes'),
    /** Higher than in the message before; numbers in between belong to calls of others. */
    cursor: z.number(),
    at: z.number(),
    /** Live calls that this reader may see. */
    total: z.number(),
    /** `gone`: the call goes on but is no longer this person's to see. */
    changes: z.array(z.object({ change: z.enum(['started', 'changed', 'ended', 'gone']), call: callView })),
  }),
  /**
   * Presence of people, for readers who opened the connection with `people=1`: after a snapshot everybody's (`all`), then what changed.
   * What was missed follows `resumed` like everything else.
   */
  z.object({
    type: z.literal('people'),
    cursor: z.number(),
    at: z.number(),
    all: z.boolean(),
    people: z.array(presenceOfPerson),
    /** Ids of people who were removed. */
    gone: z.array(z.string()),
  }),
  /**
   * A requested call was asked for or has changed, or an attempt took a step: to who asked, to supervisors and administrators. What was
   * missed follows `resumed` like everything else; after a snapshot ask `GET /api/v1/callbacks`.
   */
  callbackNews.extend({ type: z.literal('callback'), cursor: z.number(), at: z.number() }),
  /** Somebody left me a message, or one was heard or deleted: how many wait. Not repeated for who comes back: ask `GET /api/v1/voicemail`. */
  z.object({ type: z.literal('voicemail'), at: z.number(), fresh: z.number() }),
  /** A queue or its line changed: to supervisors and administrators. Not repeated for who comes back: ask `GET /api/v1/queues`. `queue` is null when it was removed. */
  z.object({ type: z.literal('queue'), at: z.number(), id: z.string(), queue: queue.nullable() }),
  /** New messages of the call that this page watches: entries and arrows from number `from` on, and all columns. */
  callTrace.extend({ type: z.literal('trace'), from: z.number() }),
])

/** What a page sends on `/api/v1/events`: the call whose messages it wants, or null for none. */
export const boardRequest = z.strictObject({ watch: z.string().min(1).max(128).nullable() })

/** The first message after `?auth=message`. */
export const eventHello = z.strictObject({
  token: z.string().min(1).max(200),
  run: line(64).optional(),
  cursor: z.int().min(0).optional(),
})
export const eventQuery = z.strictObject({
  run: id.optional(),
  cursor: z.coerce.number().int().min(0).optional(),
  auth: z.literal('message').optional(),
  /** Tell me of people's presence too; API tokens need `directory:read` for it. */
  people: z.literal('1').optional(),
})

export type BoardEvent = z.infer<typeof boardEvent>
export type BoardRequest = z.infer<typeof boardRequest>
export type EventHello = z.infer<typeof eventHello>
