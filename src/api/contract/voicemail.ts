/** Messages that callers leave. */
import { z } from 'zod'
import { id, pageQuery, time } from './shared.ts'

/** A mailbox: mine, or that of a group, which its members hear. */
export const mailbox = z.object({
  /** A person's or group's id. */
  id: z.string(),
  name: z.string(),
  kind: z.enum(['person', 'group']),
  /** Whether callers who reach nobody may leave a message. */
  on: z.boolean(),
  /** How many messages nobody has heard, and how many were heard. */
  fresh: z.number(),
  heard: z.number(),
  /** Callers hear a recording, or the spoken greeting. */
  greeting: z.enum(['recorded', 'spoken']),
})
/** `GET /api/v1/mailboxes`: my own first. */
export const mailboxList = z.object({ mailboxes: z.array(mailbox) })

/** A message in my mailbox, or in that of a group of mine. */
export const voicemailMessage = z.object({
  id: z.string(),
  mailbox: z.object({ id: z.string(), name: z.string(), kind: z.enum(['person', 'group']) }),
  caller: z.object({ number: z.string(), name: z.string(), personId: z.string() }),
  callId: z.string(),
  at: time,
  /** How long it is. */
  ms: z.number(),
  /** The server died while it was recorded: its end is missing. */
  partial: z.boolean(),
  heardAt: time.nullable(),
})

/** `GET /api/v1/voicemail?mailbox&limit&cursor`, newest first; `fresh`: how many have not been heard, in all mailboxes of mine. */
export const voicemailList = z.object({
  messages: z.array(voicemailMessage),
  fresh: z.number(),
  next: z.string().optional(),
})
export const voicemailQuery = z.strictObject({
  ...pageQuery,
  /** Only messages of this one. */
  mailbox: id.optional(),
})
/** `PATCH /api/v1/voicemail/{id}` */
export const voicemailPatch = z.strictObject({ heard: z.boolean() })

/** `PUT /api/v1/mailboxes/{id}/greeting`: a WAV file (16-bit PCM or G.711, 8 to 48 kHz) of at most two minutes, in base64. */
export const greetingBody = z.strictObject({
  wav: z
    .string()
    .min(1)
    .max(32_000_000)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'a WAV file in base64'),
})

export type Mailbox = z.infer<typeof mailbox>
export type VoicemailMessage = z.infer<typeof voicemailMessage>
export type VoicemailList = z.infer<typeof voicemailList>
