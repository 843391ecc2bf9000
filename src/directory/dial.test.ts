import { describe, expect, it } from 'vitest'
import { demoFixture } from './fixture.ts'
import type { Destination, DialDecision, DialOrigin, Directory, QueueDestination } from './types.ts'

/** A decision in one line, for tables. */
function told(decision: DialDecision<Destination | QueueDestination>): string {
  if (!decision.ok) return decision.refusal
  const { destination } = decision
  switch (destination.kind) {
    case 'person':
      return `${destination.person.login} by ${destination.number}`
    case 'group':
      return `${destination.group.name} by ${destination.number}`
    case 'queue':
      return `queue ${destination.name} by ${destination.number}`
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

describe('queues', () => {
  const sales = { id: 'sales', name: 'Sales', extension: '600', numbers: ['+12025550160'] }
  const stored = async () => {}

  async function withQueue() {
    const fixture = await demoFixture()
    await fixture.directory.putQueue(sales, stored)
    return fixture.directory
  }

  it.each([
    ['600', 'queue Sales by 600', 'trunk-to-outside'],
    ['6-0-0', 'queue Sales by 6-0-0', 'trunk-to-outside'],
    ['(202) 555-0160', 'queue Sales by +12025550160', 'queue Sales by +12025550160'],
    ['12025550160', 'queue Sales by +12025550160', 'queue Sales by +12025550160'],
  ])('%s: inside %s, trunk %s; whoever needs somebody to ring finds nobody', async (dialled, inside, fromTrunk) => {
    const directory = await withQueue()
    const { station, behalf, trunk } = origins(directory)
    expect(told(directory.destinationOf(dialled, station))).toBe(inside)
    expect(told(directory.destinationOf(dialled, behalf))).toBe(inside)
    expect(told(directory.destinationOf(dialled, { kind: 'service' }))).toBe(inside)
    expect(told(directory.destinationOf(dialled, trunk)).replace('not-found', 'trunk-to-outside')).toBe(fromTrunk)
    expect(told(directory.dial(dialled, behalf))).toBe('not-found')
  })

  it('a queue that is changed or removed is found no more where it was', async () => {
    const directory = await withQueue()
    const { station } = origins(directory)
    await directory.putQueue({ ...sales, extension: '601', numbers: [] }, stored)
    expect(told(directory.destinationOf('600', station))).toBe('not-found')
    expect(told(directory.destinationOf('601', station))).toBe('queue Sales by 601')
    expect(directory.isOurNumber('+12025550160')).toBe(false)
    await directory.removeQueue('sales', stored)
    expect(told(directory.destinationOf('601', station))).toBe('not-found')
  })

  it('nobody gets what leads to a queue, and a queue gets nothing of anybody', async () => {
    const directory = await withQueue()
    const erin = { login: 'erin', name: 'Erin', extension: '600' }
    await expect(directory.putPerson(erin)).rejects.toThrow('600 belongs to the queue Sales; allowed: one that is free')
    await expect(directory.putGroup({ name: 'Team', extension: '600' })).rejects.toThrow(
      '600 belongs to the queue Sales',
    )
    const number = { number: '202 555 0160', targetKind: 'person', targetId: 'demo-bob' } as const
    await expect(directory.putNumber(number)).rejects.toThrow('+12025550160 leads to the queue Sales')
    const help = { id: 'help', name: 'Help', extension: '', numbers: [] }
    const refused = (change: object) => expect(directory.putQueue({ ...help, ...change }, stored)).rejects
    await refused({ extension: '102' }).toThrow('extension: 102 belongs to Bob; allowed: one that is free')
    await refused({ extension: '200' }).toThrow('200 belongs to front')
    await refused({ extension: '600' }).toThrow('600 belongs to the queue Sales')
    await refused({ extension: '911' }).toThrow('911 is an emergency number')
    await refused({ numbers: ['+12025550102'] }).toThrow('numbers: +12025550102 belongs to Bob')
    await refused({ numbers: ['+12025550160'] }).toThrow('+12025550160 belongs to the queue Sales')
    await refused({ numbers: ['605'] }).toThrow('found "605"; allowed: a telephone number like +12025550101')
  })

  it('while a queue is being stored nobody else takes its extension; one that is not stored leads nowhere', async () => {
    const directory = await withQueue()
    const storing = Promise.withResolvers<void>()
    const put = directory.putQueue({ ...sales, id: 'help', extension: '605', numbers: [] }, () => storing.promise)
    const person = directory.putPerson({ login: 'erin', name: 'Erin', extension: '605' })
    storing.resolve()
    await put
    await expect(person).rejects.toThrow('605 belongs to the queue')
    const full = () => Promise.reject(new Error('disk full'))
    await expect(directory.putQueue({ ...sales, extension: '606' }, full)).rejects.toThrow('disk full')
    expect(told(directory.destinationOf('606', origins(directory).station))).toBe('not-found')
  })
})
