import { describe, expect, it } from 'vitest'
import { demoFixture, registration } from './fixture.ts'
import { trunkSettingsSchema } from './settings.ts'
import { Trunks } from './trunks.ts'

const call = {
  address: '127.0.0.1',
  port: 5080,
  requestUser: '+12025550101',
  requestHost: '127.0.0.1',
  fromUser: '+13125550123',
}

describe('demo trunk', () => {
  it.each([
    ['as it should be', {}, true],
    ['from a number in national format', { fromUser: '3125550123' }, true],
    ['from another loopback address', { address: '127.0.0.9' }, false],
    ['from outside', { address: '192.0.2.1' }, false],
    ['over IPv6', { address: '::1' }, false],
    ['over a dual-stack socket', { address: '::ffff:127.0.0.1' }, true],
    ['to dave', { requestUser: '+12025550104' }, true],
    ['to a number that is not one of the four', { requestUser: '+12025550105' }, false],
    ['to an extension', { requestUser: '101' }, false],
    ['to a log-in', { requestUser: 'alice' }, false],
    ['to nobody', { requestUser: '' }, false],
    ['from an extension', { fromUser: '102' }, false],
    ['from a log-in', { fromUser: 'bob' }, false],
    ['from nobody', { fromUser: '' }, false],
    ['from one of our numbers', { fromUser: '+12025550102' }, false],
    ['from one of our numbers in another format', { fromUser: '1-202-555-0102' }, false],
    ['from one of our numbers without its plus', { fromUser: '12025550102' }, false],
  ])('%s: %o', async (_, change, belongs) => {
    const { directory } = await demoFixture()
    expect(directory.trunkOf({ ...call, ...change })?.name).toBe(belongs ? 'demo' : undefined)
  })

  it('is not for who holds a binding at that address and port', async () => {
    const { directory, clock } = await demoFixture()
    await directory.register(registration(directory.deviceByUsername('alice'), [{ uri: 'sip:a@h' }], { port: 5080 }))
    expect(directory.trunkOf(call)).toBeUndefined()
    expect(directory.trunkOf({ ...call, port: 5081 })?.name).toBe('demo')
    await clock.advance(3_600_000)
    expect(directory.trunkOf(call)?.name).toBe('demo')
  })

  it('does not exist outside the demo', async () => {
    const { directory } = await demoFixture({ demo: false })
    expect(directory.trunkOf(call)).toBeUndefined()
  })
})

describe('trunks by source', () => {
  const trunks = new Trunks({
    enabled: false,
    isTelephoneNumber: () => true,
    isOurNumber: () => false,
    holdsBinding: () => false,
  })
  const put = (name: string, sources: string[], hosts: string[] = []) =>
    trunks.put({ id: name, name, settings: trunkSettingsSchema.parse({ sources, hosts }) })
  put('address', ['192.0.2.1', '2001:DB8:0:0:0:0:0:1'])
  put('port', ['192.0.2.2:5070', '[2001:db8::2]:5070'])
  put('range', ['198.51.100.0/24', '2001:db8:1::/48'])
  put('host', ['198.51.100.7'], ['Pbx.Example.com'])
  put('all of IPv6', ['2001:db8:ffff::/128'])

  it.each([
    ['192.0.2.1', 1, 'h', 'address'],
    ['::ffff:192.0.2.1', 1, 'h', 'address'],
    ['2001:db8::1', 1, 'h', 'address'],
    ['192.0.2.2', 5_070, 'h', 'port'],
    ['192.0.2.2', 5_071, 'h', undefined],
    ['2001:db8::2', 5_070, 'h', 'port'],
    ['2001:db8::2', 5_060, 'h', undefined],
    ['198.51.100.200', 1, 'h', 'range'],
    ['198.51.101.200', 1, 'h', undefined],
    ['2001:db8:1:2::3', 1, 'h', 'range'],
    ['2001:db8:2::3', 1, 'h', undefined],
    ['198.51.100.7', 1, 'pbx.example.COM', 'host'],
    ['198.51.100.7', 1, 'other.example', 'range'],
    ['127.0.0.1', 1, 'h', undefined],
  ])('%s:%d for host %s is %s', (address, port, requestHost, name) => {
    expect(trunks.of({ ...call, address, port, requestHost })?.name).toBe(name)
  })
})

describe('trunks to the outside', () => {
  it('go by priority, with those whose gateways all fail last', async () => {
    const { directory } = await demoFixture()
    const first = await directory.putTrunk({
      name: 'first',
      settings: { gateways: ['sip:a.example', 'sip:b.example'], priority: 1 },
    })
    await directory.putTrunk({ name: 'second', settings: { gateways: ['sip:c.example'], priority: 2 } })
    const names = () => directory.trunksFor('+13125550123').map((trunk) => trunk.name)
    expect(names()).toEqual(['first', 'second'])
    directory.setTrunkHealth(first.id, 'sip:a.example', false)
    expect(names()).toEqual(['first', 'second'])
    expect(directory.gatewaysOf(first.id)).toEqual(['sip:b.example', 'sip:a.example'])
    directory.setTrunkHealth(first.id, 'sip:b.example', false)
    directory.setTrunkHealth(first.id, 'sip:unknown.example', false)
    expect(names()).toEqual(['second', 'first'])
    await directory.putTrunk({ ...first, settings: { ...first.settings, maxCalls: 3 } })
    expect(names()).toEqual(['second', 'first'])
    directory.setTrunkHealth(first.id, 'sip:a.example', true)
    expect(names()).toEqual(['first', 'second'])
    await directory.removeTrunk(first.id)
    expect(names()).toEqual(['second'])
    expect(directory.gatewaysOf(first.id)).toEqual([])
  })
})
