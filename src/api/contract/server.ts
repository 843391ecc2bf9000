/** What the server says about itself. */
import { z } from 'zod'
import { line } from './shared.ts'

/** `GET /api/v1/about`: what the first page says about this server. */
export const about = z.object({
  name: z.literal('Baton'),
  version: z.string(),
  demo: z.boolean(),
  /** Where phones register: the outbound proxy and the domain. */
  sip: z.object({ address: z.string(), domain: z.string() }).optional(),
  /** What a station dials, alone or before an extension, to take a call that rings a colleague. */
  pickupCode: z.string().optional(),
  /** What phones dial to hear their messages. */
  voicemailCode: z.string().optional(),
  /** The telephone of the demo's built-in caller, who plays a visitor of a website. */
  visitorNumber: z.string().optional(),
  /** The demo's people, whose passwords everybody may know; empty outside the demo. */
  people: z.array(z.object({ login: z.string(), name: z.string(), extension: z.string(), password: z.string() })),
})

/** `POST /api/v1/demo/caller`: the log-in of the demo person that the built-in caller rings. */
export const demoCallerBody = z.strictObject({ to: line(64, 1) })

/** `GET /readyz` */
export const readiness = z.object({ ready: z.boolean(), details: z.record(z.string(), z.unknown()) })

export type About = z.infer<typeof about>
export type Readiness = z.infer<typeof readiness>
