import type { Clock, Log, Random } from '#lib'
import { type HeaderLines, parseTokenList, type Request, type Response } from '../message/index.ts'
import type { ServerTransaction, Timing, Transactions } from '../transaction/index.ts'
import type { Resolver, Transport } from '../transport/types.ts'
import type { LiveDialog } from './dialog.ts'

/** What this user agent says of itself and asks of others. */
export interface UserAgentOptions {
  /** Text of User-Agent and Server. */
  readonly userAgent: string
  /** Methods for Allow; any other gets 405 (known) or 501 (unknown). */
  readonly allow: readonly string[]
  /** Option tags for Supported, also what Require may ask for. */
  readonly supported: readonly string[]
  /** Session interval that we propose, in seconds (RFC 4028), default 1800. */
  readonly sessionExpires?: number
  /** Shortest session interval that we take, in seconds, default 90. */
  readonly minSE?: number
  /** Host part of the SIP domain served, besides the transport's own names. */
  readonly domain?: string
}

/** What dialogs, invitations and outgoing calls share. */
export interface Core {
  readonly transactions: Transactions
  readonly transport: Transport
  readonly resolver: Resolver
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly timing: Timing
  readonly userAgent: string
  readonly sessionExpires: number
  readonly minSE: number
  /** Allow and Supported as written, `Supported` once more without 100rel. */
  readonly allow: string
  readonly supported: string
  readonly supportedUnreliable: string
  /** Runs code of the layer above out of a timer: a fault there is logged and ends nothing else. */
  guard(run: () => void): void
  add(dialog: LiveDialog): void
  remove(dialog: LiveDialog): void
}

/** A From or To value without its tag, as it goes into the headers of later requests. */
export function withoutTag(line: string): string {
  const end = line.lastIndexOf('>') + 1
  return line.slice(0, end) + line.slice(end).replace(/;[ \t]*tag[ \t]*=[^;]*/i, '')
}

/** Whether a list of headers names this one already. */
export function hasHeader(headers: HeaderLines | undefined, lower: string): boolean {
  return headers?.some(([name]) => name.toLowerCase() === lower) ?? false
}

const setCaches = { allow: new Map<string, ReadonlySet<string>>(), supported: new Map<string, ReadonlySet<string>>() }
const noTags: ReadonlySet<string> = new Set()

/** A list header as a set; dialogs with the same text share one set, because thousands of phones say the same. */
function sharedSet(message: Request | Response, header: 'allow' | 'supported'): ReadonlySet<string> | undefined {
  const lines = message.headerLines(header)
  if (lines.length === 0) return undefined
  const text = lines.length === 1 ? (lines[0] as string) : lines.join(',')
  const cache = setCaches[header]
  const known = cache.get(text)
  if (known) return known
  const tags = parseTokenList(text)
  const set = new Set(header === 'allow' ? tags.map((tag) => tag.toUpperCase()) : tags)
  if (cache.size >= 200) cache.clear()
  cache.set(text, set)
  return set
}

/** Methods in Allow, upper case; `undefined` without the header. */
export function allowsOf(message: Request | Response): ReadonlySet<string> | undefined {
  return sharedSet(message, 'allow')
}

/** Option tags in Supported, lower case; empty without the header. */
export function supportsOf(message: Request | Response): ReadonlySet<string> {
  return sharedSet(message, 'supported') ?? noTags
}

/** Whether a Require header asks for this option. */
export function requires(message: Request | Response, tag: string): boolean {
  return message.headerLines('require').some((line) => parseTokenList(line).includes(tag))
}

/** Answers OPTIONS, in and outside dialogs (RFC 3261 §11.2). */
export function answerOptions(core: Core, transaction: ServerTransaction): void {
  transaction.respond(200, undefined, [
    ['Contact', `<${core.transport.contactUri(transaction.flow)}>`],
    ['Allow', core.allow],
    ['Supported', core.supported],
    ['Accept', 'application/sdp'],
    ['Accept-Encoding', 'identity'],
    ['Server', core.userAgent],
  ])
}
