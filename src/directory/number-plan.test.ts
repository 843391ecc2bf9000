import { describe, expect, it } from 'vitest'
import { emergencyNumbers } from './emergency.ts'
import { createNumberPlan, telephoneDigits } from './number-plan.ts'

describe('telephone numbers', () => {
  it.each([
    ['US', '2025550101', '+12025550101', 'national'],
    ['US', '12025550101', '+12025550101', 'national'],
    ['US', '+1 (202) 555-0101', '+12025550101', 'national'],
    ['US', 'tel:+1-202-555-0101', '+12025550101', 'national'],
    ['US', 'tel:555-0101;phone-context=+1202', '+12025550101', 'national'],
    ['US', '+15551234567', '+15551234567', 'national'],
    ['US', '8005551234', '+18005551234', 'national'],
    ['US', '+17872345678', '+17872345678', 'national'],
    ['US', '0114930123456', '+4930123456', 'international'],
    ['US', '+18765551234', '+18765551234', 'international'],
    ['US', '18095551234', '+18095551234', 'international'],
    ['US', '+16132345678', '+16132345678', 'international'],
    ['DE', '030 123456', '+4930123456', 'national'],
    ['DE', '030/123456', '+4930123456', 'national'],
    ['DE', '0012025550101', '+12025550101', 'international'],
    ['DE', '00493012345678', '+493012345678', 'national'],
    ['GB', '020 7031 3000', '+442070313000', 'national'],
    ['GB', '01534 123456', '+441534123456', 'national'],
    ['AU', '0011493012345678', '+493012345678', 'international'],
    ['IT', '06 6982', '+39066982', 'national'],
  ])('from %s, %s is %s, %s', (country, dialled, number, kind) => {
    expect(createNumberPlan(country).parse(dialled)).toEqual({ number, class: kind })
  })

  it.each([
    ['US', '19005551234', 'pay per call'],
    ['US', '2029761234', 'pay per call exchange'],
    ['US', '900555123499', 'too long a premium number still connects'],
    ['US', '+881612345678', 'satellite'],
    ['US', '+870776123456', 'satellite'],
    ['US', '+882131234567', 'international network'],
    ['US', '+979123456789', 'international premium'],
    ['DE', '09001234567', 'premium'],
    ['DE', '+4990012345678', 'premium with surplus digits'],
    ['DE', '01801234567', 'shared cost'],
    ['DE', '0137 1234567', 'mass traffic'],
    ['DE', '+49118500', 'directory enquiries'],
    ['GB', '0844 5612345', 'service number'],
    ['GB', '0900 1234567', 'premium'],
    ['GB', '07012345678', 'personal number'],
    ['JP', '0990123456', 'premium'],
    ['US', '+4990012345678', 'premium abroad'],
  ])('from %s, %s is premium: %s', (country, dialled) => {
    expect(createNumberPlan(country).parse(dialled)?.class).toBe('premium')
  })

  it.each([
    '',
    '+',
    '101',
    '5550101',
    'alice',
    '*8',
    '1-800-FLOWERS',
    'call 2025550101',
    '+1202555010１',
    '2025550101 ext. 5',
    '+999',
  ])('from US, %j is none', (dialled) => {
    expect(createNumberPlan('US').parse(dialled)).toBeUndefined()
  })

  it('gives the same answer for a repeated number without parsing it again', () => {
    const plan = createNumberPlan('US')
    const first = plan.parse('+1-202-555-0101')
    expect(plan.parse('+12025550101')).toBe(first)
  })

  it('refuses a country it does not know', () => {
    expect(() => createNumberPlan('XX')).toThrow('country "XX" is not known; allowed: an ISO code like US or DE')
  })

  it('bounds what it looks at', () => {
    expect(telephoneDigits('1'.repeat(41))).toBeUndefined()
    expect(telephoneDigits(`${' '.repeat(100)}1`)).toBeUndefined()
    expect(telephoneDigits('202-555\r\n0101')).toBeUndefined()
  })
})

describe('emergency numbers', () => {
  it.each([
    ['US', '911', '911'],
    ['US', '9-1-1', '911'],
    ['US', '+911', '911'],
    ['US', '+1911', '911'],
    ['US', 'tel:911;phone-context=+1', '911'],
    ['US', '112', '911'],
    ['US', 'urn:service:sos.fire', '911'],
    ['PR', '911', '911'],
    ['CA', '911', '911'],
    ['DE', '112', '112'],
    ['DE', '110', '110'],
    ['DE', '+49112', '112'],
    ['GB', '999', '999'],
    ['GB', '112', '112'],
    ['FR', '112', '112'],
    ['FR', '15', '15'],
    ['PL', '112', '112'],
    ['AU', '000', '000'],
    ['NZ', '111', '111'],
    ['JP', '119', '119'],
    ['JP', '110', '110'],
    ['KE', '112', '112'],
  ])('in %s, %s goes out as %s', (country, dialled, number) => {
    expect(createNumberPlan(country).emergency(dialled)).toBe(number)
  })

  it.each([
    ['US', '999'],
    ['US', '110'],
    ['US', '9110'],
    ['DE', '911'],
    ['DE', '01123456'],
    ['JP', '911'],
    ['US', 'alice'],
    ['US', 'urn:service:counseling'],
  ])('in %s, %s is none', (country, dialled) => {
    expect(createNumberPlan(country).emergency(dialled)).toBeUndefined()
  })

  it('knows 112 in every country of the European Union', () => {
    const union = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ')
    expect(union.filter((country) => emergencyNumbers(country).get('112') !== '112')).toEqual([])
  })
})
