import { describe, expect, it } from 'vitest'
import { type AnsweringService, CallError, type HeldLeg, LegEnded, type ServedCall } from '#call'
import { Scenario } from './checked.ts'

/** Alice calls bob; `serve` has the call when bob does not take it, or at once where `dialled` says so. */
async function house(serve: AnsweringService['serve'], { station = 'voicemail', dialled = '102' } = {}) {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const causes: (string | undefined)[] = []
  const ends: unknown[] = []
  scenario.house.calls.answerBy((call, cause) => {
    causes.push(cause)
    const wanted = call.dialled === '700' ? cause === undefined : cause !== undefined
    const watched: AnsweringService['serve'] = async (caller, served) => {
      try {
        await serve(caller, served)
        ends.push('served')
      } catch (error) {
        ends.push(error)
        throw error
      }
    }
    const callee = { number: '700', name: 'Line', id: '' }
    return wanted ? { station, callee, serve: watched } : undefined
  })
  const placed = alice.call(dialled)
  await scenario.pass(300)
  return { scenario, alice, bob, placed, causes, ends }
}

const beep = (caller: HeldLeg): Promise<void> => caller.say({ tone: 'beep' })

async function left(scenario: Scenario) {
  await scenario.pass(1_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect(await scenario.storage.calls.sweep('node-1', 0)).toEqual([])
  expect((await scenario.media.counters()).legs).toBe(0)
}

describe('a service answers in the place of a station', () => {
  it.each([
    ['busy', 486],
    ['declined', 603],
    ['no-answer', undefined],
  ])('who is %s; the call ends when it has been served', async (cause, status) => {
    const { scenario, alice, bob, placed, causes, ends } = await house(beep)
    if (status) bob.rung[0]?.reject(status)
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(3_000)
    expect(causes).toEqual([undefined, cause])
    expect(ends).toEqual(['served'])
    expect(alice.byes).toHaveLength(1)
    expect((await scenario.records())[0]).toMatchObject({
      ...{ state: 'ended', cause: 'answered', answeredStation: 'voicemail', calleeName: 'Bob', status: 200 },
    })
    await left(scenario)
  })

  it('the caller hangs up on it', async () => {
    const { scenario, alice, bob, placed, ends } = await house(async (caller) => void (await caller.digits({})))
    bob.rung[0]?.reject(486)
    await scenario.during(placed.result)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect(ends[0]).toBeInstanceOf(LegEnded)
    expect((await scenario.records())[0]).toMatchObject({ state: 'ended', endedBy: 'caller', cause: 'answered' })
    await left(scenario)
  })

  it('before anybody is rung, and joins the caller with who it rings', async () => {
    const queue = async (caller: HeldLeg, served: ServedCall): Promise<void> => {
      caller.play({ tone: 'ringback' }, { loop: true })
      const { presented, origin } = served.call.from
      const plan = served.planFor('102', origin, presented)
      const agent = await served.ring(plan, { role: 'callee', presented, limitMs: 25_000, during: caller })
      await served.join(caller, agent)
    }
    const { scenario, alice, bob, placed, causes, ends } = await house(queue, { station: '', dialled: '700' })
    expect(await scenario.during(placed.result)).toBe(200)
    expect(causes).toEqual([undefined])
    await scenario.pass(300)
    bob.answer()
    await scenario.pass(500)
    expect(ends).toEqual(['served'])
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'bob/phone' }])
    bob.dialog?.bye()
    await scenario.pass(500)
    expect(alice.byes).toHaveLength(1)
    expect((await scenario.records())[0]).toMatchObject({ state: 'ended', endedBy: 'callee', dialled: '102' })
    await left(scenario)
  })

  it('the caller leaves a queue: who rings stops', async () => {
    const queue = async (caller: HeldLeg, served: ServedCall): Promise<void> => {
      const { presented, origin } = served.call.from
      const plan = served.planFor('102', origin, presented)
      await served.ring(plan, { role: 'callee', presented, limitMs: 25_000, during: caller })
    }
    const { scenario, alice, bob, placed, ends } = await house(queue, { station: '', dialled: '700' })
    await scenario.during(placed.result)
    await scenario.pass(300)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect(bob.cancels).toHaveLength(1)
    expect(ends[0]).toBeInstanceOf(LegEnded)
    await left(scenario)
  })

  it('whose failure ends the call, with its refusal where it has one', async () => {
    const refuses = () => Promise.reject(new CallError('no-answer'))
    const { scenario, alice, placed } = await house(refuses, { station: '', dialled: '700' })
    await scenario.during(placed.result)
    await scenario.pass(500)
    expect(alice.byes).toHaveLength(1)
    expect((await scenario.records())[0]).toMatchObject({ state: 'ended', cause: 'no-answer', dialled: '700' })
    await left(scenario)
  })

  it('after a crash the caller is let go', async () => {
    const { scenario, alice, bob, placed } = await house(async (caller) => void (await caller.digits({})))
    bob.rung[0]?.reject(486)
    await scenario.during(placed.result)
    await scenario.crash()
    await scenario.pass(1_000)
    await scenario.boot()
    await scenario.pass(1_000)
    expect(alice.byes).toHaveLength(1)
    expect((await scenario.records()).map(({ state }) => state)).toEqual(['interrupted'])
  })

  it('in a queue, after a crash too', async () => {
    const waits: AnsweringService['serve'] = async (caller) => void (await caller.digits({}))
    const { scenario, alice, placed } = await house(waits, { station: '', dialled: '700' })
    await scenario.during(placed.result)
    await scenario.crash()
    await scenario.pass(1_000)
    await scenario.boot()
    await scenario.pass(1_000)
    expect(alice.byes).toHaveLength(1)
    expect((await scenario.records()).map(({ state }) => state)).toEqual(['interrupted'])
  })
})
