/** A JID taken apart (RFC 7622); `bare` is `local@domain` in lower case, or the domain alone. */
export interface Jid {
  readonly local: string
  readonly domain: string
  readonly bare: string
}

// What RFC 7622 section 3.3.1 keeps out of a local part, besides white space and control characters.
const local = /^[^\p{Cc}\p{Z}"&'/:<>@]{1,1023}$/u
const domain = /^[\p{L}\p{N}\p{M}.\-_[\]:]{1,1023}$/u

/** @returns undefined for what is no JID */
export function jidOf(text: string | undefined): Jid | undefined {
  if (!text) return undefined
  const [address = ''] = text.split('/', 1)
  const at = address.indexOf('@')
  const jid = { local: address.slice(0, Math.max(at, 0)).toLowerCase(), domain: address.slice(at + 1).toLowerCase() }
  if ((at >= 0 && !local.test(jid.local)) || !domain.test(jid.domain)) return undefined
  return { ...jid, bare: at >= 0 ? `${jid.local}@${jid.domain}` : jid.domain }
}
