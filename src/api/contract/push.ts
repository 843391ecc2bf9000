/** Browsers that ring while the desk is closed (Web Push). */
import { z } from 'zod'
import { line } from './shared.ts'

const base64url = (least: number, longest: number) =>
  z
    .string()
    .min(least)
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/, 'base64url')

/** `GET /api/v1/push/key` */
export const pushKey = z.object({ publicKey: z.string() })

const endpoint = line(1000, 1)

/** `POST /api/v1/push/subscriptions`: what the browser's PushManager gave. */
export const pushSubscriptionBody = z.strictObject({
  endpoint,
  keys: z.strictObject({ p256dh: base64url(87, 87), auth: base64url(22, 22) }),
})

/** `DELETE /api/v1/push/subscriptions` */
export const pushSubscriptionEnd = z.strictObject({ endpoint })
