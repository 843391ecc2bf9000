import { describe, expect, it } from 'vitest'
import type { AttemptDetail, ExpectedAtCentre } from '#services'
import { CallbackHouse, promptMs, provided } from './callback-house.ts'

const minute = 60_000
const centre = '+12125551234'
/** At any hour, so that nothing waits for the morning. */
const retry = {
  pausesMs: [5 * minute],
  window: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59' },
  latestMs: 15 * minute,
}

/** A centre that is walked by 1 and says its wait; alice has asked for a call with it. */
async function house(first: ExpectedAtCentre | undefined) {
  const says = { now: first }
  const centreWait = async (number: string) => (number === centre ? says.now : undefined)
  const callbacks = await CallbackHouse.start({ retry }, { centreWait })
  const { scenario } = callbacks
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const provider = await provided(scenario)
  await callbacks.ask({ dial: centre, name: 'Centre' }, '101', { personId: 'demo-alice', keys: '1' })
  await scenario.pass(300)
  /** What was told of place and wait, each once. */
  const lines = () => {
    const told = callbacks.views.map(
      ({ attempt }) => (JSON.parse(attempt?.detail ?? '{}') as Partial<AttemptDetail>).line,
    )
    return [...new Set(told.filter((line) => line).map((line) => JSON.stringify(Object.values(line ?? {}))))]
  }
  return { callbacks, scenario, alice, provider, says, lines }
}

const waits = (place: number, expectedWaitSeconds: number | null, open = true): ExpectedAtCentre => ({
  ...{ place, expectedWaitSeconds, open },
})

describe('a centre that says place and wait', () => {
  it('is asked again and again while its line is waited in: each change is told', async () => {
    const { callbacks, scenario, alice, provider, says, lines } = await house(waits(4, 180))
    provider.answer()
    await scenario.pass(5_000)
    says.now = waits(2, 90)
    await scenario.pass(20_000)
    // It says nothing for a while: what it said last holds.
    says.now = undefined
    await scenario.pass(20_000)
    expect(lines()).toEqual(['[4,180]', '[2,90]'])
    expect(alice.rung).toHaveLength(0)
    await callbacks.press(provider, '1')
    await scenario.pass(500)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected' })
  })

  it('decides when the asker is rung, where it is set so: before anybody has pressed a key', async () => {
    const { callbacks, scenario, alice, provider, says } = await house(waits(4, 180))
    provider.answer()
    await scenario.pass(2 * minute)
    expect(alice.rung).toHaveLength(0)
    says.now = { ...waits(1, 15), ringNow: true }
    await scenario.pass(16_000)
    expect(alice.rung).toHaveLength(1)
    alice.answer()
    await scenario.pass(promptMs + 500)
    expect(await callbacks.request()).toMatchObject({ state: 'connected', outcome: 'connected' })
  })

  it('is waited for longer than others, where it says that it takes so long', async () => {
    const { callbacks, scenario, provider, says } = await house(waits(9, 30 * 60))
    provider.answer()
    await scenario.pass(25 * minute)
    expect(await callbacks.request()).toMatchObject({ state: 'ringing' })
    says.now = undefined
    await scenario.pass(51 * minute)
    expect(await callbacks.request()).toMatchObject({ outcome: 'called-no-key' })
    const [attempt] = await scenario.storage.callbacks.attemptsOf('request-1')
    expect(JSON.parse(attempt?.detail ?? '').line).toEqual({ place: 9, expectedWaitSeconds: 1_800 })
  })

  it('and is closed is not called, but tried again later', async () => {
    const { callbacks, scenario, provider, says } = await house(waits(1, null, false))
    expect(provider.rung).toHaveLength(0)
    expect(await callbacks.request()).toMatchObject({ state: 'scheduled', outcome: 'called-closed' })
    says.now = waits(1, 0)
    await scenario.pass(5 * minute + 500)
    expect(provider.rung).toHaveLength(1)
  })
})
