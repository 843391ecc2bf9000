/** What is used of the `web-push` package, which brings no types. */
declare module 'web-push' {
  export function generateVAPIDKeys(): { publicKey: string; privateKey: string }
  export function generateRequestDetails(
    subscription: { endpoint: string; keys: { p256dh: string; auth: string } },
    payload: string,
    options: {
      vapidDetails: { subject: string; publicKey: string; privateKey: string }
      TTL: number
      urgency: 'high'
      topic?: string
      contentEncoding: 'aes128gcm'
    },
  ): { method: string; headers: Record<string, string | number>; body: Buffer; endpoint: string }
}
