import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { emergencyNumbers } from './emergency.ts'

// The `max` metadata is the only set that knows every type of number (premium, shared cost): it takes about 40 ms
// and 15 MB once, a parse takes 7 µs and is kept.

/** What a string that may be a telephone number is. */
export interface TelephoneNumber {
  /** E.164 with plus. */
  readonly number: string
  readonly class: 'national' | 'international' | 'premium'
}

/** How one country dials. */
export interface NumberPlan {
  /** A number in national or international format as E.164 with its class; `undefined` when it can be none. Kept for repeats. */
  parse(dialled: string): TelephoneNumber | undefined
  /** What goes out for an emergency number, `undefined` when it is none. */
  emergency(dialled: string): string | undefined
}

/** Countries that one tariff covers, beside their own. A shared calling code alone proves nothing: +1 876 is Jamaica. */
const sameTariff: Readonly<Record<string, readonly string[]>> = {
  AU: ['CC', 'CX'],
  FI: ['AX'],
  GB: ['GG', 'IM', 'JE'],
  IT: ['VA'],
  NO: ['SJ'],
  US: ['AS', 'GU', 'MP', 'PR', 'VI'],
}

/** Calling codes of no country that always cost: shared cost, satellites, international networks, premium. */
const dearCallingCodes = new Set(['808', '870', '878', '881', '882', '883', '888', '979'])

const dearTypes = new Set<string | undefined>(['PREMIUM_RATE', 'SHARED_COST', 'PERSONAL_NUMBER'])

/** Dear ranges that the metadata does not call so, as starts of the national number. */
const dearPrefixes: Readonly<Record<string, RegExp>> = {
  1: /^(?:900|\d{3}976)/, // pay per call
  33: /^(?:89|118)/,
  39: /^(?:89|12\d|892)/,
  43: /^(?:118|9[0-3]|8[12])/,
  44: /^(?:9|84|87|70|118)/,
  49: /^(?:900|190|137|138|118|180)/,
  61: /^(?:19|13)/,
}

const keepAtMost = 10_000
const longest = 40
const onlyDigits = /^\+?\d{1,40}$/
const separators = /[ ()./-]/g

/** @param country ISO 3166, two capital letters @throws RangeError when the numbering of the country is not known */
export function createNumberPlan(country: string): NumberPlan {
  if (!isSupportedCountry(country))
    throw new RangeError(`country "${country}" is not known; allowed: an ISO code like US or DE`)
  const emergencies = emergencyNumbers(country)
  const first = [...emergencies.values()][0] as string
  const own = new Set([country, ...(sameTariff[country] ?? [])])
  const callingCode = getCountryCallingCode(country)
  const kept = new Map<string, TelephoneNumber | undefined>()

  function parseNow(digits: string): TelephoneNumber | undefined {
    const parsed = parsePhoneNumberFromString(digits, { defaultCountry: country as CountryCode, extract: false })
    if (!parsed || parsed.ext) return undefined
    if (isDear(parsed)) return { number: parsed.number, class: 'premium' }
    if (!parsed.isPossible()) return undefined
    if (isForeignEmergency(parsed)) return undefined
    const national = parsed.country ? own.has(parsed.country) : parsed.countryCallingCode === callingCode
    return { number: parsed.number, class: national ? 'national' : 'international' }
  }

  return {
    parse(dialled) {
      const digits = telephoneDigits(dialled)
      if (digits === undefined) return undefined
      const known = kept.get(digits)
      if (known !== undefined || kept.has(digits)) return known
      const number = parseNow(digits)
      if (kept.size >= keepAtMost) kept.delete(kept.keys().next().value as string)
      kept.set(digits, number)
      return number
    },
    emergency(dialled) {
      if (dialled.length > longest) return undefined
      const known = emergencies.get(dialled)
      if (known) return known
      if (/^urn:service:sos(?:\.|$)/i.test(dialled)) return first // RFC 5031
      const digits = telephoneDigits(dialled)
      if (digits === undefined) return undefined
      if (digits.charCodeAt(0) !== 43) return emergencies.get(digits)
      // +112 and +1911 reach nobody else: some address books write them so.
      const bare = digits.slice(1)
      return (
        emergencies.get(bare) ??
        (bare.startsWith(callingCode) ? emergencies.get(bare.slice(callingCode.length)) : undefined)
      )
    },
  }
}

/** Whether a number looks like an emergency number of the country it leads to. */
function isForeignEmergency(parsed: PhoneNumber): boolean {
  return parsed.country !== undefined && emergencyNumbers(parsed.country).has(parsed.nationalNumber)
}

/** Networks ignore surplus digits, so a number that is too long is judged by every shorter one it starts with. */
function isDear(parsed: PhoneNumber): boolean {
  if (dearCallingCodes.has(parsed.countryCallingCode)) return true
  if (dearPrefixes[parsed.countryCallingCode]?.test(parsed.nationalNumber)) return true
  const type = parsed.getType()
  if (type !== undefined) return dearTypes.has(type)
  for (let length = parsed.nationalNumber.length - 1; length >= 4; length--) {
    const shorter = parsePhoneNumberFromString(`+${parsed.countryCallingCode}${parsed.nationalNumber.slice(0, length)}`)
    if (dearTypes.has(shorter?.getType())) return true
  }
  return false
}

/**
 * Digits with an optional leading plus, without `tel:`, parameters and visual separators (RFC 3966 §3);
 * `undefined` when anything else is in it. A global `phone-context` goes in front (RFC 3966 §5.1.5).
 */
export function telephoneDigits(text: string): string | undefined {
  if (onlyDigits.test(text)) return text
  if (text.length > 2 * longest) return undefined
  const start = /^tel:/i.test(text) ? 4 : 0
  const semicolon = text.indexOf(';', start)
  const local = text.slice(start, semicolon === -1 ? undefined : semicolon).replace(separators, '')
  if (!onlyDigits.test(local)) return undefined
  const context = semicolon === -1 ? null : /;phone-context=(\+[\d().-]+)/i.exec(text)
  if (!context || local.startsWith('+')) return local
  const global = (context[1] as string).replace(separators, '') + local
  return onlyDigits.test(global) ? global : undefined
}
