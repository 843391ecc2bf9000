import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PersonInput } from '#directory'
import { readWav } from '#media'
import type { QueueInput, VoicemailMail } from '#services'
import type { VoicemailRow } from '#storage'
import { eventually } from '../interop/eventually.ts'
import { Scenario } from './checked.ts'
import { QueueHouse } from './queue-house.ts'

// Callers whom a queue sends to a mailbox leave a message like all others: recorded, lit, mailed, kept through a crash.

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'baton-queue-voicemail-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const closed: Partial<QueueInput> = { hours: [{ days: [1], from: '00:00', to: '00:01' }] }

/** Bob's mailbox and that of a group of his, 250; queue 600 with nobody in it. Alice calls. */
async function house(settings: Partial<QueueInput>, voicemailMail?: VoicemailMail) {
  const options = { ...QueueHouse.options, data, ...(voicemailMail ? { voicemailMail } : {}) }
  const scenario = await Scenario.start(options)
  const bob = scenario.directory.personByLogin('bob')
  if (!bob) throw new Error('no bob')
  const group = await scenario.during(
    scenario.directory.putGroup({ name: 'sales', extension: '250', members: [bob.id] }),
  )
  const { numbers: _numbers, ...person } = bob
  await scenario.during(scenario.directory.putPerson({ ...person, email: 'bob@example.org' }))
  const change = async (login: string, more: PersonInput['settings']) => {
    const before = scenario.directory.personByLogin(login)
    if (!before) throw new Error(`no ${login}`)
    const { numbers: _numbers, ...rest } = before
    await scenario.during(scenario.directory.putPerson({ ...rest, settings: { ...before.settings, ...more } }))
  }
  const put = (more: Partial<QueueInput>) =>
    scenario.during(
      scenario.house.queues.put({ id: 'q', name: 'Sales', extension: '600', longestWaitSeconds: 10, ...more }),
    )
  await put(settings)
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  return { scenario, alice, group, bob, put, change, options }
}

async function recording(scenario: Scenario): Promise<VoicemailRow> {
  const row = await eventually(async () => {
    await scenario.pass(500)
    const [found] = await scenario.storage.voicemail.recording('node-1')
    if (!found) throw new Error('no message is recorded')
    return found
  })
  await scenario.pass(1_000)
  return row
}

async function kept(scenario: Scenario, ownerId: string): Promise<readonly VoicemailRow[]> {
  await eventually(async () => {
    await scenario.pass(10)
    expect(await scenario.storage.voicemail.recording('node-1')).toEqual([])
  })
  await scenario.pass(300)
  return (await scenario.storage.voicemail.list({ owners: [ownerId], limit: 10 })).messages
}

async function nobodyLeft(scenario: Scenario): Promise<void> {
  await scenario.pass(2_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect(await scenario.storage.queues.waiting('node-1')).toEqual([])
  expect((await scenario.media.counters()).legs).toBe(0)
}

describe('a queue that sends callers to a mailbox', () => {
  it('records who has waited too long: message, lamp, mail and record as of any message', async () => {
    const sent: Parameters<VoicemailMail>[0][] = []
    const { scenario, alice, bob, group } = await house({ overflowTo: 'voicemail:250' }, async (mail) => {
      sent.push(mail)
    })
    const watcher = scenario.watcher('lamp', 'bob', '10.0.0.9', 'message-summary')
    watcher.subscribe('sip:250@baton.local')
    const from = scenario.mark()
    expect(await scenario.during(alice.call('600').result)).toBe(200)
    const row = await recording(scenario)
    expect(row).toMatchObject({ ownerId: group.id, callerNumber: '101', state: 'recording' })
    expect(scenario.house.calls.list()).toMatchObject([{ state: 'answered', answeredBy: 'voicemail' }])
    await scenario.pass(4_000)
    alice.dialog?.bye()
    const [message] = await kept(scenario, group.id)
    expect(message).toMatchObject({ id: row.id, state: 'kept', partial: 0 })
    expect(message?.ms).toBeGreaterThan(4_000)
    const wav = readWav(await readFile(join(data, 'voicemail/messages', `${row.id}.wav`)))
    expect(wav.length / 8).toBeCloseTo(message?.ms ?? 0, -2)
    // One answer on one leg: nothing more is agreed with the caller on the way to the mailbox.
    expect(scenario.ladder(from).filter((line) => line.startsWith('server -> alice') && !line.includes('407'))).toEqual(
      ['server -> alice 100 INVITE', 'server -> alice 200 INVITE', 'server -> alice 200 BYE'],
    )
    expect(watcher.notifies.at(-1)?.body.toString()).toContain('Voice-Message: 1/0')
    await eventually(async () => {
      await scenario.pass(100)
      expect(sent.map(({ to }) => to)).toEqual(['bob@example.org'])
    })
    expect(await scenario.records()).toMatchObject([
      { dialled: '600', calleeName: 'Sales', answeredStation: 'voicemail', state: 'ended', endedBy: 'caller' },
    ])
    expect(scenario.house.voicemail.mailboxes.hears(bob, group.id)).toBe(true)
    await nobodyLeft(scenario)
  })

  it('records who calls while it is closed, by way of another queue, too', async () => {
    const { scenario, alice, bob, put } = await house({ ...closed, closedTo: '601' })
    await put({ id: 'other', name: 'Other', extension: '601', mostWaiting: 1, ...closed, closedTo: 'voicemail:bob' })
    expect(await scenario.during(alice.call('600').result)).toBe(200)
    expect((await recording(scenario)).ownerId).toBe(bob.id)
    await scenario.pass(3_000)
    alice.dialog?.bye()
    expect(await kept(scenario, bob.id)).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  describe('by way of a person who does not take the call', () => {
    const away = { ring: { ringMs: 10_000 }, voicemail: { on: true } }

    it.each([
      ['does not answer', '102', {}, undefined],
      ['has no phone', '104', {}, undefined],
      ['declines', '102', {}, 603],
      ['is not to be disturbed', '102', { doNotDisturb: true }, undefined],
      ['forwards to who does not answer', '103', { forward: { noAnswer: '102' } }, undefined],
    ])('%s: their voicemail', async (_what, overflowTo, more, status) => {
      const { scenario, alice, change } = await house({ overflowTo })
      const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
      const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
      const owner = overflowTo === '104' ? 'dave' : 'bob'
      await change(owner, away)
      if (overflowTo === '103') await change('carol', { ring: { ringMs: 5_000 }, ...more })
      else await change(owner, { ...away, ...more })
      expect(await scenario.during(alice.call('600').result)).toBe(200)
      await scenario.pass(10_500)
      expect(carol.rung).toHaveLength(overflowTo === '103' ? 1 : 0)
      if (status) bob.rung[0]?.reject(status)
      const id = scenario.directory.personByLogin(owner)?.id ?? ''
      expect((await recording(scenario)).ownerId).toBe(id)
      expect(bob.rung).toHaveLength(owner === 'dave' || 'doNotDisturb' in more ? 0 : 1)
      await scenario.pass(3_000)
      alice.dialog?.bye()
      expect(await kept(scenario, id)).toMatchObject([{ callerNumber: '101', state: 'kept' }])
      expect(await scenario.records()).toMatchObject([{ answeredStation: 'voicemail', state: 'ended' }])
      await nobodyLeft(scenario)
    })

    it('says that nobody is available where their voicemail is off', async () => {
      const { scenario, alice, bob: person, change } = await house({ overflowTo: '102' })
      const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
      await change('bob', { ...away, voicemail: { on: false } })
      expect(await scenario.during(alice.call('600').result)).toBe(200)
      await eventually(async () => {
        await scenario.pass(1_000)
        expect(alice.byes).toHaveLength(1)
      })
      expect(bob.rung).toHaveLength(1)
      expect(await kept(scenario, person.id)).toEqual([])
      await nobodyLeft(scenario)
    })
  })

  it('says that nobody is available where the mailbox is gone', async () => {
    const { scenario, alice, group } = await house({ overflowTo: 'voicemail:250' })
    await scenario.during(scenario.directory.removeGroup(group.id))
    expect(await scenario.during(alice.call('600').result)).toBe(200)
    await scenario.pass(20_000)
    expect(alice.byes).toHaveLength(1)
    expect(await kept(scenario, group.id)).toEqual([])
    await nobodyLeft(scenario)
  })

  it('records who was answered before the mailbox was set', async () => {
    const { scenario, alice, group, put } = await house({ overflowTo: '601' })
    const other = { id: 'other', name: 'Other', extension: '601', ...closed }
    await put(other)
    expect(await scenario.during(alice.call('600').result)).toBe(200)
    await put({ ...other, closedTo: 'voicemail:250' })
    expect((await recording(scenario)).ownerId).toBe(group.id)
    await scenario.pass(3_000)
    alice.dialog?.bye()
    expect(await kept(scenario, group.id)).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  it('has nothing left of who hangs up while voicemail is about to answer them', async () => {
    const { scenario, alice, group } = await house({ ...closed, closedTo: 'voicemail:250' })
    const write = scenario.storage.calls.answered
    const { promise, resolve } = Promise.withResolvers<void>()
    let asked = false
    scenario.storage.calls.answered = async (...args) => {
      asked = true
      await write.apply(scenario.storage.calls, args)
      await promise
    }
    expect(await scenario.during(alice.call('600').result)).toBe(200)
    await eventually(async () => {
      await scenario.pass(500)
      expect(asked).toBe(true)
    })
    alice.dialog?.bye()
    await scenario.pass(500)
    resolve()
    expect(await kept(scenario, group.id)).toEqual([])
    await nobodyLeft(scenario)
    expect(await scenario.records()).toMatchObject([{ state: 'ended' }])
  })

  it('keeps what a crash cut off, and lets the caller go', async () => {
    const { scenario, alice, group, options } = await house({ ...closed, closedTo: 'voicemail:250' })
    await scenario.during(alice.call('600').result)
    const row = await recording(scenario)
    await scenario.pass(4_000)
    // Files are written at their own pace, beside the virtual clock.
    await eventually(() =>
      expect(statSync(join(data, 'voicemail/messages', `${row.id}.wav`)).size).toBeGreaterThan(8_000),
    )
    await scenario.crash()
    await scenario.pass(1_000)
    await scenario.during(scenario.boot(options))
    const [message] = await kept(scenario, group.id)
    expect(message).toMatchObject({ id: row.id, state: 'kept', partial: 1 })
    await scenario.pass(1_000)
    expect(alice.byes).toHaveLength(1)
    expect(await scenario.records()).toMatchObject([{ state: 'interrupted', answeredStation: 'voicemail' }])
    await nobodyLeft(scenario)
  })
})
