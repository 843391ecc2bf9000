import { describe, expect, it } from 'vitest'
import { demoFixture } from './fixture.ts'
import type { DialDecision, DialOrigin, Directory } from './types.ts'

/** A decision in one line, for tables. */
function told(decision: DialDecision): string {
  if (!decision.ok) return decision.refusal
  const { destination } = decision
  switch (destination.kind) {
    case 'person':
      return `${destination.person.login} by ${destination.number}`
    case 'group':
      return `${destination.group.name} by ${destination.number}`
    case 'outside':
      return `${destination.class} ${destination.number}`
    case 'emergency':
      return `emergency ${destination.number}`
    default:
      return destination.kind
  }
}

function origins(directory: Directory): Record<'station' | 'behalf' | 'trunk', DialOrigin> {
  const person = directory.personByLogin('alice')
  const trunk = directory.trunks()[0]
  if (!person || !trunk) throw new Error('the demo organisation is missing')
  return {
    station: { kind: 'station', person },
    behalf: { kind: 'on-behalf', person },
    trunk: { kind: 'trunk', trunk },
  }
}

describe('dial policy', () => {
  const table: [dialled: string, station: string, behalf: string, trunk: string][] = [
    ['102', 'bob by 102', 'bob by 102', 'not-found'],
    ['1-0-2', 'bob by 1-0-2', 'bob by 1-0-2', 'not-found'],
    ['bob', 'bob by bob', 'bob by bob', 'not-found'],
    ['BOB', 'bob by BOB', 'bob by BOB', 'not-found'],
    ['200', 'front by 200', 'front by 200', 'not-found'],
    ['+12025550102', 'bob by +12025550102', 'bob by +12025550102', 'bob by +12025550102'],
    ['12025550102', 'bob by +12025550102', 'bob by +12025550102', 'bob by +12025550102'],
    ['(202) 555-0102', 'bob by +12025550102', 'bob by +12025550102', 'bob by +12025550102'],
    ['tel:+1-202-555-0102', 'bob by +12025550102', 'bob by +12025550102', 'bob by +12025550102'],
    ['+13125550123', 'national +13125550123', 'national +13125550123', 'trunk-to-outside'],
    ['011493012345678', 'international-not-allowed', 'international-not-allowed', 'trunk-to-outside'],
    ['+18765551234', 'international-not-allowed', 'international-not-allowed', 'trunk-to-outside'],
    ['19005551234', 'premium-not-allowed', 'premium-not-allowed', 'trunk-to-outside'],
    ['+881612345678', 'premium-not-allowed', 'premium-not-allowed', 'trunk-to-outside'],
    ['911', 'emergency 911', 'emergency-not-allowed', 'emergency-not-allowed'],
    ['112', 'emergency 911', 'emergency-not-allowed', 'emergency-not-allowed'],
    ['+1911', 'emergency 911', 'emergency-not-allowed', 'emergency-not-allowed'],
    ['nobody', 'not-found', 'not-found', 'not-found'],
    ['999', 'not-found', 'not-found', 'not-found'],
    ['', 'not-found', 'not-found', 'not-found'],
    ['*8', 'not-found', 'not-found', 'not-found'],
    ['alice@evil.example', 'not-found', 'not-found', 'not-found'],
    ['__proto__', 'not-found', 'not-found', 'not-found'],
  ]
  it.each(table)('%s: station %s, on behalf %s, trunk %s', async (dialled, station, behalf, trunk) => {
    const { directory } = await demoFixture()
    const from = origins(directory)
    expect(told(directory.dial(dialled, from.station))).toBe(station)
    expect(told(directory.dial(dialled, from.behalf))).toBe(behalf)
    expect(told(directory.dial(dialled, from.trunk))).toBe(trunk)
  })

  it('lets those call abroad and premium numbers who may, each by a right of its own', async () => {
    const { directory } = await demoFixture()
    const alice = directory.personByLogin('alice')!
    const abroad = await directory.putPerson({ ...person(alice), settings: { international: true } })
    const dial = (who: typeof alice, dialled: string) => told(directory.dial(dialled, { kind: 'station', person: who }))
    expect(dial(abroad, '+4930123456')).toBe('international +4930123456')
    expect(dial(abroad, '+499001234567')).toBe('premium-not-allowed')
    const dear = await directory.putPerson({ ...person(alice), settings: { premium: true } })
    expect(dial(dear, '19005551234')).toBe('premium +19005551234')
    expect(dial(dear, '+4930123456')).toBe('international-not-allowed')
  })

  it('finds a number sent without its plus by a trunk in a country where that is no national format', async () => {
    const { directory } = await demoFixture({ country: 'DE' })
    const bob = directory.personByLogin('bob')!
    await directory.putNumber({ number: '030 123456', targetKind: 'person', targetId: bob.id })
    const { trunk } = origins(directory)
    expect(told(directory.dial('4930123456', trunk))).toBe('bob by +4930123456')
    expect(told(directory.dial('030123456', trunk))).toBe('bob by +4930123456')
    expect(directory.isOurNumber('4930123456')).toBe(true)
  })

  it('follows the emergency numbers of the country', async () => {
    const { directory } = await demoFixture({ country: 'DE' })
    const { station } = origins(directory)
    expect(told(directory.dial('110', station))).toBe('emergency 110')
    expect(told(directory.dial('911', station))).toBe('not-found')
    expect(directory.isEmergency('112')).toBe(true)
  })

  it('rings a group by its number', async () => {
    const { directory } = await demoFixture()
    await directory.putNumber({ number: '+12025550199', targetKind: 'group', targetId: 'demo-front' })
    expect(told(directory.dial('2025550199', origins(directory).trunk))).toBe('front by +12025550199')
    expect(directory.personByNumber('+12025550199')).toBeUndefined()
    expect(directory.personByNumber('202-555-0103')?.login).toBe('carol')
  })

  it('shows numbers as E.164 and leaves the rest as given', async () => {
    const { directory } = await demoFixture()
    expect(directory.normalise('(312) 555-0123')).toBe('+13125550123')
    expect(directory.normalise('anonymous')).toBe('anonymous')
    expect(['+13125550123', '3125550123', '101', 'alice', ''].map(directory.isTelephoneNumber)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

/** A person as input for another write. */
function person({ id, login, name, extension }: { id: string; login: string; name: string; extension: string }) {
  return { id, login, name, extension }
}
