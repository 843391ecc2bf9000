import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CallActs } from '#call'
import type { PersonInput } from '#directory'
import { readWav, writeWav } from '#media'
import type { VoicemailMail } from '#services'
import type { VoicemailRow } from '#storage'
import { eventually } from '../interop/eventually.ts'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'baton-voicemail-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

type Settings = NonNullable<PersonInput['settings']>

async function change(scenario: Scenario, login: string, settings: Settings): Promise<void> {
  const before = scenario.directory.personByLogin(login)
  if (!before) throw new Error(`no ${login}`)
  const { numbers: _numbers, ...person } = before
  const email = `${login}@example.org`
  await scenario.during(
    scenario.directory.putPerson({ ...person, email, settings: { ...before.settings, ...settings } }),
  )
}

const ring = { ringMs: 5_000 }
const voicemail = { on: true }

async function house(settings: Settings = {}, more: { voicemailMail?: VoicemailMail } = {}) {
  const scenario = await Scenario.start({ data, ...more })
  await change(scenario, 'bob', { ring, voicemail, ...settings })
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const id = (login: string): string => scenario.directory.personByLogin(login)?.id ?? ''
  const messages = async (): Promise<readonly VoicemailRow[]> => {
    await fileDone(scenario)
    return (await scenario.storage.voicemail.list({ owners: [id('bob')], limit: 10 })).messages
  }
  return { scenario, alice, bob, id, messages }
}

/** Files take real time: goes on when no message is being recorded any more. */
async function fileDone(scenario: Scenario): Promise<void> {
  await eventually(async () => {
    await scenario.pass(10)
    expect(await scenario.storage.voicemail.recording('node-1')).toEqual([])
  })
}

/** Until the message is being recorded: its row is there, and the beep is over. */
async function recording(scenario: Scenario): Promise<VoicemailRow> {
  const row = await eventually(async () => {
    await scenario.pass(200)
    const [found] = await scenario.storage.voicemail.recording('node-1')
    if (!found) throw new Error('no message is recorded')
    return found
  })
  await scenario.pass(1_000)
  return row
}

/** What is said before is read from files, which take real time. */
async function hungUpOn(scenario: Scenario, phone: Phone): Promise<void> {
  await eventually(async () => {
    await scenario.pass(1_000)
    expect(phone.byes).toHaveLength(1)
  })
}

async function nobodyLeft(scenario: Scenario): Promise<void> {
  await scenario.pass(2_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(await scenario.storage.calls.contexts()).toEqual([])
  expect((await scenario.media.counters()).legs).toBe(0)
  expect(scenario.house.ua.sizes.dialogs).toBe(0)
}

describe('voicemail', () => {
  it('answers who reached nobody, records, and keeps the message when they hang up', async () => {
    const { scenario, alice, messages, id } = await house()
    const from = scenario.mark()
    const placed = alice.call('102')
    expect(await scenario.during(placed.result)).toBe(200)
    expect(scenario.house.calls.list()[0]).toMatchObject({ state: 'answered', answeredBy: 'voicemail' })
    const row = await recording(scenario)
    await scenario.pass(4_000)
    alice.dialog?.bye()
    const [message] = await messages()
    expect(message).toMatchObject({
      id: row.id,
      ownerId: id('bob'),
      state: 'kept',
      callerId: id('alice'),
      callerNumber: '101',
      partial: 0,
      heardAt: null,
    })
    const { ms = 0 } = message ?? {}
    expect(ms).toBeGreaterThan(4_000)
    expect(readWav(await readFile(join(data, 'voicemail/messages', `${row.id}.wav`))).length / 8).toBeCloseTo(ms, -2)
    const ladder = scenario.ladder(from).filter((line) => !/ (?:100|180|407) |ACK$|NOTIFY$/.test(line))
    expect(ladder.slice(1)).toEqual([
      'alice -> server INVITE',
      'server -> bob INVITE',
      'server -> bob CANCEL',
      'server -> alice 200 INVITE',
      'bob -> server 200 CANCEL',
      'bob -> server 487 INVITE',
      'alice -> server BYE',
      'server -> alice 200 BYE',
    ])
    const [record] = await scenario.records()
    expect(record).toMatchObject({
      state: 'ended',
      answeredStation: 'voicemail',
      calleeId: id('bob'),
      cause: 'answered',
      endedBy: 'caller',
    })
    expect(JSON.parse(record?.branches ?? '')).toMatchObject([{ station: 'bob/phone', outcome: 'no-answer' }])
    expect(await scenario.storage.voicemail.ofCalls([record?.id ?? ''])).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  it('ends a message at the hash key, says so, and hangs up', async () => {
    const { scenario, alice, messages } = await house()
    const placed = alice.call('102')
    await scenario.during(placed.result)
    await recording(scenario)
    await scenario.pass(3_000)
    await alice.press('#')
    await scenario.pass(500)
    expect(await messages()).toHaveLength(1)
    await hungUpOn(scenario, alice)
    await nobodyLeft(scenario)
  })

  it('keeps nothing of who hangs up at the beep', async () => {
    const { scenario, alice, messages } = await house()
    await scenario.during(alice.call('102').result)
    await recording(scenario)
    alice.dialog?.bye()
    expect(await messages()).toEqual([])
    await eventually(() => expect(readdirSync(join(data, 'voicemail/messages'))).toEqual([]))
    await nobodyLeft(scenario)
  })

  it('keeps nothing of who hangs up during the greeting', async () => {
    const { scenario, alice, messages } = await house()
    await scenario.during(alice.call('102').result)
    await scenario.pass(500)
    alice.dialog?.bye()
    expect(await messages()).toEqual([])
    await nobodyLeft(scenario)
  })

  it('ends the message of who says nothing', async () => {
    const { scenario, alice, messages } = await house()
    await scenario.during(alice.call('102').result)
    await recording(scenario)
    await scenario.pass(20_000)
    expect((await messages())[0]?.ms).toBeLessThan(23_000)
    await hungUpOn(scenario, alice)
    await nobodyLeft(scenario)
  })

  const reasons: [string, Settings, (bob: Phone) => void][] = [
    ['do not disturb', { doNotDisturb: true }, () => {}],
    ['as many calls as are wanted', { maxCalls: 1 }, () => {}],
  ]
  it.each(reasons)('answers on %s', async (_, settings) => {
    const { scenario, alice, bob, id } = await house(settings)
    if (settings.maxCalls) {
      const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
      const other = carol.call('102')
      await scenario.pass(200)
      bob.answer()
      await scenario.during(other.result)
    }
    expect(await scenario.during(alice.call('102').result)).toBe(200)
    const row = await recording(scenario)
    expect(row.ownerId).toBe(id('bob'))
    await scenario.pass(3_000)
    alice.dialog?.bye()
    for (const dialog of bob.dialogs) dialog.bye()
    await nobodyLeft(scenario)
    const records = await scenario.records()
    expect(records.find(({ answeredStation }) => answeredStation === 'voicemail')).toMatchObject({
      calleeName: 'Bob',
      dialled: '102',
    })
  })

  it('answers when the phone says busy, when it declines, and when there is none', async () => {
    const { scenario, alice, bob } = await house()
    for (const status of [486, 603, 0]) {
      if (status === 0) await scenario.during(bob.register(0))
      const placed = alice.call('102')
      await scenario.pass(200)
      if (status > 0) bob.rung.at(-1)?.reject(status)
      expect(await scenario.during(placed.result)).toBe(200)
      alice.dialog?.bye()
      await scenario.pass(500)
    }
    await nobodyLeft(scenario)
  })

  it('answers nobody where it is off, where a forward says otherwise, and where a rule declines the caller', async () => {
    const { scenario, alice } = await house({ voicemail: { on: false } })
    expect(await scenario.during(alice.call('102').result)).toBe(480)
    const carol = await scenario.registered('carol', 'carol', '10.0.0.3')
    await change(scenario, 'bob', { voicemail, ring, forward: { noAnswer: '103' } })
    const forwarded = alice.call('102')
    await scenario.pass(6_000)
    expect(carol.rung).toHaveLength(1)
    carol.answer()
    expect(await scenario.during(forwarded.result)).toBe(200)
    alice.dialog?.bye()
    const callerRules = [{ callers: ['internal'], action: 'decline' as const }]
    await change(scenario, 'bob', { voicemail, callerRules })
    expect(await scenario.during(alice.call('102').result)).toBe(603)
    await nobodyLeft(scenario)
  })

  it('answers after the time that the person has set', async () => {
    const { scenario, alice } = await house({ voicemail: { on: true, afterMs: 2_000 } })
    const placed = alice.call('102')
    await scenario.pass(1_500)
    expect(placed.done).toBe(false)
    await scenario.pass(1_500)
    expect(placed.response?.status).toBe(200)
    alice.dialog?.bye()
    await nobodyLeft(scenario)
  })

  it('has a caller who hangs up while it is about to answer, with nothing left behind', async () => {
    const { scenario, alice, messages } = await house()
    const write = scenario.storage.calls.answered
    const { promise, resolve } = Promise.withResolvers<void>()
    scenario.storage.calls.answered = async (...args) => {
      await promise
      return write.apply(scenario.storage.calls, args)
    }
    const placed = alice.call('102')
    await scenario.pass(6_000)
    placed.outgoing?.cancel()
    await scenario.pass(500)
    resolve()
    expect(await scenario.during(placed.result)).toBe(487)
    expect(await messages()).toEqual([])
    await nobodyLeft(scenario)
  })

  it('takes a call that its person sends there, even where it is off', async () => {
    const { scenario, alice, messages } = await house({ voicemail: { on: false } })
    const placed = alice.call('102')
    await scenario.pass(500)
    const acts = new CallActs(scenario.house.calls)
    const [call] = scenario.house.calls.list()
    const bob = scenario.directory.personByLogin('bob')
    if (!call || !bob) throw new Error('nothing rings')
    acts.divert(call.id, bob, 'voicemail')
    expect(await scenario.during(placed.result)).toBe(200)
    await recording(scenario)
    await scenario.pass(3_000)
    alice.dialog?.bye()
    expect(await messages()).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  it('takes messages for a group, which its members hear', async () => {
    const { scenario, alice, bob, id } = await house({ voicemail: { on: false } })
    const members = [id('bob')]
    const group = await scenario.during(
      scenario.directory.putGroup({ name: 'sales', extension: '250', members, ring, voicemail }),
    )
    expect(await scenario.during(alice.call('250').result)).toBe(200)
    expect((await recording(scenario)).ownerId).toBe(group.id)
    await scenario.pass(3_000)
    alice.dialog?.bye()
    const { mailboxes } = scenario.house.voicemail
    await fileDone(scenario)
    await scenario.pass(100)
    expect(mailboxes.countsOf(group.id)).toEqual({ fresh: 1, heard: 0 })
    expect(mailboxes.heardBy(scenario.directory.personByLogin('bob') as never).map((one) => one.id)).toContain(group.id)
    expect(bob.rung).toHaveLength(1)
    await nobodyLeft(scenario)
  })

  it('leaves a message without ringing where the code is dialled with an extension', async () => {
    const { scenario, alice, bob, id } = await house()
    expect(await scenario.during(alice.call('*97102').result)).toBe(200)
    expect((await recording(scenario)).ownerId).toBe(id('bob'))
    expect(bob.rung).toEqual([])
    alice.dialog?.bye()
    expect(await scenario.during(alice.call('*97199').result)).toBe(404)
    await nobodyLeft(scenario)
  })

  it('keeps what a crash cut off, and says so', async () => {
    const { scenario, alice, messages } = await house()
    await scenario.during(alice.call('102').result)
    const row = await recording(scenario)
    await scenario.pass(4_000)
    // Files are written at their own pace, beside the virtual clock.
    await eventually(() =>
      expect(statSync(join(data, 'voicemail/messages', `${row.id}.wav`)).size).toBeGreaterThan(8_000),
    )
    await scenario.crash()
    await scenario.pass(1_000)
    await scenario.during(scenario.boot({ data }))
    const [message] = await messages()
    expect(message).toMatchObject({ id: row.id, state: 'kept', partial: 1 })
    expect(message?.ms).toBeGreaterThan(900)
    expect(await scenario.storage.voicemail.recording('node-1')).toEqual([])
  })

  it('lights the lamp of phones while there are new messages', async () => {
    const { scenario, alice, messages } = await house()
    const watcher = scenario.watcher('lamp', 'bob', '10.0.0.9', 'message-summary')
    watcher.subscribe('sip:102@baton.local')
    await scenario.pass(200)
    await scenario.during(alice.call('102').result)
    await recording(scenario)
    await scenario.pass(3_000)
    alice.dialog?.bye()
    const [message] = await messages()
    await scenario.pass(300)
    if (!message) throw new Error('no message')
    await scenario.during(scenario.house.voicemail.mailboxes.heard(message, true))
    await scenario.pass(300)
    const bodies = watcher.notifies.map(({ body }) => body.toString())
    const body = (waiting: string, counts: string) =>
      `Messages-Waiting: ${waiting}\r\nMessage-Account: sip:*97@baton.local\r\nVoice-Message: ${counts} (0/0)\r\n`
    expect(bodies).toEqual([body('no', '0/0'), body('yes', '1/0'), body('no', '0/1')])
  })

  it('sends the message by e-mail, and again where that failed', async () => {
    const sent: Parameters<VoicemailMail>[0][] = []
    let fails = 1
    const voicemailMail: VoicemailMail = async (mail) => {
      if (fails-- > 0) throw new Error('the mail server is away')
      sent.push(mail)
    }
    const { scenario, alice, messages } = await house({ language: 'de' }, { voicemailMail })
    await scenario.during(alice.call('102').result)
    await recording(scenario)
    await scenario.pass(11_000)
    alice.dialog?.bye()
    expect((await messages())[0]?.mail).toBe('due')
    await eventually(async () => {
      await scenario.pass(100_000)
      expect(sent).toHaveLength(1)
    })
    expect(sent[0]).toMatchObject({ to: 'bob@example.org', subject: 'Sprachnachricht von Alice (0:12)' })
    expect(readWav(sent[0]?.attachment.content as Buffer).length).toBeGreaterThan(80_000)
    expect((await messages())[0]?.mail).toBe('sent')
  })

  it('plays messages to who dials the code, in their own words, and obeys the keys', async () => {
    const { scenario, alice, bob, messages, id } = await house()
    const { mailboxes } = scenario.house.voicemail
    for (const [index, name] of ['first', 'second'].entries()) {
      const row = {
        ...{ id: name, ownerId: id('bob'), state: 'recording', node: 'node-1', callId: name, callerId: '' },
        ...{ callerNumber: '+12025550100', callerName: '', at: index, ms: 0, partial: 0, heardAt: null, mail: '' },
      } as VoicemailRow
      await mailboxes.begin(row)
      await writeFile(mailboxes.fileOf(name), writeWav(new Int16Array(24_000)))
      await scenario.during(mailboxes.keep(row, { how: 'stopped', ms: 3_000 }))
    }
    const heard = async (): Promise<string> =>
      (await messages()).map(({ id, heardAt }) => `${id}${heardAt === null ? '' : ' heard'}`).join(', ')
    const until = (state: string) =>
      eventually(async () => {
        await scenario.pass(250)
        expect(await heard()).toBe(state)
      })
    expect(await scenario.during(bob.call('*97').result)).toBe(200)
    await until('second, first heard')
    await bob.press('1')
    await bob.press('3')
    await until('second')
    await until('second heard')
    await eventually(async () => {
      await scenario.pass(1_000)
      expect(bob.byes).toHaveLength(1)
    })
    const [record] = await scenario.records()
    expect(record).toMatchObject({ dialled: '*97', answeredStation: 'voicemail', direction: 'internal' })
    expect(alice.rung).toEqual([])
    await nobodyLeft(scenario)
  })
})
