import { describe, expect, test } from 'vitest'
import { devicesToRing, isQuiet } from './devices-to-ring.ts'
import { personSettingsSchema } from './settings.ts'
import type { Binding, Person } from './types.ts'

function binding(device: string, kind: 'phone' | 'desk' | 'softphone' = 'phone', id = device): Binding {
  return { id, device: { id: device, settings: { kind } } } as Binding
}
const all = [binding('phone'), binding('desk', 'desk'), binding('desk', 'desk', 'other tab'), binding('mobile')]
const outside = { number: '+12025550100', internal: false }
const bob = { number: '102', internal: true }

function ring(
  settings: Record<string, unknown>,
  caller = outside,
  at = '2026-01-05T12:00:00Z',
  bindings = all,
): string {
  const person = { settings: personSettingsSchema.parse(settings) as Person['settings'] }
  const decision = devicesToRing(person, caller, Date.parse(at), bindings)
  if (decision.kind === 'ring') return `${decision.because}: ${decision.bindings.map(({ id }) => id).join(' ')}`
  if (decision.kind === 'quiet') return decision.because
  return decision.kind === 'divert' ? `divert ${decision.to}` : decision.kind
}

describe('which devices ring', () => {
  test('all, unless something is set', () => {
    expect(ring({})).toBe('all: phone desk other tab mobile')
  })

  test('only the preferred one while it is registered', () => {
    expect(ring({ preferredDevice: 'mobile' })).toBe('preferred: mobile')
    expect(ring({ preferredDevice: 'desk' })).toBe('preferred: desk other tab')
    expect(ring({ preferredDevice: 'gone' })).toBe('all: phone desk other tab mobile')
  })

  test('presence: away leaves the desk silent, do not disturb everything', () => {
    expect(ring({ away: true })).toBe('away: phone mobile')
    expect(ring({ away: true, preferredDevice: 'desk' })).toBe('away: phone mobile')
    expect(ring({ away: true }, outside, undefined, [binding('desk', 'desk')])).toBe('away: ')
    expect(ring({ doNotDisturb: true })).toBe('do-not-disturb')
  })

  test('two devices with different rules, two callers', () => {
    const callerRules = [
      { callers: ['102'], action: 'ring', devices: ['phone'] },
      { callers: ['+1202*'], action: 'ring', devices: ['mobile'] },
    ]
    expect(ring({ callerRules }, bob)).toBe('rule: phone')
    expect(ring({ callerRules })).toBe('rule: mobile')
    expect(ring({ callerRules }, { number: '+493012345', internal: false })).toBe('all: phone desk other tab mobile')
  })

  test('the first rule that fits decides, at any hour', () => {
    const callerRules = [
      { callers: ['internal'], action: 'ring' },
      { callers: ['anonymous'], action: 'decline' },
      { callers: ['outside'], action: 'divert', to: '103' },
    ]
    const busy = { callerRules, doNotDisturb: true }
    expect(ring(busy, bob)).toBe('rule: phone desk other tab mobile')
    expect(ring(busy, { number: 'anonymous', internal: false })).toBe('decline')
    expect(ring(busy, { number: '', internal: false })).toBe('decline')
    expect(ring(busy)).toBe('divert 103')
    expect(ring({ callerRules: [{ callers: ['*'], action: 'decline' }] }, bob)).toBe('decline')
  })

  test('a rule needs a place to divert to, and only then', () => {
    const parse = (rule: object) =>
      personSettingsSchema.safeParse({ callerRules: [{ callers: ['*'], ...rule }] }).success
    expect(parse({ action: 'divert' })).toBe(false)
    expect(parse({ action: 'decline', to: '103' })).toBe(false)
    expect(parse({ action: 'divert', to: '103' })).toBe(true)
    expect(personSettingsSchema.safeParse({ callerRules: [{ callers: ['a*b'], action: 'ring' }] }).success).toBe(false)
  })
})

describe('quiet hours', () => {
  const night = [{ days: [1, 2, 3, 4, 5], from: '22:00', to: '07:00' }]
  // 5 January 2026 is a Monday.
  const at = (text: string, hours = night, zone = 'UTC') => isQuiet(hours, zone, Date.parse(text))

  test('over midnight they belong to the day they began', () => {
    expect(at('2026-01-05T21:59:59Z')).toBe(false)
    expect(at('2026-01-05T22:00:00Z')).toBe(true)
    expect(at('2026-01-06T06:59:00Z')).toBe(true)
    expect(at('2026-01-06T07:00:00Z')).toBe(false)
    expect(at('2026-01-10T03:00:00Z')).toBe(true) // Saturday, still Friday's night
    expect(at('2026-01-10T23:00:00Z')).toBe(false)
    expect(at('2026-01-05T03:00:00Z')).toBe(false) // Monday, Sunday's night
  })

  test('within a day, and a whole day', () => {
    const lunch = [{ days: [1], from: '12:00', to: '13:00' }]
    expect([at('2026-01-05T12:30:00Z', lunch), at('2026-01-05T13:00:00Z', lunch)]).toEqual([true, false])
    const sunday = [{ days: [7], from: '00:00', to: '00:00' }]
    expect([at('2026-01-04T00:00:00Z', sunday), at('2026-01-04T23:59:00Z', sunday)]).toEqual([true, true])
    expect([at('2026-01-05T00:00:00Z', sunday), at('2026-01-03T23:59:00Z', sunday)]).toEqual([false, false])
  })

  test('in the zone of the person, summer time included', () => {
    const evening = [{ days: [1], from: '20:00', to: '21:00' }]
    expect(at('2026-01-05T19:30:00Z', evening, 'Europe/Berlin')).toBe(true)
    expect(at('2026-07-06T18:30:00Z', evening, 'Europe/Berlin')).toBe(true)
    expect(at('2026-07-06T19:30:00Z', evening, 'Europe/Berlin')).toBe(false)
  })

  test('keep devices silent', () => {
    const settings = { quietHours: night, timeZone: 'America/New_York' }
    expect(ring(settings, outside, '2026-01-06T03:30:00Z')).toBe('quiet-hours')
    expect(ring(settings, outside, '2026-01-06T13:00:00Z')).toBe('all: phone desk other tab mobile')
  })
})
