import type { Header } from 'postal-mime'

/** A header of every mail that leaves us, so that we know our own when it comes back. */
export const ownHeader = 'X-Baton-Message'
/** More hops than any honest way has (RFC 5321 section 6.3 names 100 as the least to allow; loops are cut earlier here). */
export const mostHops = 50

const robots = /^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|donotreply|bounces?|auto-?reply)([+-].*)?$/
const awaySubject =
  /^\s*(auto(matic|mated)?[ -]?(reply|response|answer)|automatische (antwort|nachricht)|auto:|autoantwort|out of (the )?office|vacation|abwesenheit|abwesend|undeliver|delivery (status|failure)|mail delivery|returned mail|unzustellbar)/i

/** What the loop check looks at. */
export interface Origin {
  readonly headers: readonly Header[]
  /** Envelope sender; '' for the null sender, undefined when unknown. */
  readonly sender: string | undefined
  readonly from: string
  readonly subject: string
  /** A meeting request is sent by a calendar on a person's behalf, and says so. */
  readonly invites: boolean
  /** Whether an address is one of ours. */
  readonly accepts: (address: string) => boolean
}

/** Why a mail is a robot's or our own (RFC 3834 section 2), so that nothing may answer it or act on it; undefined for a person's. */
export function automaticReason({ headers, sender, from, subject, invites, accepts }: Origin): string | undefined {
  const all = (key: string) => headers.filter((header) => header.key === key).map(({ value }) => value.trim())
  const submitted = (all('auto-submitted')[0] ?? 'no').split(';')[0]!.trim().toLowerCase()
  const returnPath = sender ?? all('return-path')[0]?.replace(/[<>\s]/g, '')
  if (headers.some(({ key }) => key === ownHeader.toLowerCase())) return 'it is a mail of our own that came back'
  if (accepts(from)) return 'it comes from an address of our own'
  if (returnPath === '') return 'its return path is empty, as of bounces'
  if (submitted !== 'no' && !(submitted === 'auto-generated' && invites)) return `it says Auto-Submitted: ${submitted}`
  if (all('precedence').some((value) => /^(bulk|list|junk|auto_reply)\b/i.test(value)) && !invites)
    return 'its Precedence is that of bulk mail'
  if (all('list-id').length > 0 || all('list-post').length > 0) return 'it comes from a mailing list'
  if (all('x-autoreply').length > 0 || all('x-autorespond').length > 0) return 'it is an automatic reply'
  if (/^multipart\/report\b/i.test(all('content-type')[0] ?? '')) return 'it is a delivery report'
  if (robots.test(from.slice(0, from.lastIndexOf('@')))) return 'its sender is a robot by name'
  if (awaySubject.test(subject)) return 'its subject is that of an automatic reply'
  if (all('received').length > mostHops) return `it has travelled in a loop: more than ${mostHops} Received headers`
  return undefined
}
