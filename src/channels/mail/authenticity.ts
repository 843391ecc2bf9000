import { Resolver } from 'node:dns/promises'
import { authenticate, type DKIMResult } from 'mailauth'
import type { Header } from 'postal-mime'
import type { Clock } from '#lib'
import { domainOf } from './address.ts'
import type { Arrival } from './arrival.ts'

/** Asks the DNS: `('_dmarc.example.org', 'TXT')`; rejects with a `code` of node:dns (`ENOTFOUND`, `ENODATA`, …) when there is no answer. */
export type DnsResolver = (name: string, type: string) => Promise<string[][] | string[]>

/** The machine's own name servers, each asked twice for two seconds at most. */
export function systemResolver(): DnsResolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  return (name, type) => resolver.resolve(name, type) as Promise<string[][] | string[]>
}

/** How much one mail may make us ask, and for how long. */
const mostQuestions = 60
const patienceMs = 20_000
const mostSignatures = 8

/** What proves the sender, in words for the log; `verified` is false when nothing does. */
export interface Proof {
  readonly verified: boolean
  readonly how: string
}

/**
 * Whether a mail's From address is proven (RFC 7489): SPF or DKIM passes for a domain that is aligned with it, and that domain publishes a
 * DMARC record. A relay of ours that says so in its own `Authentication-Results` (RFC 8601) is believed; nobody else's is.
 * @param from the one address of the From header
 */
export async function proofOf(
  arrival: Arrival,
  headers: readonly Header[],
  from: string,
  { resolver, clock, hostname }: { resolver: DnsResolver; clock: Clock; hostname: string },
): Promise<Proof> {
  const told = arrival.authservId === '' ? undefined : resultsOf(arrival.authservId, headers)
  if (told !== undefined) return proofByRelay(told, domainOf(from))
  if (headers.filter(({ key }) => key === 'dkim-signature').length > mostSignatures)
    return { verified: false, how: `more than ${mostSignatures} DKIM signatures` }
  let questions = 0
  const until = clock.now() + patienceMs
  const bounded: DnsResolver = (name, type) => {
    if (++questions <= mostQuestions && clock.now() < until) return resolver(name, type)
    return Promise.reject(Object.assign(new Error('the mail asks for too many look-ups'), { code: 'ETIMEOUT' }))
  }
  const result = await authenticate(arrival.raw, {
    ...(arrival.peer ? { ip: arrival.peer.address, helo: arrival.peer.helo, sender: arrival.sender ?? '' } : {}),
    mta: hostname,
    resolver: bounded,
    rejectRsaSha1: true,
    disableArc: true,
    disableBimi: true,
  })
  const { dmarc } = result
  const status = dmarc ? dmarc.status.result : (result.dmarcSkipReason ?? 'none')
  if (!dmarc || status !== 'pass') return { verified: false, how: `dmarc=${status}` }
  // Two readers of one header must have read the same.
  const [author, ...others] = result.dkim.headerFrom
  if (others.length > 0 || author?.toLowerCase() !== from)
    return { verified: false, how: 'the From header is ambiguous' }
  if (arrival.peer && dmarc.alignment.spf.result) return { verified: true, how: 'dmarc=pass by SPF' }
  if (result.dkim.results.some((signature) => vouches(signature, headers)))
    return { verified: true, how: 'dmarc=pass by DKIM' }
  return { verified: false, how: 'the aligned signature leaves out the Message-ID or part of the text' }
}

/** A signature proves the mail only when nobody could have exchanged its text, or its Message-ID to send it again. */
function vouches({ status, signingHeaders }: DKIMResult, headers: readonly Header[]): boolean {
  if (status.result !== 'pass' || !status.aligned || status.underSized) return false
  const signed = new Set(signingHeaders?.keys.toLowerCase().split(/[\s:]+/))
  return signed.has('from') && (signed.has('message-id') || !headers.some(({ key }) => key === 'message-id'))
}

/** The top-most `Authentication-Results` of this name, after the name; undefined when there is none. */
function resultsOf(authservId: string, headers: readonly Header[]): string[] | undefined {
  for (const { key, value } of headers) {
    if (key !== 'authentication-results') continue
    const [name = '', ...results] = statements(value)
    if (name.split(/\s+/)[0]!.toLowerCase() === authservId.toLowerCase()) return results
  }
  return undefined
}

function proofByRelay(results: readonly string[], domain: string): Proof {
  const dmarc = results.filter((result) => /^dmarc\s*=/i.test(result))
  const [, outcome = 'none'] = /^dmarc\s*=\s*([a-z]+)/i.exec(dmarc[0] ?? '') ?? []
  const [, about = ''] = /\sheader\.from\s*=\s*(\S+)/i.exec(dmarc[0] ?? '') ?? []
  const verified = dmarc.length === 1 && outcome.toLowerCase() === 'pass' && domainOf(about).toLowerCase() === domain
  return { verified, how: `the relay says dmarc=${outcome}` }
}

/** A header's value cut at its semicolons; comments left out, quoted strings kept whole and without what could be read as more. */
function statements(value: string): string[] {
  const found = ['']
  let comment = 0
  let quoted = false
  for (let i = 0; i < value.length && i < 10_000; i++) {
    const character = value[i]!
    if (character === '\\' && (quoted || comment > 0)) i++
    else if (quoted) {
      if (character === '"') quoted = false
      else if (/[\w.@-]/.test(character)) found[found.length - 1] += character
    } else if (character === '(') comment++
    else if (character === ')') comment = Math.max(0, comment - 1)
    else if (comment > 0) continue
    else if (character === '"') quoted = true
    else if (character === ';') found.push('')
    else found[found.length - 1] += character
  }
  return found.map((statement) => statement.trim())
}
