import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { needs } from '../support/needs.ts'
import { longestGap, secondsOf } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { House, outsider, sipMessage } from './house.ts'

needs('baresip')('a call from the telephone network', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  test('rings both phones of alice; one takes it, the other hears who did, and both sides hear each other', async () => {
    const desk = await house.phone('alice', { tone: 660, trace: true })
    const kitchen = await house.phone('alice', { tone: 880, trace: true })
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    expect((await desk.event('CALL_INCOMING')).peeruri).toContain(outsider)
    await kitchen.event('CALL_INCOMING')
    await caller.event('CALL_RINGING')
    await eventually(async () => {
      const [live] = await house.calls()
      expect(live?.branches.map(({ state }) => state)).toEqual(['ringing', 'ringing'])
    })

    await desk.accept()
    await desk.event('CALL_ESTABLISHED')
    await caller.event('CALL_ESTABLISHED')
    await kitchen.event('CALL_CLOSED')
    expect(await sipMessage(kitchen, 'CANCEL')).toMatch(
      /\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n/i,
    )
    await sipMessage(kitchen, 'SIP/2.0 487')
    expect(await kitchen.command('listcalls')).not.toContain('INCOMING')

    await desk.hears(440, 1)
    await caller.hears(660, 1)
    await expectOnly(desk, 440)
    await expectOnly(caller, 660)
    expect(kitchen.heardSeconds()).toBe(0)

    await caller.hangup()
    await desk.event('CALL_CLOSED')
    const record = await house.lastRecord()
    expect(record).toMatchObject({
      state: 'ended',
      direction: 'in',
      trunk: 'demo',
      caller: { number: outsider },
      callee: { name: 'Alice', personId: 'demo-alice' },
      answeredBy: { personId: 'demo-alice' },
      cause: 'answered',
      status: 200,
      endedBy: 'caller',
    })
    expect(record.answeredBy.station).toContain(`:${desk.port}`)
    expect(record.startedAt).toBeLessThanOrEqual(record.answeredAt!)
    expect(record.answeredAt!).toBeLessThan(record.endedAt!)
    const other = record.branches.find(({ station }) => station.endsWith(`:${kitchen.port}`))
    expect(other).toMatchObject({ outcome: 'answered-elsewhere', by: record.answeredBy.station })
    expect(record.branches.filter(({ outcome }) => outcome === 'answered')).toHaveLength(1)
    for (const side of [record.quality.caller!, record.quality.callee!]) {
      expect(side).toMatchObject({ lost: 0, codec: 'PCMU/8000' })
      expect(side.packetsReceived).toBeGreaterThan(50)
      expect(side.packetsSent).toBeGreaterThan(50)
      expect(side.jitterMs).toBeGreaterThanOrEqual(0)
      expect(side.jitterMs).toBeLessThan(1_000)
    }

    const trace = await house.trace(record.id)
    const cancels = trace.filter(({ text }) => text.startsWith('CANCEL'))
    expect(cancels.map(({ direction, peer }) => `${direction} ${peer}`)).toEqual([`out udp 127.0.0.1:${kitchen.port}`])
    expect(trace.filter(({ text }) => text.startsWith('INVITE')).map(({ direction }) => direction)).toEqual([
      'in',
      'out',
      'out',
    ])
    expect(trace.filter(({ text }) => text.startsWith('BYE')).map(({ direction }) => direction)).toEqual(['in', 'out'])
  })

  test('that one phone declines rings on at the other', async () => {
    const desk = await house.phone('alice')
    const kitchen = await house.phone('alice', { tone: 660 })
    const caller = await house.outsidePhone()
    await caller.dial(house.numberOf('alice'))
    await desk.event('CALL_INCOMING')
    await kitchen.event('CALL_INCOMING')
    await desk.hangup()
    await eventually(async () => {
      const [live] = await house.calls()
      expect(live?.branches.map(({ state }) => state).sort()).toEqual(['ended', 'ringing'])
    })
    await kitchen.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await kitchen.hangup()
    await caller.event('CALL_CLOSED')
    const { branches } = await house.lastRecord()
    expect(branches.map(({ outcome }) => outcome).sort()).toEqual(['answered', 'busy'])
  })

  test('reaches a phone that registers while it rings', async () => {
    const desk = await house.phone('alice', { trace: true })
    const caller = await house.outsidePhone()
    await caller.dial(house.numberOf('alice'))
    await desk.event('CALL_INCOMING')
    const late = await house.phone('alice', { tone: 660 })
    await late.event('CALL_INCOMING')
    await late.accept()
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(660)
    await sipMessage(desk, 'CANCEL')
    await caller.hangup()
    await late.event('CALL_CLOSED')
    expect((await house.lastRecord()).branches.map(({ outcome }) => outcome).sort()).toEqual([
      'answered',
      'answered-elsewhere',
    ])
  })
})

/** The phone has heard this tone without a gap, and nothing else of what the test plays. */
async function expectOnly(phone: Baresip, frequency: number): Promise<void> {
  const tones = await phone.heard()
  expect(longestGap(frequency, tones)).toBe(0)
  for (const other of [440, 660, 880])
    if (other !== frequency) expect(secondsOf(other, tones), `${other} Hz at ${phone.user}'s`).toBe(0)
}
