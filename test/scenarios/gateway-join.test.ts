import { describe, expect, it } from 'vitest'
import type { ServerTransaction } from '#sip'
import { CallbackHouse, nothing, promptMs } from './callback-house.ts'
import type { Phone } from './phone.ts'

const [called, caller] = ['+12125551234', '+12125559876']

type Refer = (transaction: ServerTransaction, gateway: Gateway) => void

/** A provider that both sides of requested calls are reached by. */
interface Gateway {
  readonly phone: Phone
  /** The called's leg, and the caller's. */
  leg(side: 'called' | 'caller'): NonNullable<Phone['dialog']>
  /** Tells how the REFER goes. */
  notify(sipfrag: string, state?: string): void
  later(ms: number, act: () => void): void
}

/** Both sides of a requested call talk, and the gateway has been sent what it is sent. */
async function talking(refer: Refer, join: 'server' | 'refer' = 'refer') {
  const callbacks = await CallbackHouse.start()
  const { scenario } = callbacks
  const settings = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0, join }
  await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
  const phone = scenario.phone('provider', { address: '10.0.9.1', user: 'provider', allows: ['REFER'] })
  const gateway: Gateway = {
    phone,
    later: (ms, act) => void scenario.clock.setTimeout(act, ms),
    leg: (side) => phone.dialogs[side === 'called' ? 0 : 1] as NonNullable<Phone['dialog']>,
    notify(sipfrag, state = 'active;expires=60') {
      const headers = [
        ['Event', 'refer'],
        ['Subscription-State', state],
      ] as const
      void this.leg('called').request('NOTIFY', { headers, contentType: 'message/sipfrag', body: `${sipfrag}\r\n` })
    },
  }
  const asked: ServerTransaction[] = []
  await callbacks.ask({ dial: called, name: '', pressOne: false }, caller, { personId: 'demo-alice' })
  await scenario.pass(300)
  phone.answer()
  await scenario.pass(2 * promptMs + 500)
  phone.answer()
  for (const { handlers } of phone.dialogs)
    handlers.refer = (transaction) => {
      asked.push(transaction)
      refer(transaction, gateway)
    }
  const from = scenario.mark()
  await scenario.pass(promptMs + 300)
  const attempt = async () => (await scenario.storage.callbacks.attemptsOf('request-1'))[0]
  const confirmations = async () => JSON.parse((await attempt())?.detail ?? '').confirmations
  return { callbacks, scenario, gateway, phone, asked, from, attempt, confirmations }
}

/** They talk on over the server, as if nothing had been asked: no BYE, no new offer; who hangs up ends it as always. */
async function talkOn({ callbacks, scenario, phone, gateway }: Awaited<ReturnType<typeof talking>>): Promise<void> {
  expect([phone.byes.length, phone.offers.length]).toEqual([0, 0])
  expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered' }])
  gateway.leg('caller').bye()
  await scenario.pass(300)
  expect(gateway.leg('called').ended).toBe(true)
  expect(await callbacks.left()).toEqual(nothing)
  expect(await scenario.records()).toMatchObject([{ cause: 'answered', endedBy: 'caller' }])
}

describe('a gateway that both sides run over', () => {
  it('is asked to join them, and has them: the server leaves the call', async () => {
    const { callbacks, scenario, gateway, phone, asked, from, attempt, confirmations } = await talking(
      (transaction, gateway) => {
        transaction.respond(202)
        gateway.notify('SIP/2.0 100 Trying')
        gateway.later(100, () => gateway.leg('caller').bye())
        gateway.later(200, () => gateway.notify('SIP/2.0 200 OK', 'terminated;reason=noresource'))
      },
    )
    await scenario.pass(1_000)
    const { callId, localTag, remoteTag } = gateway.leg('caller')
    const replaces = encodeURIComponent(`${callId};to-tag=${localTag};from-tag=${remoteTag}`)
    expect(asked).toHaveLength(1)
    expect(asked[0]?.request.callId).toBe(gateway.leg('called').callId)
    expect(asked[0]?.request.header('refer-to')).toBe(`<sip:10.0.9.1:5060?Replaces=${replaces}>`)
    expect(asked[0]?.request.header('referred-by')).toContain('sip:')
    expect(callbacks.ladder(from).filter((line) => !/♪/.test(line))).toEqual([
      'server -> provider ACK',
      'server -> provider REFER',
      'provider -> server 202 REFER',
      'provider -> server NOTIFY',
      'server -> provider 200 NOTIFY',
      'provider -> server BYE',
      'server -> provider 200 BYE',
      'provider -> server NOTIFY',
      'server -> provider 200 NOTIFY',
      'server -> provider BYE',
      'provider -> server 200 BYE',
    ])
    expect(phone.byes[0]?.header('reason')).toContain('Joined by the gateway')
    expect(await scenario.records()).toMatchObject([{ cause: 'joined-by-gateway', endedBy: 'server', state: 'ended' }])
    expect(await attempt()).toMatchObject({ outcome: 'joined-by-gateway' })
    expect(await callbacks.request()).toMatchObject({ state: 'connected', outcome: 'connected' })
    const last = { role: 'called', what: 'joined-by-gateway', station: called, gateway: 'out', status: 200 }
    expect((await confirmations()).at(-1)).toMatchObject(last)
    expect(callbacks.views.at(-1)).toMatchObject({
      request: { state: 'connected' },
      attempt: { outcome: 'joined-by-gateway' },
    })
    expect(await callbacks.sent()).toEqual(['connected'])
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('is told goodbye on both legs where it waits for that', async () => {
    const { callbacks, scenario, phone } = await talking((transaction, gateway) => {
      transaction.respond(200)
      gateway.notify('SIP/2.0 200 OK', 'terminated')
    })
    await scenario.pass(300)
    expect(phone.byes).toHaveLength(2)
    expect(await scenario.records()).toMatchObject([{ cause: 'joined-by-gateway' }])
    expect(await callbacks.left()).toEqual(nothing)
  })

  it.each<[string, number, Refer]>([
    ['refuses', 603, (transaction) => transaction.respond(603)],
    ['does not know REFER', 405, (transaction) => transaction.respond(405)],
    [
      'cannot do it',
      503,
      (transaction, gateway) => {
        transaction.respond(202)
        gateway.notify('SIP/2.0 503 Service Unavailable', 'terminated;reason=noresource')
      },
    ],
    [
      'does not find the dialog to replace',
      481,
      (transaction, gateway) => {
        // Before the answer to the REFER: on the wire they may change places.
        gateway.notify('SIP/2.0 481 Call/Transaction Does Not Exist', 'terminated')
        transaction.respond(202)
      },
    ],
    [
      'gives up without a word',
      0,
      (transaction, gateway) => {
        transaction.respond(202)
        gateway.notify('SIP/2.0 100 Trying', 'terminated;reason=giveup')
      },
    ],
    [
      'tells nothing for half a minute',
      0,
      (transaction, gateway) => {
        transaction.respond(202)
        gateway.notify('SIP/2.0 100 Trying')
      },
    ],
    ['does not answer', 0, () => {}],
  ])('%s: they talk on over the server, and the attempt says so', async (_, status, refer) => {
    const all = await talking(refer)
    await all.scenario.pass(35_000)
    expect(all.asked).toHaveLength(1)
    expect(await all.attempt()).toMatchObject({ outcome: 'connected' })
    expect((await all.confirmations()).at(-1)).toMatchObject({ what: 'gateway-did-not-join', status })
    await talkOn(all)
  })

  it('who hangs up while it is asked ends the call', async () => {
    const { callbacks, scenario, phone, gateway, attempt } = await talking((transaction, gateway) => {
      transaction.respond(202)
      gateway.leg('called').bye()
    })
    await scenario.pass(1_500)
    expect(gateway.leg('caller').ended).toBe(false)
    await scenario.pass(1_000)
    expect(gateway.leg('caller').ended).toBe(true)
    expect(phone.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ cause: 'answered', endedBy: 'callee' }])
    expect(await attempt()).toMatchObject({ outcome: 'connected' })
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('and a call that is called off while it is asked is over', async () => {
    const { callbacks, scenario, phone } = await talking((transaction) => transaction.respond(202))
    const [call] = scenario.house.calls.list()
    scenario.house.calls.call(call?.id ?? '')?.end('cancelled', 'server')
    await scenario.pass(300)
    expect(phone.byes).toHaveLength(2)
    expect(await callbacks.left()).toEqual(nothing)
  })

  it('is not asked where its trunk does not say so', async () => {
    const all = await talking((transaction) => transaction.respond(603), 'server')
    await all.scenario.pass(1_000)
    expect(all.asked).toEqual([])
    await talkOn(all)
  })

  it('a crash while it is asked ends the dialogs that are left; nobody is rung again', async () => {
    const { callbacks, scenario, phone, gateway, asked } = await talking((transaction, gateway) => {
      transaction.respond(202)
      gateway.notify('SIP/2.0 100 Trying')
    })
    expect(asked).toHaveLength(1)
    await callbacks.crash()
    await scenario.pass(2_000)
    for (const side of ['called', 'caller'] as const) expect(gateway.leg(side).ended).toBe(true)
    await scenario.pass(600_000)
    expect(phone.rung).toHaveLength(2)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', attempts: 1 })
    expect(await scenario.records()).toMatchObject([{ state: 'interrupted' }])
  })
})

it('a side on a phone of ours stays with the server', async () => {
  const callbacks = await CallbackHouse.start()
  const { scenario } = callbacks
  const settings = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0, join: 'refer' as const }
  await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
  const phone = scenario.phone('provider', { address: '10.0.9.1', user: 'provider', allows: ['REFER'] })
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const from = scenario.mark()
  await callbacks.ask({ dial: called, name: '', pressOne: false }, '101', { personId: 'demo-alice' })
  await scenario.pass(300)
  phone.answer()
  await scenario.pass(2 * promptMs + 500)
  alice.answer()
  await scenario.pass(promptMs + 1_000)
  expect(await callbacks.request()).toMatchObject({ state: 'connected' })
  expect(callbacks.ladder(from).filter((line) => /REFER/.test(line))).toEqual([])
})
