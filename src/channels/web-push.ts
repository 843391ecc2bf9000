import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import webPush from 'web-push'
import type { Clock } from '#lib'
import { endpointFault, type MayReach } from './reach.ts'

/** Small durable values, as the database keeps them. */
export interface Values {
  get(key: string): Promise<string | undefined>
  put(key: string, value: string): Promise<void>
}

/** The keys that push services know this server by (VAPID, RFC 8292); base64url. */
export interface VapidKeys {
  readonly publicKey: string
  readonly privateKey: string
}

/** Where one browser is reached; `keys` are the browser's own (RFC 8291), base64url. */
export interface PushAddress {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** What a browser is told; it is encrypted for that browser alone. */
export interface PushNotice {
  readonly callId: string
  /** The call rings, or no longer does: the notice is taken away. */
  readonly state: 'ringing' | 'over'
  readonly title: string
  readonly body: string
  readonly language: 'en' | 'de'
}

/** `gone`: the browser has ended the subscription (404 or 410); it is to be forgotten. `busy`: too many notices are under way. */
export type PushResult = 'sent' | 'gone' | 'busy' | 'failed'

export interface WebPushOptions {
  readonly keys: VapidKeys
  /** Whom a push service may ask about us: `mailto:` or `https:`. */
  readonly subject: string
  readonly reachable: MayReach
  readonly clock: Clock
  /** Told why a notice was not sent. The endpoint is a secret: only its host is named. */
  readonly told?: (host: string, why: string) => void
}

/** How long a push service keeps a notice for a browser that is away, in seconds: about as long as a call rings. */
const keepSeconds = 30
const answerMs = 5_000
const mostAtOnce = 64
const keysName = 'push.vapid'

/** The server's keys, made on the first start and the same ever after: browsers' subscriptions are bound to them. */
export async function vapidKeys(values: Values): Promise<VapidKeys> {
  const kept = await values.get(keysName)
  if (kept !== undefined) return JSON.parse(kept) as VapidKeys
  const made = webPush.generateVAPIDKeys()
  await values.put(keysName, JSON.stringify(made))
  return made
}

/** Sends notices to browsers whose pages are closed (Web Push, RFC 8030). */
export class WebPush {
  readonly #options: WebPushOptions
  #underWay = 0

  constructor(options: WebPushOptions) {
    this.#options = options
  }

  get publicKey(): string {
    return this.#options.keys.publicKey
  }

  /** Sends one notice; never rejects. Resolves within five seconds. */
  async send(address: PushAddress, notice: PushNotice): Promise<PushResult> {
    if (this.#underWay >= mostAtOnce) return 'busy'
    this.#underWay++
    try {
      const status = await this.#post(address, notice)
      if (status === 404 || status === 410) return 'gone'
      if (status >= 200 && status < 300) return 'sent'
      this.#failed(address, `the push service answered ${status}`)
    } catch (error) {
      this.#failed(address, (error as Error).message)
    } finally {
      this.#underWay--
    }
    return 'failed'
  }

  #failed({ endpoint }: PushAddress, why: string): void {
    this.#options.told?.(URL.canParse(endpoint) ? new URL(endpoint).host : '', why)
  }

  #post(address: PushAddress, notice: PushNotice): Promise<number> {
    const { keys, subject, reachable, clock } = this.#options
    const fault = endpointFault(address.endpoint, reachable)
    if (fault) throw new Error(`the endpoint ${fault}`)
    const details = webPush.generateRequestDetails(address, JSON.stringify(notice), {
      vapidDetails: { subject, ...keys },
      TTL: keepSeconds,
      urgency: 'high',
      contentEncoding: 'aes128gcm',
      // A browser that was away gets the last word about a call only.
      ...(/^[\w-]{1,32}$/.test(notice.callId) ? { topic: notice.callId } : {}),
    })
    const url = new URL(address.endpoint)
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const { method, headers, body } = details
      const request = send(url, { method, headers, agent: false, lookup: checkedLookup(reachable) }, (response) => {
        resolve(response.statusCode ?? 0)
        // What else it says is of no use, and may be endless.
        response.destroy()
      })
      const limit = clock.setTimeout(() => request.destroy(new Error('the push service did not answer')), answerMs)
      request.on('error', reject)
      request.on('close', () => clock.clearTimeout(limit))
      request.end(body)
    })
  }
}

/** Looks names up and leaves out what may not be reached; the connection goes to exactly these addresses. */
function checkedLookup(reachable: MayReach): LookupFunction {
  return (host, options, callback) => {
    dnsLookup(host, { ...options, all: true }, (error, found: LookupAddress[] = []) => {
      const allowed = found.filter(({ address }) => reachable(address))
      const [first] = allowed
      if (error || !first) callback(error ?? new Error('the endpoint leads to no public address'), '', 0)
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
