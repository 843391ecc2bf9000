import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { startSipp } from '../support/sipp.ts'
import { eventually } from './eventually.ts'
import { House, outsider, sipMessage } from './house.ts'

needs('baresip', 'sipp')('call pickup among real phones', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  const metric = async (line: string): Promise<void> => {
    const metrics = await (await house.baton.fetch('/metrics')).text()
    expect(metrics.split('\n')).toContain(line)
  }

  test("carol's phone dials the code: both hear each other, bob's stops", async () => {
    const { bob, caller } = await house.ringBob()
    const carol = await house.phone('carol', { tone: 660, trace: true })
    await carol.dial(`sip:*8102@${house.baton.sip.target}`)
    await carol.event('CALL_ESTABLISHED')
    await caller.event('CALL_ESTABLISHED')
    await bob.event('CALL_CLOSED')
    expect(await sipMessage(bob, 'CANCEL')).toMatch(/\r\nReason: SIP;cause=200;text="Call completed elsewhere"\r\n/i)
    expect(await sipMessage(carol, 'SIP/2.0 200 OK', 1)).toContain(outsider)
    await carol.hears(440, 1)
    await caller.hears(660, 1)
    await caller.hangup()
    await carol.event('CALL_CLOSED')
    const record = await house.lastRecord()
    expect(record).toMatchObject({ callee: { name: 'Bob' }, answeredBy: { station: 'carol/phone' }, cause: 'answered' })
    expect(record.branches).toContainEqual(expect.objectContaining({ outcome: 'picked-up', by: 'carol/phone' }))
  })

  test("dave, of no group of bob's, is refused and bob's phone rings on", async () => {
    const { bob, caller } = await house.ringBob()
    const dave = await house.phone('dave', { trace: true })
    await dave.dial(`sip:*8@${house.baton.sip.target}`)
    await dave.event('CALL_CLOSED')
    expect(await sipMessage(dave, 'SIP/2.0 403')).toMatch(/^SIP\/2\.0 403 Forbidden\r\n/)
    expect(bob.sip().some((message) => message.startsWith('CANCEL'))).toBe(false)
    await caller.hangup()
    await bob.event('CALL_CLOSED')
  })

  test('a phone that knows Replaces: 183, INVITE with Replaces, CANCEL and 487', async () => {
    const { bob, caller } = await house.ringBob()
    const port = await freePort()
    const phone = await startSipp({
      ...{ scenario: 'uac-pickup', target: house.baton.sip.target, port, user: 'carol', password: 'carol-demo' },
      ...{ keys: { domain: 'baton.local' }, pause: 2_000 },
      arguments: ['-oocsf', join(import.meta.dirname, '../sipp/uas-replaces.xml')],
    })
    await caller.event('CALL_ESTABLISHED')
    await bob.event('CALL_CLOSED')
    const [live] = await house.calls()
    await eventually(async () => {
      const wire = (await house.trace(live?.id ?? ''))
        .filter(({ peer }) => peer === `udp 127.0.0.1:${port}`)
        .map(({ direction, text }) => {
          const [line = ''] = text.split('\r\n')
          const method = /\r\nCSeq: \d+ (\w+)/i.exec(text)?.[1]
          const name = line.startsWith('SIP/2.0') ? `${line.slice(8, 11)} ${method}` : `${line.split(' ')[0]}`
          return `${direction} ${name}${/\r\nReplaces:/i.test(text) ? ' with Replaces' : ''}`
        })
      expect(wire.filter((line, index) => wire.indexOf(line) === index)).toEqual([
        'in INVITE',
        'out 183 INVITE',
        'out INVITE with Replaces',
        'in 200 INVITE',
        'out ACK',
        'in CANCEL',
        'out 200 CANCEL',
        'out 487 INVITE',
        'in ACK',
      ])
    })
    await caller.hangup()
    const { code, failed, errors } = await phone.result
    expect({ code, failed }).toEqual({ code: 0, failed: 0 })
    // SIPp notes that the INVITE with Replaces belongs to its other scenario, and nothing else.
    expect(errors.trim().split('\n').slice(1)).toEqual([expect.stringMatching(/out-of-call INVITE message/)])
    expect(await house.lastRecord()).toMatchObject({ answeredBy: { station: 'carol/phone' }, endedBy: 'caller' })
    await metric('baton_pickups_total{way="replaced"} 1')
    await metric('baton_pickups_total{way="answered"} 1')
  })
})
