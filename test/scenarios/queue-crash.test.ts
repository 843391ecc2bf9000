import { describe, expect, it } from 'vitest'
import type { Invitation } from '#sip'
import type { Phone } from './phone.ts'
import { nothing, QueueHouse } from './queue-house.ts'

const minute = 60_000

/** Bob, the only agent, is in a call; alice waits, and presses 1. Bob declines the first call that is made for her, and takes the second. */
async function house() {
  const queue = await QueueHouse.start({ people: ['demo-bob'] })
  const { scenario } = queue
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
  let calls = 0
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1', {
    onInvite: (invitation, phone) => answers(invitation, phone),
  })
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2', {
    onInvite: (invitation, phone) => {
      if (++calls === 2) invitation.reject(486)
      else answers(invitation, phone)
    },
  })
  const answers = (invitation: Invitation, phone: Phone): void => {
    invitation.progress(180)
    scenario.clock.setTimeout(() => {
      if (!invitation.completed) phone.answer(invitation)
    }, 200)
  }
  await queue.call(carol)
  await scenario.pass(1_000)
  await queue.call(alice)
  const since = queue.view.waiting[0]?.since
  await queue.press(alice, '1')
  await scenario.pass(1_500)
  scenario.mortality.written.length = 0
  return { queue, scenario, alice, bob, carol, since }
}

/** Alice confirms, hears so, and bob has time a moment later. */
function goesOn({ scenario, alice, bob }: Awaited<ReturnType<typeof house>>): void {
  const body = 'Signal=1\r\nDuration=160\r\n'
  alice.dialog?.request('INFO', { body, contentType: 'application/dtmf-relay' })?.catch(() => {})
  scenario.clock.setTimeout(() => bob.dialog?.bye(), 2_500)
}

/** What is written from the moment in which she confirms to the end of the call back. */
async function writes(): Promise<readonly string[]> {
  const all = await house()
  const { queue, scenario, alice, bob } = all
  goesOn(all)
  await scenario.pass(12_500)
  expect([alice.rung.length, bob.rung.length]).toEqual([1, 3])
  expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered' }])
  expect(queue.view.waiting).toEqual([])
  return [...scenario.mortality.written]
}

/** Which calls rang a phone, by id. */
function rang(phone: Phone): readonly string[] {
  return phone.rung.map(({ request }) => request.header('x-baton-call') ?? '')
}

const names = await writes()

describe('the server is killed', () => {
  it.each(
    names.flatMap((name, index) => (['before', 'after'] as const).map((when) => ({ write: index + 1, when, name }))),
  )('$when write $write of a kept place, $name: it is kept, and its owner is called', async ({ write, when }) => {
    const all = await house()
    const { queue, scenario, alice, bob, carol, since } = all
    let dead = false
    scenario.mortality.dieAt = { write, when }
    scenario.mortality.died = () => {
      dead = true
      void scenario.crash()
    }
    // The place is theirs from the write of its row on.
    const kept = write > names.indexOf('wait') + 1 || (names[write - 1] === 'wait' && when === 'after')
    goesOn(all)
    await scenario.clock.until(() => dead, minute)
    await queue.crash()
    if (kept && alice.rung.length === 0) expect(queue.view.waiting).toMatchObject([{ kind: 'callback', since }])
    await scenario.pass(8 * minute)
    expect(queue.view.waiting).toEqual([])
    const calls = [...rang(alice), ...rang(bob)]
    for (const phone of [alice, bob]) expect(new Set(rang(phone)).size).toBe(phone.rung.length)
    expect(calls).not.toContain('')
    for (const { id } of scenario.house.calls.list()) scenario.house.calls.call(id)?.end('answered', 'server')
    await scenario.pass(2_000)
    for (const phone of [alice, bob, carol])
      expect(phone.dialogs.filter(({ ended }) => !ended).map(() => phone.name)).toEqual([])
    expect(await queue.left()).toEqual(nothing)
    const { callbacks } = await scenario.storage.callbacks.list({ limit: 100 })
    const open = callbacks.filter(({ state }) => state === 'scheduled' || state === 'ringing')
    expect(open.map(({ id, state }) => `${id} ${state}`)).toEqual([])
    const ends = callbacks.map(({ state }) => state)
    expect(ends.filter((state) => state === 'connected')).toHaveLength(kept ? 1 : 0)
    for (const { id, attempts } of callbacks) {
      const rows = await scenario.storage.callbacks.attemptsOf(id)
      expect(rows).toHaveLength(attempts)
      expect(rows.filter(({ outcome }) => outcome === '')).toEqual([])
    }
  })
})
