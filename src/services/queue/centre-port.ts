import { lookup } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { z } from 'zod'
import { hostOf, mayReach } from '#channels'
import type { Clock } from '#lib'
import type { CentreWait } from './types.ts'

/** A calling centre of somebody else that says by HTTP how long one would wait. Configured, never taken from a message. */
export interface Centre {
  /** The telephone number that it is called by, E.164. */
  readonly number: string
  /** Answers GET with {@link CentreWait}, as `GET /api/v1/queues/{id}/wait` of this server does. */
  readonly url: string
  /** It is in our own network: private and loopback addresses are asked too. Default false. */
  readonly inside?: boolean
  /** Once its wait is no longer than this, who asked for the call is rung; default: only when a person there has pressed the key. */
  readonly ringAtSeconds?: number | undefined
}

export interface CentrePortParts {
  readonly centres: readonly Centre[]
  readonly clock: Clock
  /** Told why a centre was not asked, or what was wrong with its answer. */
  readonly failed?: (sentence: string) => void
}

/** What a centre said, and whether the asker is to be rung by it. */
export type SaidWait = CentreWait & { readonly ringNow?: boolean }

const outside = mayReach(false)
/** An answer is good for so long, in ms. */
const freshMs = 5_000
const timeoutMs = 3_000
const largestAnswer = 4_096

const answerSchema = z.object({
  place: z.int().min(1).max(100_000),
  expectedWaitSeconds: z.number().min(0).max(86_400).nullable(),
  open: z.boolean(),
})

/** Asks centres how long one would wait there. */
export class CentrePort {
  readonly #parts: CentrePortParts
  /** What was said lately: whoever asks meanwhile gets the same answer. */
  readonly #lately = new Map<string, { readonly at: number; readonly said: Promise<SaidWait | undefined> }>()

  constructor(parts: CentrePortParts) {
    this.#parts = parts
  }

  /** What the centre with this number says within 3 s; `undefined` where none is configured or it gave no answer that can be used. */
  wait(number: string): Promise<SaidWait | undefined> {
    const centre = this.#parts.centres.find((one) => one.number === number)
    if (!centre) return Promise.resolve(undefined)
    const now = this.#parts.clock.now()
    const before = this.#lately.get(number)
    if (before && now - before.at < freshMs) return before.said
    const said = this.#ask(centre)
    this.#lately.set(number, { at: now, said })
    return said
  }

  async #ask(centre: Centre): Promise<SaidWait | undefined> {
    try {
      const wait = answerSchema.parse(JSON.parse(await this.#get(centre)))
      const { ringAtSeconds = -1 } = centre
      const short = wait.expectedWaitSeconds !== null && wait.expectedWaitSeconds <= ringAtSeconds
      return wait.open && short ? { ...wait, ringNow: true } : wait
    } catch (error) {
      this.#parts.failed?.(`the centre ${centre.number} gave no wait: ${(error as Error).message}`)
      return undefined
    }
  }

  #get({ url, inside = false }: Centre): Promise<string> {
    const { clock } = this.#parts
    const { protocol } = new URL(url)
    const literal = hostOf(new URL(url))
    // An address as it stands is never looked up.
    if (!inside && isIP(literal) !== 0 && !outside(literal))
      throw new Error(`${literal} is an address of a network of our own`)
    const ask = protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const asked = ask(url, {
        lookup: inside ? lookup : outsideOnly,
        headers: { accept: 'application/json' },
        agent: false,
      })
      const timer = clock.setTimeout(() => asked.destroy(new Error('no answer within 3 s')), timeoutMs)
      const over = (): void => clock.clearTimeout(timer)
      asked.on('error', (error) => {
        over()
        reject(error)
      })
      asked.on('response', (response: IncomingMessage) => {
        // Redirects are not followed: they lead out of the registry.
        if (response.statusCode !== 200) asked.destroy(new Error(`status ${response.statusCode}`))
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
          if (text.length > largestAnswer) asked.destroy(new Error('the answer is too long'))
        })
        response.on('error', reject)
        response.on('end', () => {
          over()
          resolve(text)
        })
      })
      asked.end()
    })
  }
}

/** The address that is checked is the one that is connected to. */
const outsideOnly: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    const found = addresses?.filter(({ address }) => outside(address)) ?? []
    const [first] = found
    if (error || !first) done(error ?? new Error(`${host} leads into a network of our own`), '', 0)
    else if (options.all) done(null, found)
    else done(null, first.address, first.family)
  })
}
