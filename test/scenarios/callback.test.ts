import { describe, expect, it } from 'vitest'
import { CallbackHouse, nothing, promptMs, provided } from './callback-house.ts'

async function house(settings: object = {}) {
  const callbacks = await CallbackHouse.start(settings)
  const { scenario } = callbacks
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  return { callbacks, scenario, alice, bob }
}

const minute = 60_000

describe('a requested call', () => {
  it('rings the called, tells who asks, rings the caller, and joins them', async () => {
    const { callbacks, scenario, alice, bob } = await house()
    const from = scenario.mark()
    await callbacks.ask('102', '101')
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(2 * promptMs + 500)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(callbacks.ladder(from)).toEqual([
      'server -> bob INVITE',
      'bob -> server 180 INVITE',
      'bob -> server 200 INVITE',
      'server -> bob ACK',
      'server -> bob ♪ en: callback-requested-by the-number 1 0 1',
      'server -> bob ♪ en: connecting',
      'server -> alice INVITE',
      'alice -> server 180 INVITE',
      'server -> bob ♪ ringback',
      'alice -> server 200 INVITE',
      'server -> alice ACK',
      'server -> alice ♪ en: callback-you-asked-for',
    ])
    expect(await callbacks.request()).toMatchObject({ state: 'connected', outcome: 'connected', attempts: 1, node: '' })
    expect(callbacks.told.map(({ what }) => what)).toEqual(['connected'])
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    expect(attempt).toMatchObject({ number: 1, outcome: 'connected', calledAt: expect.any(Number) })
    expect(JSON.parse(attempt?.detail ?? '').confirmations).toMatchObject([
      { role: 'called', what: 'answered', station: 'bob/phone', gateway: '', status: 200 },
      { role: 'caller', what: 'answered', station: 'alice/phone', gateway: '', status: 200 },
    ])
    expect(callbacks.views.flatMap(({ phase }) => phase ?? [])).toEqual([
      ...['ringing-called', 'announcing-called', 'ringing-caller', 'announcing-caller', 'joined'],
    ])
    const call = scenario.house.calls.list()[0]
    expect(call).toMatchObject({ id: attempt?.callId, state: 'answered', caller: { number: '101' } })
    alice.dialog?.bye()
    expect(await callbacks.left()).toEqual(nothing)
    expect(bob.byes).toHaveLength(1)
    expect((await scenario.records())[0]).toMatchObject({ id: attempt?.callId, callerNumber: '101', dialled: '102' })
  })
})

void provided
void minute
