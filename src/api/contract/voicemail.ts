/** Messages that callers leave. */
import { z } from 'zod'
import { pageQuery, time } from './shared.ts'

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

/** `GET /api/v1/voicemail?limit&cursor`, newest first; `fresh`: how many have not been heard. */
export const voicemailList = z.object({
  messages: z.array(voicemailMessage),
  fresh: z.number(),
  next: z.string().optional(),
})
export const voicemailQuery = z.strictObject(pageQuery)
/** `PATCH /api/v1/voicemail/{id}` */
export const voicemailPatch = z.strictObject({ heard: z.boolean() })

/** `PUT /api/v1/greeting`: a WAV file (16-bit PCM or G.711, 8 to 48 kHz) of at most two minutes, in base64. */
export const greetingBody = z.strictObject({
  wav: z
    .string()
    .min(1)
    .max(32_000_000)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'a WAV file in base64'),
})

export type VoicemailMessage = z.infer<typeof voicemailMessage>
export type VoicemailList = z.infer<typeof voicemailList>
