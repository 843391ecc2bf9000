import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { runSipp, startSipp } from '../support/sipp.ts'
import { eventually } from './eventually.ts'
import { House, outsider } from './house.ts'

type Charge = {
  callId: string
  state: 'open' | 'closed' | 'void'
  reason: string
  pickedUpBy: string
  answeredAt: number | null
  endedAt: number | null
}

const allWell = { code: 0, successful: 1, failed: 0, errors: '' }

needs('baresip', 'sipp')('picking up by BLF key, and what it costs', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  /** The dialog between the server and bob's phone, as the wire has it. */
  async function dialogAtBob(): Promise<{ of: string; to_tag: string; from_tag: string }> {
    const [call] = await house.calls()
    return eventually(async () => {
      const trace = await house.trace(call?.id ?? '')
      const ringing = trace.find(({ text, direction }) => direction === 'in' && text.startsWith('SIP/2.0 180'))?.text
      const named = (pattern: RegExp) => pattern.exec(ringing ?? '')?.[1] ?? ''
      const [of, to_tag] = [named(/\r\nCall-ID: *([^\r]+)/i), named(/\r\nTo:[^\r]*;tag=([^;\r]+)/i)]
      if (!of || !to_tag) throw new Error('bob has not rung yet')
      return { of, to_tag, from_tag: named(/\r\nFrom:[^\r]*;tag=([^;\r]+)/i) }
    })
  }

  /** An INVITE with Replaces is answered with this status, and nothing else happens. */
  async function refused(
    user: string,
    status: number,
    dialog: { of: string; to_tag: string; from_tag: string },
    earlyOnly = true,
  ): Promise<void> {
    const template = readFileSync(join(import.meta.dirname, '../sipp/uac-replaces-refused.xml'), 'utf8')
    const scenario = join(temporaryFolder('refused'), 'scenario.xml')
    writeFileSync(scenario, template.replace('"STATUS"', `"${status}"`))
    const keys = { domain: 'baton.local', ...dialog, early_only: earlyOnly ? ';early-only' : '' }
    const password = `${user}-demo`
    const phone = { scenario, target: house.baton.sip.target, user, password, keys }
    expect(await runSipp(phone)).toMatchObject(allWell)
  }

  async function tokenOf(login: string): Promise<string> {
    const session = await house.baton.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, password: `${login}-demo` }),
    })
    return ((await session.json()) as { token: string }).token
  }

  async function charges(login: string): Promise<Charge[]> {
    const authorization = `Bearer ${await tokenOf(login)}`
    const answer = await house.baton.fetch('/api/v1/charges', { headers: { authorization } })
    return ((await answer.json()) as { charges: Charge[] }).charges
  }

  test('a lamp that rings is taken: SUBSCRIBE, NOTIFY, INVITE with Replaces', async () => {
    const { bob, caller } = await house.ringBob()
    const key = await startSipp({
      ...{ scenario: 'uac-pickup-blf', target: house.baton.sip.target, user: 'carol', password: 'carol-demo' },
      ...{ keys: { domain: 'baton.local' } },
    })
    await caller.event('CALL_ESTABLISHED')
    await bob.event('CALL_CLOSED')
    await caller.hangup()
    expect(await key.result).toMatchObject(allWell)
    const record = await house.lastRecord()
    expect(record).toMatchObject({ answeredBy: { personId: 'demo-carol' }, cause: 'answered' })
    expect(record.branches).toContainEqual(expect.objectContaining({ station: 'bob/phone', outcome: 'picked-up' }))
  })

  test('refused with 403 from another group, 481 for what there is not, 486 once it is answered, 603 just after the end', async () => {
    const { bob, caller } = await house.ringBob()
    const dialog = await dialogAtBob()
    await refused('dave', 403, dialog)
    await refused('carol', 481, { ...dialog, of: 'there-is-none' })
    await refused('carol', 481, { ...dialog, to_tag: 'another' })
    expect(bob.sip().some((message) => message.startsWith('CANCEL'))).toBe(false)
    await bob.accept()
    await caller.event('CALL_ESTABLISHED')
    await refused('carol', 486, dialog)
    await caller.hears(880)
    await caller.hangup()
    await bob.event('CALL_CLOSED')

    await caller.dial(house.numberOf('bob'))
    await bob.event('CALL_INCOMING')
    const again = await dialogAtBob()
    await caller.hangup()
    await bob.event('CALL_CLOSED')
    await refused('carol', 603, again)
  })

  test('the first of two: the code alone takes the call that rings longest; a charge is closed at hang-up', async () => {
    const { bob, caller } = await house.ringBob()
    const alice = await house.phone('alice', { tone: 500 })
    const second = await house.outsidePhone({ user: '+12065550199', tone: 300 })
    await second.dial(house.numberOf('alice'))
    await alice.event('CALL_INCOMING')
    const carol = await house.phone('carol', { tone: 660 })
    await carol.dial(`sip:*8@${house.baton.sip.target}`)
    await bob.event('CALL_CLOSED')
    await caller.hears(660)
    await carol.hears(440)
    const [open] = await charges('carol')
    expect(open).toMatchObject({ state: 'open', pickedUpBy: 'carol/phone', endedAt: null })
    await caller.hangup()
    await carol.event('CALL_CLOSED')
    await eventually(async () => {
      const [closed] = await charges('carol')
      expect(closed).toMatchObject({ callId: open?.callId, state: 'closed', reason: 'answered' })
      expect(closed?.answeredAt).toBeGreaterThan(0)
      expect(closed?.endedAt).toBeGreaterThanOrEqual(closed?.answeredAt ?? 0)
    })
    await second.hangup()
  })

  test('a refusal charges nobody; a pickup that nobody of mine answers is void, and bob rings again', async () => {
    const before = (await charges('carol')).length
    const { bob, caller } = await house.ringBob()
    const dave = await house.phone('dave')
    await dave.dial(`sip:*8@${house.baton.sip.target}`)
    await dave.event('CALL_CLOSED')
    expect(await charges('dave')).toEqual([])
    const carol = await house.phone('carol')
    const [call] = await house.calls()
    const authorization = `Bearer ${await tokenOf('carol')}`
    const asked = house.baton.fetch(`/api/v1/calls/${call?.id}/pickup`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    })
    await carol.event('CALL_INCOMING')
    await bob.event('CALL_CLOSED')
    await carol.hangup()
    const refusal = await asked
    expect([refusal.status, ((await refusal.json()) as { code: string }).code]).toEqual([409, 'busy'])
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await caller.hears(880)
    const entries = await charges('carol')
    expect(entries).toHaveLength(before + 1)
    expect(entries[0]).toMatchObject({ callId: call?.id, state: 'void', reason: 'busy', answeredAt: null })
    await caller.hangup()
  })

  test('killed while my phone rings for it: the charge is void; killed in the call: it is closed as interrupted', async () => {
    await house.ringBob()
    const carol = await house.phone('carol')
    const [call] = await house.calls()
    const authorization = `Bearer ${await tokenOf('carol')}`
    const asked = house.baton
      .fetch(`/api/v1/calls/${call?.id}/pickup`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: '{}',
      })
      .catch(() => undefined)
    await carol.event('CALL_INCOMING')
    expect((await charges('carol'))[0]).toMatchObject({ callId: call?.id, state: 'open' })
    await house.baton.kill()
    await asked
    await house.baton.restart()
    await eventually(async () => {
      expect((await charges('carol'))[0]).toMatchObject({ callId: call?.id, state: 'void', reason: 'interrupted' })
    })
    await house.clear()

    const { caller } = await house.ringBob()
    const again = await house.phone('carol', { tone: 660 })
    await again.dial(`sip:*8@${house.baton.sip.target}`)
    await caller.hears(660)
    const [live] = await house.calls()
    await house.baton.kill()
    await house.baton.restart()
    await eventually(async () => {
      const [charge] = await charges('carol')
      expect(charge).toMatchObject({ callId: live?.id, state: 'closed', reason: 'interrupted' })
      expect(charge?.answeredAt).toBeGreaterThan(0)
    })
    expect((await house.records()).find(({ id }) => id === live?.id)).toMatchObject({ caller: { number: outsider } })
  })
})
