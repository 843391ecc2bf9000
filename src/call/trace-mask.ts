/** Takes secrets out of a SIP message before its trace keeps it. */

const LF = 10
const CR = 13

/** Schemes whose name tells nothing; any other first word of a credential is masked as well. */
const knownSchemes = /^(digest|basic|bearer|ntlm|kerberos|negotiate)$/i
/** Parameters of a credential or challenge that help a reader and are no secret. */
const harmlessParameters = /^(realm|algorithm|stale|qop)$/i
/** Headers that carry credentials, challenges or what follows from them (RFC 3261 §20, RFC 8760). */
const credentialHeaders =
  /^(authorization|proxy-authorization|www-authenticate|proxy-authenticate|authentication-info|proxy-authentication-info)$/i
/** SDP lines that carry keys: SDES (RFC 4568), ICE (RFC 8839), MIKEY (RFC 4567) and the old k= (RFC 4566). */
const keyLine = /^(\s*(?:a\s*=\s*(?:crypto|ice-pwd|key-mgmt)|k)\s*[:=]?)/i
const plainEncodings = /^(identity|7bit|8bit|binary)?$/i

/**
 * The message with its secrets replaced, or the very same buffer when there are none. Masked are: credentials and challenges except
 * scheme, realm, algorithm, stale and qop; keys in SDP; bodies of MESSAGE and INFO (key presses) and bodies that are encoded; passwords
 * and embedded headers in URIs, except Replaces. The length may change; Content-Length stays as it was received.
 */
export function maskSecrets(bytes: Buffer): Buffer {
  return isSuspicious(bytes) ? mask(bytes) : bytes
}

/**
 * One pass that looks only at line starts and at `@`: says yes whenever {@link mask} might change something. Most messages of a call
 * carry nothing to mask, so this is what a message costs.
 */
function isSuspicious(bytes: Buffer): boolean {
  if (bytes.indexOf(63) >= 0) return true // '?': embedded headers
  if (isLineSuspicious(bytes, 0)) return true
  const end = bytes.length
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number
    if (byte > CR && byte !== 64) continue
    if (byte === LF || byte === CR) {
      if (isLineSuspicious(bytes, i + 1)) return true
    } else if (byte === 64 && hasUriPassword(bytes, i)) return true
  }
  return false
}

function isLineSuspicious(bytes: Buffer, at: number): boolean {
  let i = at
  let first = bytes[i] as number
  while (first === 32 || first === 9) first = bytes[++i] as number
  switch (first | 32) {
    case 97: {
      // a: Authorization, Authentication-Info, a=crypto, a=ice-pwd, a=key-mgmt
      const second = bytes[i + 1] as number
      if ((second | 32) === 117) return lower(bytes, i + 2) === 116
      if (second !== 61 && second !== 32 && second !== 9) return false
      let j = i + 1
      while (bytes[j] === 61 || bytes[j] === 32 || bytes[j] === 9) j++
      const name = lower(bytes, j)
      if (name === 99) return lower(bytes, j + 1) === 114 // crypto
      if (name === 105) return lower(bytes, j + 1) === 99 && lower(bytes, j + 4) === 112 // ice-pwd
      return name === 107
    }
    case 112:
      return bytes[i + 5] === 45 && lower(bytes, i + 6) === 97 // Proxy-A…
    case 119:
      return bytes[i + 3] === 45 && lower(bytes, i + 4) === 97 // WWW-A…
    case 107:
      return bytes[i + 1] === 61 || bytes[i + 1] === 32 || bytes[i + 1] === 58 // k=, and k: (Supported) to be sure of k =
    case 101: // e: is Content-Encoding
      return bytes[i + 1] === 58 || bytes[i + 1] === 32 || bytes[i + 1] === 9
    case 109: // MESSAGE sip:…
      return lower(bytes, i + 1) === 101 && lower(bytes, i + 2) === 115
    case 105: // INFO sip:…
      return lower(bytes, i + 1) === 110 && lower(bytes, i + 2) === 102 && lower(bytes, i + 3) === 111
    case 99: {
      // CSeq: n MESSAGE, Content-Encoding, Content-Transfer-Encoding
      const second = lower(bytes, i + 1)
      if (second === 115) {
        let j = i + 4
        while (j < bytes.length && (bytes[j] as number) < 65) j++
        const method = lower(bytes, j)
        return (method === 109 && lower(bytes, j + 1) === 101) || (method === 105 && lower(bytes, j + 2) === 102)
      }
      if (second !== 111 || bytes[i + 7] !== 45) return false
      const third = lower(bytes, i + 8)
      return third === 101 || (third === 116 && lower(bytes, i + 9) === 114)
    }
    default:
      return false
  }
}

function lower(bytes: Buffer, at: number): number {
  return (bytes[at] as number) | 32
}

/** Whether the `@` at this place ends a `sip:user:password@` part. */
function hasUriPassword(bytes: Buffer, at: number): boolean {
  let colons = 0
  for (let i = at - 1; i >= 0; i--) {
    const byte = bytes[i] as number
    // An earlier `@` has been looked at already, which keeps the whole pass linear.
    if (byte <= 32 || byte === 34 || byte === 60 || byte === 62 || byte === 64) return false
    if (byte !== 58) continue
    const before = lower(bytes, i - 1)
    if (++colons > 1 && (before === 112 || before === 115)) return true // sip: or sips:
  }
  return false
}

/** The slow way, for the few messages that need it. */
function mask(bytes: Buffer): Buffer {
  // latin1 keeps every byte as it is, there and back.
  const text = bytes.toString('latin1')
  const start = text.search(/[^\r\n]/)
  const blank = start < 0 ? -1 : text.slice(start).search(/\r\n\r\n|\n\n|\r\r|\n\r\n/)
  const headEnd = blank < 0 ? text.length : start + blank
  const head = text.slice(0, headEnd)
  const body = text.slice(headEnd)
  const separator = /^[\r\n]{0,4}/.exec(body)?.[0] ?? ''
  const maskedHead = maskLines(head)
  const content = body.slice(separator.length)
  let maskedBody: string
  if (content.length > 0 && isPrivateBody(head, content)) maskedBody = `[${content.length} bytes masked]`
  else maskedBody = maskLines(content)
  return Buffer.from(maskedHead + separator + maskedBody, 'latin1')
}

/** Bodies that are private as a whole (text messages, key presses) or that cannot be looked into. */
function isPrivateBody(head: string, body: string): boolean {
  if (/^[\r\n]*(MESSAGE|INFO)\s/i.test(head)) return true
  for (const line of unfold(head)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1)
    if (name === 'cseq' && /[\s\d](MESSAGE|INFO)$/i.test(value.trim())) return true
    if ((name === 'content-encoding' || name === 'e') && !plainEncodings.test(value.trim())) return true
    if (name === 'content-transfer-encoding' && !plainEncodings.test(value.trim())) return true
  }
  for (const line of unfold(body)) {
    const found = /^\s*content-transfer-encoding\s*:(.*)$/i.exec(line)
    if (found && !plainEncodings.test((found[1] as string).trim())) return true
  }
  return false
}

/** Logical lines: a line that starts with a space or tab continues the one before (RFC 3261 §7.3.1). */
function unfold(text: string): string[] {
  return text.replace(/(\r\n|\n|\r)[ \t]+/g, ' ').split(/\r\n|\n|\r/)
}

/** Masks line by line; folded headers become one line when they are masked, everything else keeps its form. */
function maskLines(text: string): string {
  // Odd entries of the split are the line ends.
  const parts = text.split(/(\r\n|\n|\r)/)
  let masked = ''
  for (let i = 0; i < parts.length; i += 2) {
    let line = parts[i] as string
    let lineEnd = parts[i + 1] ?? ''
    const colon = line.indexOf(':')
    const name = colon < 0 ? '' : line.slice(0, colon).trim()
    if (credentialHeaders.test(name)) {
      while (i + 2 < parts.length && /^[ \t]/.test(parts[i + 2] as string)) {
        i += 2
        line += ` ${(parts[i] as string).trim()}`
        lineEnd = parts[i + 1] ?? ''
      }
      masked += `${line.slice(0, colon)}: ${maskCredential(line.slice(colon + 1))}${lineEnd}`
      continue
    }
    const key = keyLine.exec(line)
    // `k:` is the compact form of Supported; only `k=` is a key.
    if (key && !/^\s*k\s*(?::|$)/i.test(line) && !/^\s*k\s+[^=]/i.test(line)) {
      while (i + 2 < parts.length && /^[ \t]/.test(parts[i + 2] as string)) {
        i += 2
        lineEnd = parts[i + 1] ?? ''
      }
      masked += `${key[1]}[masked]${lineEnd}`
      continue
    }
    masked += maskUris(line) + lineEnd
  }
  return masked
}

/** Keeps scheme, realm, algorithm, stale and qop of a credential or challenge (RFC 3261 §25.1). */
function maskCredential(value: string): string {
  const found = /^\s*([A-Za-z-]+)(?:\s+|$)/.exec(value)
  const scheme = found && knownSchemes.test(found[1] as string) ? (found[1] as string) : ''
  const rest = scheme ? value.slice((found as RegExpExecArray)[0].length) : value
  const kept: string[] = []
  let at = 0
  while (at < rest.length) {
    const equals = rest.indexOf('=', at)
    if (equals < 0) break
    const name = rest
      .slice(at, equals)
      .replace(/^[\s,]+/, '')
      .trim()
    let end = equals + 1
    while (rest[end] === ' ' || rest[end] === '\t') end++
    let whole = true
    if (rest[end] === '"') {
      end++
      while (end < rest.length && rest[end] !== '"') end += rest[end] === '\\' ? 2 : 1
      whole = end < rest.length
      end++
    } else {
      while (end < rest.length && rest[end] !== ',') end++
    }
    if (whole && harmlessParameters.test(name) && isHarmless(name, rest.slice(equals + 1, end)))
      kept.push(`${name}=${rest.slice(equals + 1, end).trim()}`)
    at = rest.indexOf(',', end)
    if (at < 0) break
    at++
  }
  kept.push('[masked]')
  return scheme ? `${scheme} ${kept.join(', ')}` : kept.join(', ')
}

/** A realm is free text; the others are short words, so anything else in them is not theirs. */
function isHarmless(name: string, value: string): boolean {
  if (name.toLowerCase() === 'realm') return value.trim().startsWith('"')
  return /^"?[A-Za-z0-9-]{1,20}(?: ?, ?[A-Za-z0-9-]{1,20}){0,3}"?$/.test(value.trim())
}

/** Passwords and embedded headers of SIP URIs (RFC 3261 §19.1.1). */
function maskUris(line: string): string {
  return line.includes('@') || line.includes('?') ? line.replace(/[^\s"<>]+/g, maskUri) : line
}

function maskUri(word: string): string {
  const scheme = /sips?:/i.exec(word)
  if (!scheme) return word
  const start = scheme.index + scheme[0].length
  let uri = word
  const question = uri.indexOf('?', start)
  let headers = ''
  if (question >= 0) {
    const fields = uri.slice(question + 1).split('&')
    headers = `?${fields.map((field) => (/^replaces=/i.test(field) ? field : '[masked]')).join('&')}`
    uri = uri.slice(0, question)
  }
  const host = uri.lastIndexOf('@')
  const colon = uri.indexOf(':', start)
  if (colon >= 0 && colon < host) uri = `${uri.slice(0, colon)}:[masked]${uri.slice(host)}`
  return uri + headers
}
