import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { writeWav } from '#media'
import { needs } from '../support/needs.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

const music = 523
const announcement = 1_200
const whoAsks = 1_000

/** A second of a tone, as a recording. */
function tone(hertz: number): Buffer {
  return writeWav(Int16Array.from({ length: 8_000 }, (_, i) => 10_000 * Math.sin((2 * Math.PI * hertz * i) / 8_000)))
}

needs('baresip')('a queue among real phones', () => {
  let house: House
  let token = ''
  beforeAll(async () => {
    house = await House.open()
    const prompts = join(house.baton.dataFolder, 'prompts')
    await mkdir(join(prompts, 'en'), { recursive: true })
    await writeFile(join(prompts, 'music.wav'), tone(music))
    await writeFile(join(prompts, 'en', 'your-place-is.wav'), tone(announcement))
    await writeFile(join(prompts, 'en', 'callback-requested-by.wav'), tone(whoAsks))
    token = (await ask('/api/v1/session', { login: 'admin', password: 'admin-demo' })).token as string
    const queue = { name: 'Support', extension: '600', numbers: ['+12025550160'], people: ['demo-bob'] }
    const { id } = await ask('/api/v1/queues', { ...queue, announceSeconds: 10 })
    expect(id).toMatch(/./)
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function ask(path: string, body?: object, as = token): Promise<Record<string, unknown>> {
    const response = await house.baton.fetch(path, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', ...(as ? { authorization: `Bearer ${as}` } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return response.json() as Promise<Record<string, unknown>>
  }

  test('the caller hears music, then the announcement; then both talk', async () => {
    const alice = await house.phone('alice', { tone: 440 })
    await alice.dial(`sip:600@${house.baton.sip.target}`)
    await alice.event('CALL_ESTABLISHED')
    await alice.hears(music, 2)
    await alice.hears(announcement, 0.7)
    const bob = await house.phone('bob', { tone: 880 })
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await bob.hears(440, 1)
    await alice.hears(880, 1)
    await bob.hangup()
    await alice.event('CALL_CLOSED')
    const record = await house.lastRecord()
    expect(record).toMatchObject({ callee: { number: '600', name: 'Support' }, answeredBy: { station: 'bob/phone' } })
  })

  test('a call with it is asked for: it waits without a telephone, then the agent rings, hears who asks, then the asker', async () => {
    const session = await ask('/api/v1/session', { login: 'alice', password: 'alice-demo' }, '')
    const alice = session.token as string
    const asker = await house.phone('alice', { tone: 440 })
    const { id } = await ask('/api/v1/callbacks', { called: 'Support' }, alice)
    await eventually(async () =>
      expect(await ask(`/api/v1/callbacks/${id}`, undefined, alice)).toMatchObject({
        ...{ state: 'ringing', phase: 'waiting', line: { place: 1, expectedWaitSeconds: null } },
      }),
    )
    expect(await house.calls()).toEqual([])
    const agent = await house.phone('bob', { tone: 880 })
    expect((await agent.event('CALL_INCOMING')).peeruri).toContain('sip:101@')
    expect(asker.events().map(({ type }) => type)).not.toContain('CALL_INCOMING')
    await agent.accept()
    await agent.hears(whoAsks, 0.7)
    expect((await asker.event('CALL_INCOMING')).peeruri).toContain('sip:600@')
    await asker.accept()
    await asker.hears(880, 1)
    await agent.hears(440, 1)
    await eventually(async () =>
      expect(await ask(`/api/v1/callbacks/${id}`, undefined, alice)).toMatchObject({ state: 'connected', attempts: 1 }),
    )
    await asker.hangup()
    await agent.event('CALL_CLOSED')
    await house.nothingIsLeft()
  })
})
