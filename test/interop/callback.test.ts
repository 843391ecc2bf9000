import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { acceptRequests, callbackRow, requestIn } from '../support/callbacks.ts'
import { needs } from '../support/needs.ts'
import { makeTone, writeWav } from '../support/tone.ts'
import { House } from './house.ts'

/** The organisation's own prompts, each a tone of its own. */
const prompts = {
  'callback-requested-by': 1_000,
  'press-1-to-connect': 1_200,
  connecting: 1_400,
  'callback-you-asked-for': 1_600,
  'caller-not-reached': 1_800,
} as const

needs('baresip')('a requested call', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
    const folder = join(house.baton.dataFolder, 'prompts', 'en')
    mkdirSync(folder, { recursive: true })
    for (const [name, frequency] of Object.entries(prompts))
      writeWav(join(folder, `${name}.wav`), makeTone(frequency, 1))
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  /** Bob is "sales", alice asks; the request is found by a server that is started again. */
  async function requested(id: string): Promise<{ asker: Baresip; sales: Baresip }> {
    const asker = await house.phone('alice', { tone: 440 })
    const sales = await house.phone('bob', { tone: 660 })
    await house.baton.stop()
    const row = callbackRow(id, { dial: '102', pressOne: true }, { dial: '101' })
    await acceptRequests(house.baton.dataFolder, [row])
    await house.baton.restart()
    return { asker, sales }
  }

  test('rings the called first, who hears who asks and presses 1; then the caller; both talk', async () => {
    const { asker, sales } = await requested('talk')
    expect((await sales.event('CALL_INCOMING')).peeruri).toContain('sip:101@')
    await sales.accept()
    await sales.hears(prompts['callback-requested-by'])
    await sales.hears(prompts['press-1-to-connect'])
    expect(asker.events().map(({ type }) => type)).not.toContain('CALL_INCOMING')
    await sales.dtmf('1')
    expect((await asker.event('CALL_INCOMING')).peeruri).toContain('sip:102@')
    await sales.hears(prompts.connecting)
    await asker.accept()
    await asker.hears(prompts['callback-you-asked-for'])
    await asker.hears(660, 1)
    await sales.hears(440, 1)
    await asker.hangup()
    await sales.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({
      ...{ direction: 'internal', caller: { number: '101' }, callee: { number: '102' }, cause: 'answered' },
      ...{ answeredBy: { station: 'bob/phone' }, endedBy: 'caller' },
    })
    await house.baton.stop()
    const { request, attempts } = await requestIn(house.baton.dataFolder, 'talk')
    await house.baton.restart()
    expect(request).toMatchObject({ state: 'connected', attempts: 1 })
    expect(JSON.parse(attempts[0]?.detail ?? '{}').confirmations).toMatchObject([
      { role: 'called', what: 'answered', station: 'bob/phone' },
      { role: 'called', what: 'key' },
      { role: 'caller', what: 'answered', station: 'alice/phone' },
    ])
  })

  test('the caller declines: the called hears it and is let go', async () => {
    const { asker, sales } = await requested('declined')
    await sales.event('CALL_INCOMING')
    await sales.accept()
    await sales.hears(prompts['press-1-to-connect'])
    await sales.dtmf('1')
    await asker.event('CALL_INCOMING')
    await asker.hangup()
    await sales.hears(prompts['caller-not-reached'])
    await sales.event('CALL_CLOSED')
    await house.nothingIsLeft()
  })

  test('a centre is walked by its keys, and a person there presses 1', async () => {
    const asker = await house.phone('alice', { tone: 440 })
    const centre = await house.phone('carol', { tone: 880, answerMode: 'auto' })
    await house.baton.stop()
    const row = callbackRow('centre', { dial: '103' }, { dial: '101' }, { keys: '4,2#' })
    await acceptRequests(house.baton.dataFolder, [row])
    await house.baton.restart()
    for (const key of '42#') expect((await centre.event('CALL_DTMF_START')).param).toBe(key)
    await centre.hears(prompts['callback-requested-by'])
    await centre.hears(prompts['press-1-to-connect'])
    expect(asker.events().map(({ type }) => type)).not.toContain('CALL_INCOMING')
    await centre.dtmf('1')
    await asker.event('CALL_INCOMING')
    await asker.accept()
    await asker.hears(880, 1)
    await centre.hears(440, 1)
    await asker.hangup()
    await centre.event('CALL_CLOSED')
    await house.nothingIsLeft()
  })
})
