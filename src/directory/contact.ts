/**
 * Whether two Contact URIs are the same by text: scheme and host in any letter case, parameters in any order.
 * The full comparison (RFC 3261 §19.1.4: escapes, default parameters) is the SIP stack's; callers pass that one in.
 */
export function sameContactText(a: string, b: string): boolean {
  return a === b || plainContact(a) === plainContact(b)
}

function plainContact(uri: string): string {
  const question = uri.indexOf('?')
  const [address = '', ...params] = (question === -1 ? uri : uri.slice(0, question)).split(';')
  const at = address.lastIndexOf('@')
  const colon = address.indexOf(':')
  const user = at === -1 ? '' : address.slice(colon + 1, at + 1)
  const host = address.slice(at === -1 ? colon + 1 : at + 1).toLowerCase()
  const sorted = params.map((param) => param.toLowerCase()).sort()
  return [`${address.slice(0, colon).toLowerCase()}:${user}${host}`, ...sorted].join(';')
}
