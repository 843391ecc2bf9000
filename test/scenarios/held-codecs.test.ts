import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallActs } from '#call'
import { eventually } from '../interop/eventually.ts'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'
import { QueueHouse } from './queue-house.ts'

// Who is held by the server talks G.711 alone, for nothing else is understood there. G.722 (9) stands for whatever phones like better.

const wide = { payloads: '9 0 8 101' }
const formatsOf = (sdp: string | undefined): string | undefined => /^m=audio \d+ \S+ (.*?)\r?$/m.exec(sdp ?? '')?.[1]

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'baton-held-codecs-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

/** Alice's and dave's phones like G.722 best. Dave's voicemail is on; queue 600 has nobody in it. */
async function house() {
  const scenario = await Scenario.start({ ...QueueHouse.options, data })
  const before = scenario.directory.personByLogin('dave')
  if (!before) throw new Error('no dave')
  const { numbers: _numbers, ...dave } = before
  const settings = { ...before.settings, ring: { mode: 'all', ringMs: 5_000 }, voicemail: { on: true } } as const
  await scenario.during(scenario.directory.putPerson({ ...dave, settings }))
  await scenario.during(scenario.house.queues.put({ id: 'q', name: 'Sales', extension: '600' }))
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1', wide)
  const phone = await scenario.registered('dave', 'dave', '10.0.0.4', wide)
  return { scenario, alice, dave: phone }
}

/** The phone in its call takes re-INVITEs with G.711, or refuses them; its offers are kept. */
function answersOffers(phone: Phone, status: 200 | 488): void {
  const { dialog } = phone
  if (!dialog) throw new Error(`${phone.name} has no call`)
  const sdp = phone.sdp().replace(wide.payloads, '0 8 101')
  dialog.handlers = {
    ...dialog.handlers,
    offer: (transaction) => {
      phone.offers.push(transaction.request.body.toString())
      if (status === 200) transaction.respond(200, 'OK', [['Content-Type', 'application/sdp']], sdp)
      else transaction.respond(status)
    },
  }
}

const recording = (scenario: Scenario) =>
  eventually(async () => {
    await scenario.pass(500)
    expect(await scenario.storage.voicemail.recording('node-1')).toHaveLength(1)
    // The beep, after which it begins.
    await scenario.pass(1_000)
  })

async function nothingLeft(scenario: Scenario): Promise<void> {
  await eventually(async () => {
    await scenario.pass(500)
    expect(await scenario.storage.voicemail.recording('node-1')).toEqual([])
    expect(scenario.house.calls.list()).toEqual([])
    expect((await scenario.media.counters()).legs).toBe(0)
  })
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect(await scenario.storage.queues.waiting('node-1')).toEqual([])
}

describe('who is held by the server', () => {
  it.each(['*97', '*97104', '600'])('is answered with G.711 alone: %s', async (dialled) => {
    const { scenario, alice } = await house()
    const placed = alice.call(dialled)
    expect(await scenario.during(placed.result)).toBe(200)
    expect(formatsOf(placed.response?.body.toString())).toBe('0 8 101')
    await scenario.pass(2_000)
    expect(alice.offers).toEqual([])
    alice.dialog?.bye()
    await nothingLeft(scenario)
  })

  it.each(['*97', '*97104', '600'])('and has no G.711 is refused: %s', async (dialled) => {
    const { scenario, alice } = await house()
    const sdp = alice.sdp().replace(wide.payloads, '9 101')
    expect(await scenario.during(alice.call(dialled, { sdp }).result)).toBe(488)
    await nothingLeft(scenario)
  })

  it.each(['104', '600'])('is offered G.711 alone where the server calls them first: %s', async (dialled) => {
    const { scenario, alice } = await house()
    const person = scenario.directory.personByLogin('alice')
    if (!person) throw new Error('no alice')
    new CallActs(scenario.house.calls).originate(person, dialled)
    await scenario.clock.until(() => alice.rung.length > 0)
    expect(formatsOf(alice.rung[0]?.request.body.toString())).toBe('0 8 101')
    alice.answer()
    await scenario.pass(1_000)
    expect(alice.offers).toEqual([])
    alice.dialog?.bye()
    await nothingLeft(scenario)
  })

  it('is answered with G.711 alone where they hold and resume', async () => {
    const { scenario, alice } = await house()
    await scenario.during(alice.call('600').result)
    for (const direction of ['sendonly', 'sendrecv'] as const) {
      const response = await scenario.during(Promise.resolve(alice.dialog?.reinvite(alice.sdp(direction))))
      expect(formatsOf(response?.body.toString())).toBe('0 8 101')
    }
    alice.dialog?.bye()
    await nothingLeft(scenario)
  })

  /** Alice hears early media of dave's phone, in G.722, and then his voicemail answers. */
  async function early(status: 200 | 488) {
    const all = await house()
    const { scenario, alice, dave } = all
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    dave.rung[0]?.progress(183, { body: dave.sdp() })
    placed.result.then(() => answersOffers(alice, status))
    expect(await scenario.during(placed.result)).toBe(200)
    expect(placed.progress.map((one) => formatsOf(one.body.toString()))).toContain('9 0 8 101')
    // The answer stays what it was (RFC 3261 §13.2.1): what follows is an offer of ours.
    expect(formatsOf(placed.response?.body.toString())).toBe('9 0 8 101')
    await scenario.pass(500)
    expect(alice.offers.map(formatsOf)).toEqual(['0 8 101'])
    return all
  }

  it('agrees on G.711 anew after early media', async () => {
    const { scenario, alice } = await early(200)
    await recording(scenario)
    expect(alice.offers).toHaveLength(1)
    alice.dialog?.bye()
    await nothingLeft(scenario)
  })

  it('and refuses G.711 after early media is let go, and told why', async () => {
    const { scenario, alice } = await early(488)
    expect(alice.byes.map((bye) => bye.header('reason'))).toEqual([expect.stringContaining('cause=488')])
    expect(await scenario.storage.voicemail.recording('node-1')).toEqual([])
    await nothingLeft(scenario)
    expect(await scenario.records()).toMatchObject([{ cause: 'not-acceptable', endedBy: 'server' }])
  })

  /** They talk G.722; dave transfers alice to the queue. */
  async function transferred(status: 200 | 488) {
    const all = await house()
    const { scenario, alice, dave } = all
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    dave.answer()
    expect(await scenario.during(placed.result)).toBe(200)
    expect(formatsOf(placed.response?.body.toString())).toBe('9 0 8 101')
    answersOffers(alice, status)
    const headers = [['Refer-To', '<sip:600@baton.local>'] as const]
    const response = await scenario.during(Promise.resolve(dave.dialog?.request('REFER', { headers })))
    expect(response?.status).toBe(202)
    await scenario.pass(1_000)
    expect(alice.offers.map(formatsOf)).toEqual(['0 8 101'])
    return all
  }

  it('agrees on G.711 anew when they are transferred to a queue', async () => {
    const { scenario, alice, dave } = await transferred(200)
    expect(dave.notified.at(-1)).toContain('SIP/2.0 200 OK')
    expect(scenario.house.queues.view('q')?.waiting).toMatchObject([{ number: '101' }])
    alice.dialog?.bye()
    await scenario.pass(10_000)
    await nothingLeft(scenario)
  })

  it('and refuses G.711 is not transferred: the call goes on', async () => {
    const { scenario, alice, dave } = await transferred(488)
    expect(dave.notified.at(-1)).toContain('SIP/2.0 488')
    await scenario.pass(10_000)
    expect([alice.byes.length, dave.byes.length]).toEqual([0, 0])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'dave/phone' }])
    dave.dialog?.bye()
    await scenario.pass(500)
    expect(alice.byes).toHaveLength(1)
    await nothingLeft(scenario)
  })

  it('and refuses G.711 when the transferor has gone is let go', async () => {
    const { scenario, alice, dave } = await house()
    const placed = alice.call('104')
    await scenario.clock.until(() => dave.rung.length > 0)
    dave.answer()
    await scenario.during(placed.result)
    const { dialog } = alice
    if (!dialog) throw new Error('alice has no call')
    let refuse: (() => void) | undefined
    dialog.handlers = {
      ...dialog.handlers,
      offer: (transaction) => {
        refuse = () => transaction.respond(488)
      },
    }
    const headers = [['Refer-To', '<sip:600@baton.local>'] as const]
    await scenario.during(Promise.resolve(dave.dialog?.request('REFER', { headers })))
    await scenario.clock.until(() => refuse !== undefined)
    dave.dialog?.bye()
    await scenario.pass(100)
    expect(alice.byes).toEqual([])
    refuse?.()
    await scenario.pass(500)
    expect(alice.byes.map((bye) => bye.header('reason'))).toEqual([expect.stringContaining('cause=488')])
    await nothingLeft(scenario)
  })
})
