import { domainToASCII } from 'node:url'

const addrSpec = /^([^\s@<>()[\]",;:\\\p{C}\u2028\u2029]{1,64})@([\p{L}\p{N}][\p{L}\p{N}.-]{0,252})$/u

/**
 * A mail address in the one form that addresses are compared in: lower case, the domain in ASCII.
 * @returns undefined for what is not one plain address (quoted local parts and address literals are not taken)
 */
export function mailAddress(text: string): string | undefined {
  const match = addrSpec.exec(text.trim().normalize('NFC'))
  const domain = match && domainToASCII(match[2]!)
  if (!domain || domain.includes('..') || /[.-]$/.test(domain)) return undefined
  return `${match[1]!.toLowerCase()}@${domain}`
}

/** What follows the last @. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

const messageIds = /<([^<>\s\p{C}]{1,250})>/gu
const mostIds = 20

/** The message ids in a header's value, without their angle brackets, in order; at most the last 20. */
export function messageIdsIn(value: string): string[] {
  return [...new Set([...value.slice(-20_000).matchAll(messageIds)].map((match) => match[1]!))].slice(-mostIds)
}

/** Whether a text may stand in a header: no line break of any kind, no NUL, no other control character. */
export function fitsHeader(text: string): boolean {
  return !/[\p{Cc}\u2028\u2029]/u.test(text.replaceAll('\t', ' '))
}
