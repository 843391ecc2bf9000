import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '#directory'
import { writeWav } from '#media'
import type { VoicemailRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'

// The light on phones that never subscribe to it.

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'baton-light-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

async function house(messageLight?: Device['settings']['messageLight']) {
  const scenario = await Scenario.start({ data })
  if (messageLight) await set(scenario, messageLight)
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  await scenario.pass(6_000)
  const { mailboxes } = scenario.house.voicemail
  const leave = async (id: string, ownerId = 'demo-bob'): Promise<VoicemailRow> => {
    const row: VoicemailRow = {
      ...{ id, ownerId, state: 'recording', node: 'node-1', callId: id, callerId: '', callerNumber: '+12025550100' },
      ...{ callerName: '', at: scenario.clock.now(), ms: 0, partial: 0, heardAt: null, mail: '' },
    }
    await mailboxes.begin(row)
    await writeFile(mailboxes.fileOf(id), writeWav(new Int16Array(24_000)))
    const kept = await mailboxes.keep(row, { how: 'stopped', ms: 3_000 })
    await scenario.pass(500)
    return kept as VoicemailRow
  }
  return { scenario, bob, mailboxes, leave }
}

async function set(scenario: Scenario, messageLight: Device['settings']['messageLight']): Promise<void> {
  const device = scenario.directory.deviceById('demo-bob-phone')
  if (!device) throw new Error('no phone')
  const settings = { ...device.settings, messageLight }
  await scenario.during(scenario.directory.putDevice({ ...device, settings }))
}

/** `1/0` for each NOTIFY that the phone got: new and heard. */
const told = (phone: Phone): string[] =>
  phone.asked.map(({ body }) => /^Voice-Message: (\d+\/\d+) /m.exec(body.toString())?.[1] ?? 'nothing')

describe('a phone that does not subscribe to its messages', () => {
  it('is told of each change, for its own account, and of nothing while there is nothing', async () => {
    const { scenario, bob, mailboxes, leave } = await house()
    expect(bob.asked).toEqual([])
    const row = await leave('first')
    await mailboxes.heard(row, true)
    await scenario.pass(500)
    // Files take real time.
    await mailboxes.remove(row)
    await scenario.pass(500)
    expect(told(bob)).toEqual(['1/0', '0/1', '0/0'])
    const [notify] = bob.asked
    expect(notify?.method).toBe('NOTIFY')
    expect(notify?.header('event')).toBe('message-summary')
    expect(notify?.header('content-type')).toBe('application/simple-message-summary')
    expect(notify?.header('to')).toBe('<sip:bob@baton.local>')
    expect(notify?.body.toString()).toBe(
      'Messages-Waiting: yes\r\nMessage-Account: sip:*97@baton.local\r\nVoice-Message: 1/0 (0/0)\r\n',
    )
  })

  it('is told of what its group has, too', async () => {
    const { bob, leave } = await house()
    await leave('mine')
    await leave('ours', 'demo-front')
    expect(told(bob)).toEqual(['1/0', '2/0'])
  })

  it('is told when it registers while messages wait, and once only', async () => {
    const { scenario, bob, leave } = await house()
    await scenario.during(bob.register(0))
    await leave('away')
    expect(bob.asked).toEqual([])
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    expect(told(bob)).toEqual(['1/0'])
  })

  it.each([405, 481, 489])('is left alone once it says %i, until it registers anew', async (status) => {
    const { scenario, bob, leave } = await house()
    bob.answers = status
    await leave('first')
    await leave('second')
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    expect(told(bob)).toEqual(['1/0'])
    await scenario.during(bob.register(0))
    bob.answers = 200
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    expect(told(bob)).toEqual(['1/0', '2/0'])
  })

  it('is told again with its next registration where it did not answer; one NOTIFY never overtakes another', async () => {
    const { scenario, bob, leave } = await house()
    bob.answers = 0
    await leave('first')
    await leave('second')
    expect(new Set(told(bob))).toEqual(new Set(['1/0']))
    await scenario.pass(40_000)
    bob.answers = 200
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    expect(told(bob).at(-1)).toBe('2/0')
    expect(new Set(told(bob))).toEqual(new Set(['1/0', '2/0']))
  })

  it('is told nothing besides while it subscribes, unless its profile wants that', async () => {
    const { scenario, bob, leave } = await house()
    const watcher = scenario.watcher('lamp', 'bob', '10.0.0.9', 'message-summary')
    watcher.subscribe('sip:102@baton.local')
    await scenario.pass(500)
    await leave('first')
    expect(bob.asked).toEqual([])
    expect(watcher.notifies).toHaveLength(2)
    await set(scenario, 'always')
    await leave('second')
    expect(told(bob)).toEqual(['2/0'])
    expect(watcher.notifies).toHaveLength(3)
  })

  it('is told nothing where its profile says so', async () => {
    const { scenario, bob, leave } = await house('never')
    await leave('first')
    await scenario.during(bob.register())
    await scenario.pass(6_000)
    expect(bob.asked).toEqual([])
  })
})
