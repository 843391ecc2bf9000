import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hasDemoPeople, seedDemo } from './demo.ts'
import { demoFixture } from './fixture.ts'

describe('demo organisation', () => {
  it('has the people, devices, numbers, group and trunk that the documentation names', async () => {
    const { directory } = await demoFixture()
    const people = directory.people().map(({ login, extension, role, numbers }) => [login, extension, role, ...numbers])
    expect(people).toEqual([
      ['alice', '101', 'person', '+12025550101'],
      ['bob', '102', 'person', '+12025550102'],
      ['carol', '103', 'person', '+12025550103'],
      ['dave', '104', 'person', '+12025550104'],
      ['admin', '', 'administrator'],
    ])
    expect(directory.devicesOf('demo-alice')).toMatchObject([{ name: 'phone', username: 'alice' }])
    expect(directory.groupById('demo-front')?.members).toEqual(['demo-alice', 'demo-bob', 'demo-carol'])
    const ha1 = (algorithm: string) => createHash(algorithm).update('alice:baton.local:alice-demo').digest('hex')
    expect(directory.secretsOf('alice')).toMatchObject({ ha1Md5: ha1('md5'), ha1Sha256: ha1('sha256') })
    expect(directory.secretsOf('nobody')).toBeUndefined()
    expect(hasDemoPeople(directory)).toBe(true)
  })

  it('is seeded once: changes stay through a restart', async () => {
    const { directory, storage, restart } = await demoFixture()
    await directory.putPerson({ id: 'demo-alice', login: 'alice', name: 'Alice A.', extension: '111' })
    await directory.setDevicePassword('demo-alice-phone', 'a new password')
    await directory.removePerson('demo-bob')
    const writes = storage.writes.length
    const again = await restart()
    await seedDemo(again)
    expect(storage.writes.length).toBe(writes)
    expect(again.personByLogin('alice')).toMatchObject({
      name: 'Alice A.',
      extension: '111',
      numbers: ['+12025550101'],
    })
    expect(again.secretsOf('alice')).toMatchObject(directory.secretsOf('alice')!)
    expect(again.personByLogin('bob')).toBeUndefined()
    expect(again.groupById('demo-front')?.members).toEqual(['demo-alice', 'demo-carol'])
    expect(again.isOurNumber('+12025550102')).toBe(false)
  })
})

describe('settings', () => {
  it('are filled in with defaults once', async () => {
    const { directory, restart } = await demoFixture()
    await directory.putPerson({
      login: 'erin',
      name: 'Erin',
      settings: { forward: { busy: 'bob' }, ring: { mode: 'order' } },
    })
    for (const one of [directory, await restart()]) {
      expect(one.personByLogin('erin')?.settings).toEqual({
        doNotDisturb: false,
        away: false,
        quietHours: [],
        preferredDevice: '',
        callerRules: [],
        forward: { busy: 'bob' },
        ring: { mode: 'order', ringMs: 60_000, stepMs: 15_000, order: [], pushWaitMs: 15_000 },
        voicemail: { on: false, mail: true },
        hideNumber: false,
        declineEndsAll: false,
        maxOutsideCalls: 4,
        maxCalls: 0,
        international: false,
        premium: false,
        language: 'en',
        timeZone: 'UTC',
      })
    }
  })

  const erin = { login: 'erin', name: 'Erin' }
  it.each([
    [
      { ...erin, settings: { ring: { ringSeconds: 3 } } },
      'settings.ring.ringSeconds: is not a known key (allowed: mode, ringMs, stepMs, order, pushWaitMs)',
    ],
    [
      { ...erin, settings: { doNotDistrub: true } },
      'settings.doNotDistrub: is not a known key; did you mean "doNotDisturb"?',
    ],
    [{ ...erin, settings: { ring: { mode: 'some' } } }, 'settings.ring.mode: found "some"; allowed: all, order'],
    [{ ...erin, settings: { ring: { ringMs: 5 } } }, 'settings.ring.ringMs: found 5; allowed: at least 1000'],
    [{ ...erin, settings: { maxCalls: 'two' } }, 'settings.maxCalls: found "two"; allowed: a number'],
    [
      { ...erin, settings: { timeZone: 'Mars' } },
      'settings.timeZone: found "Mars"; allowed: an IANA time zone like Europe/Berlin',
    ],
    [
      { ...erin, settings: { forward: { always: 'sip:x@evil.example' } } },
      'settings.forward.always: found "sip:x@evil.example"; allowed: an extension, a log-in or a telephone number',
    ],
    [
      { ...erin, settings: { forward: { busy: '9-1-1' } } },
      'settings.forward.busy: 9-1-1 is an emergency number; calls are never forwarded there',
    ],
    [
      { ...erin, settings: { forward: { always: 'erin' } } },
      "settings.forward.always: erin is the person's own; allowed: somebody else's",
    ],
    [{ login: 'erin' }, 'name: is missing; allowed: text'],
    [
      { login: 'Erin', name: 'E' },
      'login: found "Erin"; allowed: a small letter, then small letters, digits, dot, dash and underscore (at most 64)',
    ],
    [{ login: 'alice', name: 'E' }, 'login: alice belongs to Alice; allowed: one that is free'],
    [
      { ...erin, name: 'E\r\nVia: x' },
      'name: found "E\\r\\nVia: x"; allowed: text in one line without control characters',
    ],
    [{ ...erin, name: 'E\u2028F' }, 'allowed: text in one line without control characters'],
    [{ ...erin, extension: '101' }, 'extension: 101 belongs to Alice; allowed: one that is free'],
    [{ ...erin, extension: '200' }, 'extension: 200 belongs to front; allowed: one that is free'],
    [
      { ...erin, extension: '911' },
      'extension: 911 is an emergency number here and always goes to the emergency services; allowed: any other',
    ],
    [{ ...erin, extension: '112' }, 'extension: 112 is an emergency number here'],
    [{ ...erin, extension: 'x' }, 'extension: found "x"; allowed: 2 to 8 digits, or nothing'],
  ])('of a person are refused with the reason: %j', async (input, sentence) => {
    const { directory, storage } = await demoFixture()
    const writes = storage.writes.length
    await expect(directory.putPerson(input as never)).rejects.toThrow(sentence)
    expect(directory.personByLogin('erin')).toBeUndefined()
    expect(storage.writes.length).toBe(writes)
  })

  it('of devices, groups, numbers and trunks are refused with the reason', async () => {
    const { directory } = await demoFixture()
    const device = { personId: 'demo-bob', name: 'desk', username: 'bob-desk' }
    const refused = async (write: Promise<unknown>, sentence: string) =>
      expect(write, sentence).rejects.toThrow(sentence)
    await refused(directory.putDevice({ ...device, username: 'alice' }), 'username: alice is used by another device')
    await refused(directory.putDevice({ ...device, username: 'a b' }), 'username: found "a b"')
    await refused(directory.putDevice({ ...device, name: 'phone' }), 'name: the person has another device named phone')
    await refused(directory.putDevice({ ...device, personId: 'x' }), 'personId: there is no person "x"')
    await directory.putPerson({ login: 'erin', name: 'Erin' })
    await refused(directory.putDevice({ ...device, username: 'erin' }), 'username: erin is the log-in of Erin')
    await refused(directory.putPerson({ login: 'bob-x', name: '' }), 'name: found ""; allowed: at least 1 characters')
    await directory.putDevice(device)
    await refused(directory.putPerson({ login: 'bob-desk', name: 'X' }), "is the user name of somebody else's device")
    await refused(directory.setDevicePassword('demo-bob-phone', 'short'), 'password: allowed: 8 to 128 characters')
    await refused(directory.setDevicePassword('x', 'long enough'), 'id: there is no device "x"')
    await refused(directory.putGroup({ name: 'back', extension: '102' }), 'extension: 102 belongs to Bob')
    await refused(directory.putGroup({ name: 'back', extension: '911' }), 'extension: 911 is an emergency number')
    await refused(directory.putGroup({ name: 'back', members: ['x'] }), 'members: there is no person "x"')
    await refused(directory.putGroup({ name: 'front' }), 'name: there is another group named front')
    const number = { targetKind: 'person', targetId: 'demo-bob' } as const
    await refused(
      directory.putNumber({ ...number, number: '12' }),
      'number: found "12"; allowed: a telephone number like',
    )
    await refused(
      directory.putNumber({ ...number, number: '(202) 555-0101' }),
      '+12025550101 rings Alice; remove it there',
    )
    await refused(
      directory.putNumber({ ...number, number: '+12025550101', from: 'demo-carol' }),
      '+12025550101 rings Alice; remove it there',
    )
    await directory.putNumber({ ...number, number: '+12025550101', from: 'demo-alice' })
    expect(directory.numbers().find((row) => row.number === '+12025550101')).toEqual({
      ...number,
      number: '+12025550101',
    })
    expect(directory.personByLogin('alice')?.numbers).toEqual([])
    await refused(
      directory.putNumber({ ...number, number: '+12025550105', targetId: 'x' }),
      'targetId: there is no person',
    )
    await refused(directory.putTrunk({ name: 'demo' }), 'name: there is another trunk named demo')
    const sources = (source: string) => directory.putTrunk({ name: 't', settings: { sources: [source] } })
    for (const source of ['host.example', '1.2.3.4/33', '1.2.3.4:0', '2001:db8::/129', '1.2.3', '']) {
      await refused(
        sources(source),
        `settings.sources.0: found "${source}"; allowed: an address, address:port or a range`,
      )
    }
    const registration = { registrar: 'sip:r', username: 'u', password: '\n' }
    const broken = directory.putTrunk({ name: 't', settings: { registration } })
    await refused(broken, 'settings.registration.password: found a value that is not shown')
    await refused(directory.removeTrunk('x'), 'id: there is no trunk "x"')
    await refused(directory.removeNumber('+12025550177'), 'id: there is no number')
  })

  it('that cannot be read from storage give the defaults, a trunk is left out', async () => {
    const { storage, restart, directory } = await demoFixture()
    const rows = await storage.directory.load()
    await storage.directory.put('people', { ...rows.people[0]!, settings: '{"international": "yes"}' })
    await storage.directory.put('trunks', { id: 't', name: 't', settings: '{' })
    const again = await restart()
    expect(again.personByLogin('alice')?.settings.international).toBe(false)
    expect(again.people().length).toBe(directory.people().length)
    expect(again.trunks().map((trunk) => trunk.name)).toEqual(['demo'])
  })
})

describe('writes', () => {
  it('cannot take the same extension twice at once', async () => {
    const { directory } = await demoFixture()
    const both = ['erin', 'frank'].map((login) => directory.putPerson({ login, name: login, extension: '105' }))
    const results = await Promise.allSettled(both)
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected'])
    const decision = directory.dial('105', { kind: 'station', person: directory.personByLogin('alice')! })
    expect(decision).toMatchObject({ ok: true, destination: { person: { login: 'erin' } } })
  })

  it('free the old extension, log-in, user name and password when an entry changes', async () => {
    const { directory } = await demoFixture()
    await directory.putPerson({ id: 'demo-bob', login: 'robert', name: 'Robert', extension: '152' })
    expect([directory.personByLogin('bob'), directory.personByLogin('robert')?.numbers]).toEqual([
      undefined,
      ['+12025550102'],
    ])
    await directory.putDevice({ id: 'demo-bob-phone', personId: 'demo-bob', name: 'phone', username: 'robert' })
    expect([directory.deviceByUsername('bob'), directory.secretsOf('robert')]).toEqual([undefined, undefined])
    await directory.setDevicePassword('demo-bob-phone', 'robert-secret')
    expect(directory.secretsOf('robert')?.ha1Md5).toMatch(/^[0-9a-f]{32}$/)
    expect((await directory.putPerson({ login: 'bob', name: 'Bob', extension: '102' })).numbers).toEqual([])
  })

  it('order the numbers of a person with the shown one first', async () => {
    const { directory } = await demoFixture()
    for (const number of ['+12025550190', '+12025550180']) {
      await directory.putNumber({ number, targetKind: 'person', targetId: 'demo-dave' })
    }
    expect(directory.personByLogin('dave')?.numbers).toEqual(['+12025550104', '+12025550180', '+12025550190'])
    const settings = { shownNumber: '+12025550190' }
    const dave = await directory.putPerson({ id: 'demo-dave', login: 'dave', name: 'Dave', extension: '104', settings })
    expect(dave.numbers[0]).toBe('+12025550190')
    await directory.removeNumber('202-555-0190')
    expect(directory.personByLogin('dave')?.numbers).toEqual(['+12025550104', '+12025550180'])
  })

  it('are seen only once they are stored', async () => {
    const { directory, storage } = await demoFixture()
    storage.directory.put = () => Promise.reject(new Error('disk full'))
    await expect(directory.putPerson({ login: 'erin', name: 'Erin' })).rejects.toThrow('disk full')
    expect(directory.personByLogin('erin')).toBeUndefined()
  })
})
