import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom, VirtualClock } from '#lib'
import { openStorage } from '#storage'
import { Tickets } from './tickets.ts'

const ticket = { callId: 'c1', personId: 'carol', station: 'carol/phone "ü"' }

describe('tickets between nodes', () => {
  let clock: VirtualClock
  let one: Tickets
  let other: Tickets
  beforeEach(async () => {
    clock = new VirtualClock()
    const { values } = await openStorage({ folder: ':memory:', thread: false, clock })
    one = await Tickets.open(values, clock, seededRandom(1))
    other = await Tickets.open(values, clock, seededRandom(2))
  })

  it('made by one node hold on another, once', () => {
    const text = one.issue(ticket)
    expect(text).toMatch(/^[\w.-]+$/)
    expect(other.redeem(text)).toEqual(ticket)
    expect(other.redeem(text)).toBeUndefined()
    expect(other.redeem(one.issue(ticket))).toEqual(ticket)
  })

  it('hold for ten seconds, and are not accepted again after that', async () => {
    const early = one.issue(ticket)
    const late = one.issue(ticket)
    await clock.advance(9_999)
    expect(other.redeem(early)).toEqual(ticket)
    await clock.advance(1)
    expect(other.redeem(late)).toBeUndefined()
    other.redeem(one.issue(ticket))
    expect(other.redeem(early)).toBeUndefined()
  })

  it('of a clock that goes far ahead are refused: they could be used too long', async () => {
    const ahead = new VirtualClock()
    await ahead.advance(10_001)
    const { values } = await openStorage({ folder: ':memory:', thread: false, clock })
    const now = await Tickets.open(values, clock, seededRandom(1))
    expect(now.redeem((await Tickets.open(values, ahead, seededRandom(2))).issue(ticket))).toBeUndefined()
  })

  it('that are not ours are refused', async () => {
    const { values } = await openStorage({ folder: ':memory:', thread: false, clock })
    const stranger = await Tickets.open(values, clock, seededRandom(9))
    expect(other.redeem(stranger.issue(ticket))).toBeUndefined()
    const [said = '', signature = ''] = one.issue(ticket).split('.')
    const changed = Buffer.from(Buffer.from(said, 'base64url').toString().replace('carol', 'admin')).toString(
      'base64url',
    )
    for (const text of [
      `${changed}.${signature}`,
      said,
      `${said}.`,
      `.${signature}`,
      '',
      '.',
      `${said}.${signature}.x`,
      '{}',
    ])
      expect(other.redeem(text), text).toBeUndefined()
    expect(other.redeem(`${said}.${signature}`)).toEqual(ticket)
  })
})
