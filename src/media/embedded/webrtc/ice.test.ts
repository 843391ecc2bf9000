import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { check, password } from '../fixtures/binding-request.ts'
import { IceLite } from './ice.ts'
import { bindingRequest, bindingSuccess, hasIntegrity } from './stun.ts'

/** RFC 5769 §2.1, the short-term request; its password is this. */
const sample = Buffer.from(
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36' +
    '00060009' +
    '6576746a3a683676592020200008' +
    '00149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
  'hex',
)
const samplePassword = createSecretKey(Buffer.from('VOkJxbRl1RmTxUk/WvJxBt'))

describe('STUN', () => {
  it('reads the sample request of RFC 5769 and knows its password', () => {
    const request = bindingRequest(sample)
    expect(request).toMatchObject({ username: 'evtj:h6vY', nominates: false, controlled: true })
    expect(hasIntegrity(sample, request!, samplePassword)).toBe(true)
    expect(hasIntegrity(sample, request!, createSecretKey(Buffer.from('another password')))).toBe(false)
  })

  it.each([
    ['192.0.2.1', '0020000800' + '01a147e112a643'],
    ['2001:db8:1234:5678:11:2233:4455:6677', '0020001400' + '02a1470113a9faa5d3f179bc25f4b5bed2b9d9'],
  ])('answers %s as the samples of RFC 5769 do', (address, mapped) => {
    const answer = bindingSuccess(sample, address, 32_853, samplePassword)
    expect(answer.subarray(20, 20 + mapped.length / 2).toString('hex')).toBe(mapped)
    expect(answer.subarray(0, 2).toString('hex')).toBe('0101')
    expect(answer.readUInt16BE(2)).toBe(answer.length - 20)
  })

  it('takes nothing that is cut off, for no length', () => {
    for (let length = 0; length < sample.length; length++)
      expect(bindingRequest(Buffer.from(sample.subarray(0, length)))).toBeUndefined()
  })
})

function agent(allowed: (address: string, port: number) => boolean = () => true): IceLite {
  const ice = new IceLite(allowed)
  ice.credentials('ours', password, 'them')
  return ice
}

describe('an ICE-lite agent', () => {
  it('answers a genuine check and sends where the peer nominates last', () => {
    const ice = agent()
    expect(ice.check(check(), '198.51.100.1', 1000, 0)?.readUInt16BE(0)).toBe(0x0101)
    expect(ice.selected).toEqual({ address: '198.51.100.1', port: 1000, local: 0 })
    ice.check(check(), '198.51.100.1', 1000, 1)
    expect(ice.selected?.local).toBe(0)
    ice.check(check({ nominates: true }), '198.51.100.1', 1000, 1)
    expect(ice.selected?.local).toBe(1)
    expect(ice.knows('198.51.100.1', 1000, 0)).toBe(true)
    expect(ice.knows('198.51.100.1', 1001, 0)).toBe(false)
  })

  it.each([
    ['no integrity', check({ plain: true })],
    ['a wrong password', check({ password: 'guessed', nominates: true })],
    ['another user name of ours', check({ user: 'others:them' })],
    ['another user name of theirs', check({ user: 'ours:mallory' })],
    ['no user name', check({ user: '' })],
  ])('ignores a check with %s', (_, bytes) => {
    const ice = agent()
    expect(ice.check(bytes, '198.51.100.1', 1000, 0)).toBeUndefined()
    expect(ice.selected).toBeUndefined()
    expect(ice.knows('198.51.100.1', 1000, 0)).toBe(false)
  })

  it('sends nowhere that is not allowed', () => {
    const ice = agent((address) => address !== '127.0.0.1')
    expect(ice.check(check({ nominates: true }), '127.0.0.1', 1000, 0)).toBeUndefined()
    expect(ice.selected).toBeUndefined()
  })

  it('tells a peer that takes itself for controlled that it controls', () => {
    expect(
      agent()
        .check(check({ controlled: true }), '198.51.100.1', 1000, 0)
        ?.readUInt16BE(0),
    ).toBe(0x0111)
  })

  it('takes checks that come before the peer’s description', () => {
    const ice = new IceLite(() => true)
    ice.credentials('ours', password, '')
    expect(ice.check(check({ user: 'ours:whoever' }), '198.51.100.1', 1000, 0)).toBeDefined()
  })

  it('keeps the old way after a restart until the new one is nominated', () => {
    const ice = agent()
    ice.check(check({ nominates: true }), '198.51.100.1', 1000, 0)
    const newPassword = 'fedcba9876543210fedcba9876543210'
    ice.credentials('new', newPassword, 'again')
    expect(ice.selected?.port).toBe(1000)
    expect(ice.check(check({ nominates: true }), '198.51.100.1', 1000, 0)).toBeDefined()
    ice.check(check({ user: 'new:again', password: newPassword, nominates: true }), '198.51.100.1', 2000, 0)
    expect(ice.selected?.port).toBe(2000)
    expect(ice.knows('198.51.100.1', 1000, 0)).toBe(false)
    expect(ice.check(check({ nominates: true }), '198.51.100.1', 1000, 0)).toBeUndefined()
  })

  it('remembers a bounded number of ways, the selected one among them', () => {
    const ice = agent()
    ice.check(check({ nominates: true }), '198.51.100.1', 1, 0)
    for (let port = 2; port <= 100; port++) ice.check(check(), '198.51.100.1', port, 0)
    const known = Array.from({ length: 100 }, (_, i) => ice.knows('198.51.100.1', i + 1, 0)).filter(Boolean)
    expect(known).toHaveLength(16)
    expect(ice.knows('198.51.100.1', 1, 0)).toBe(true)
    expect(ice.knows('198.51.100.1', 100, 0)).toBe(true)
  })
})
