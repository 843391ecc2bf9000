import { describe, expect, it } from 'vitest'
import { askingCaller, CallActs, CallError, type HeldLeg, LegEnded, NotAnswered, presentedOf } from '#call'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

async function house() {
  const scenario = await Scenario.start()
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const person = (login: string) => {
    const found = scenario.directory.personByLogin(login)
    if (!found) throw new Error(`no ${login}`)
    return found
  }
  const from = askingCaller(person('alice'))
  const served = scenario.house.calls.serve(from, '102')
  const ringBob = () => {
    const plan = served.planFor('102', from.origin, from.presented)
    return served.ring(plan, { role: 'callee', presented: from.presented, limitMs: 25_000 })
  }
  const ringAlice = (during: HeldLeg) => {
    const plan = served.planFor('101', from.origin, presentedOf(person('bob')))
    return served.ring(plan, { role: 'caller', presented: presentedOf(person('bob')), limitMs: 25_000, during })
  }
  /** Bob has answered and waits. */
  const bobWaits = async (): Promise<HeldLeg> => {
    const held = ringBob()
    await scenario.pass(200)
    bob.answer()
    return scenario.during(held)
  }
  return { scenario, alice, bob, person, served, ringBob, ringAlice, bobWaits }
}

async function press(scenario: Scenario, phone: Phone, keys: string): Promise<void> {
  for (const key of keys) {
    const contentType = 'application/dtmf-relay'
    const sent = phone.dialog?.request('INFO', { body: `Signal=${key}\r\nDuration=160\r\n`, contentType })
    expect((await scenario.during(sent as NonNullable<typeof sent>))?.status).toBe(200)
  }
}

async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  )
}

const nobodyLeft = async (scenario: Scenario): Promise<void> => {
  await scenario.pass(1_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect(await scenario.storage.calls.sweep('node-1', 0)).toEqual([])
  expect((await scenario.media.counters()).legs).toBe(0)
}

describe('a call that the server makes', () => {
  it('rings one side, holds it, rings the other and joins them', async () => {
    const { scenario, alice, bob, served, ringAlice, bobWaits } = await house()
    const from = scenario.mark()
    const called = await bobWaits()
    called.play({ tone: 'ringback' }, { loop: true })
    const ringing = ringAlice(called)
    await scenario.pass(300)
    expect(alice.rung[0]?.request.from.uri.user).toBe('102')
    expect(bob.rung[0]?.request.from.uri.user).toBe('101')
    alice.answer()
    const caller = await scenario.during(ringing)
    expect(await scenario.during(served.join(caller, called))).toBe(true)
    expect(scenario.house.calls.list()[0]).toMatchObject({ state: 'answered', answeredBy: 'bob/phone' })
    await scenario.pass(30_000)
    alice.dialog?.bye()
    await scenario.pass(500)
    expect(scenario.ladder(from)).toEqual([
      'server -> bob INVITE',
      'bob -> server 180 INVITE',
      'bob -> server 200 INVITE',
      'server -> bob ACK',
      'server -> alice INVITE',
      'alice -> server 180 INVITE',
      'alice -> server 200 INVITE',
      'server -> alice ACK',
      'alice -> server BYE',
      'server -> alice 200 BYE',
      'server -> bob BYE',
      'bob -> server 200 BYE',
    ])
    const [record] = await scenario.records()
    expect(record).toMatchObject({
      state: 'ended',
      direction: 'internal',
      callerNumber: '101',
      dialled: '102',
      answeredStation: 'bob/phone',
      cause: 'answered',
      endedBy: 'caller',
    })
    await nobodyLeft(scenario)
  })

  it('is on disk before anybody is rung, and before an answer is acknowledged', async () => {
    const { scenario, bob, ringBob } = await house()
    const write = scenario.storage.calls.ringing
    const waiting: (() => void)[] = []
    scenario.storage.calls.ringing = async (row) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
      return write.call(scenario.storage.calls, row)
    }
    const held = ringBob()
    await scenario.pass(500)
    expect(bob.rung).toHaveLength(0)
    scenario.storage.calls.ringing = write
    for (const release of waiting.splice(0)) release()
    await scenario.pass(100)
    expect(bob.rung).toHaveLength(1)
    const [context] = await scenario.storage.calls.contexts()
    expect(context?.branches).toContain(bob.rung[0]?.request.callId)
    const keep = scenario.storage.calls.dialog
    scenario.storage.calls.dialog = async (row) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
      return keep.call(scenario.storage.calls, row)
    }
    const mark = scenario.mark()
    bob.answer()
    await scenario.pass(200)
    expect(scenario.ladder(mark)).not.toContain('server -> bob ACK')
    for (const release of waiting) release()
    await scenario.during(held)
    await scenario.pass(50)
    expect(scenario.ladder(mark)).toContain('server -> bob ACK')
  })

  it('keys of who is held are collected, also those pressed early', async () => {
    const { scenario, bob, bobWaits } = await house()
    const called = await bobWaits()
    await press(scenario, bob, '12')
    expect(await scenario.during(called.digits({ count: 3, end: '#', waitMs: 100 }))).toBe('12')
    const typed = called.digits({ count: 9, end: '#', waitMs: 5_000 })
    await press(scenario, bob, '34#')
    expect(await scenario.during(typed)).toBe('34')
    expect(await scenario.during(called.digits({ waitMs: 10_000 }))).toBe('')
  })

  it('keys with pauses are sent', async () => {
    const { scenario, bobWaits } = await house()
    const called = await bobWaits()
    const start = scenario.clock.now()
    await scenario.during(called.sendDigits('1,,2'))
    expect(scenario.clock.now() - start).toBeGreaterThanOrEqual(4_000)
    await expect(called.sendDigits('1x')).rejects.toThrow("'x' is not allowed in a dial string")
  })

  it.each<[string, number | undefined, string]>([
    ['busy', 486, 'busy'],
    ['declined', 603, 'declined'],
    ['silent', undefined, 'no-answer'],
  ])('who is %s is not held', async (_, status, code) => {
    const { scenario, bob, served, ringBob } = await house()
    const held = refusal(ringBob())
    await scenario.pass(200)
    if (status) bob.rung[0]?.reject(status)
    const error = await scenario.during(held)
    expect(error).toBeInstanceOf(NotAnswered)
    expect(error).toMatchObject({ code, station: 'bob/phone', gateway: '' })
    served.end((error as NotAnswered).code)
    await scenario.pass(100)
    expect(bob.cancels).toHaveLength(status ? 0 : 1)
    expect((await scenario.records())[0]).toMatchObject({ state: 'ended', cause: code, answeredAt: null })
    await nobodyLeft(scenario)
  })

  it('who is held hangs up: the other stops ringing', async () => {
    const { scenario, alice, bob, served, ringAlice, bobWaits } = await house()
    const called = await bobWaits()
    const ringing = refusal(ringAlice(called))
    await scenario.pass(500)
    bob.dialog?.bye()
    expect(await scenario.during(ringing)).toBeInstanceOf(LegEnded)
    await scenario.pass(200)
    expect(alice.cancels).toHaveLength(1)
    served.end('cancelled')
    await nobodyLeft(scenario)
  })

  it('the answer crosses the hang-up: both are let go', async () => {
    const { scenario, alice, bob, served, ringAlice, bobWaits } = await house()
    const called = await bobWaits()
    const ringing = refusal(ringAlice(called))
    await scenario.pass(500)
    bob.dialog?.bye()
    alice.answer()
    expect(await scenario.during(ringing)).toBeInstanceOf(LegEnded)
    served.end('cancelled')
    await scenario.pass(500)
    expect(alice.byes).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  it.each(['while one rings', 'while one waits', 'while the other rings', 'while both wait'])(
    'is ended %s: nobody is left',
    async (when) => {
      const { scenario, alice, bob, served, ringBob, ringAlice, bobWaits } = await house()
      let open: Promise<unknown> = Promise.resolve()
      if (when === 'while one rings') {
        open = refusal(ringBob())
        await scenario.pass(500)
      } else {
        const called = await bobWaits()
        if (when === 'while one waits') open = refusal(called.digits({ waitMs: 10_000 }))
        else {
          open = refusal(ringAlice(called))
          await scenario.pass(500)
          if (when === 'while both wait') {
            alice.answer()
            await scenario.during(open)
            open = Promise.resolve(new CallError('cancelled'))
          }
        }
      }
      served.end('cancelled')
      expect(await scenario.during(open)).toBeInstanceOf(when === 'while one waits' ? LegEnded : CallError)
      await scenario.pass(500)
      const ends = (phone: Phone) => phone.cancels.length + phone.byes.length
      expect(ends(bob)).toBe(1)
      expect(ends(alice)).toBe(when === 'while the other rings' || when === 'while both wait' ? 1 : 0)
      await nobodyLeft(scenario)
    },
  )

  it('a desk declines what rings there, and the server that stops ends what waits', async () => {
    const { scenario, bob, person, served, ringBob, bobWaits } = await house()
    const declined = refusal(ringBob())
    await scenario.pass(300)
    new CallActs(scenario.house.calls).decline(served.call.id, person('bob'))
    expect(await scenario.during(declined)).toMatchObject({ code: 'declined' })
    await scenario.pass(100)
    expect(bob.cancels).toHaveLength(1)
    await bobWaits()
    await scenario.during(scenario.house.stop(100))
    expect(scenario.ladder().at(-1)).toBe('server -> bob BYE')
  })

  it.each([
    ['+19005550123', 'premium-not-allowed'],
    ['911', 'emergency-not-allowed'],
    ['+442079460123', 'international-not-allowed'],
    ['777', 'not-found'],
  ])('on nobody’s account %s is refused: %s', async (number, code) => {
    const { served } = await house()
    const plan = () => served.planFor(number, { kind: 'service' }, served.call.from.presented)
    expect(refused(plan)).toBe(code)
  })
})

function refused(plan: () => unknown): string {
  try {
    plan()
  } catch (error) {
    if (error instanceof CallError) return error.code
  }
  return ''
}
