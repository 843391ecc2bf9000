import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readWav } from '#media'
import { needs } from '../support/needs.ts'
import { secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

// Who reaches nobody speaks to the mailbox; who dials it hears what was said.

let house: House

const tokens = new Map<string, string>()

/** The API as one of the demo people. */
async function api(login: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  if (!tokens.has(login)) {
    const body = JSON.stringify({ login, password: `${login}-demo` })
    const session = await house.baton.fetch('/api/v1/session', { method: 'POST', headers, body })
    tokens.set(login, ((await session.json()) as { token: string }).token)
  }
  return house.baton.fetch(`/api/v1${path}`, {
    ...init,
    headers: { ...headers, authorization: `Bearer ${tokens.get(login)}` },
  })
}

type Message = { id: string; ms: number; caller: { number: string }; heardAt: number | null }

async function messages(): Promise<Message[]> {
  return ((await (await api('bob', '/voicemail')).json()) as { messages: Message[] }).messages
}

needs('baresip')('voicemail with phones', () => {
  let folder: string
  beforeAll(async () => {
    house = await House.open()
    folder = mkdtempSync(join(tmpdir(), 'voicemail-'))
    const voicemail = { on: true, afterMs: 1_500, mail: true }
    const patched = await api('bob', '/settings', { method: 'PATCH', body: JSON.stringify({ voicemail }) })
    expect(patched.status).toBe(200)
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await house.close()
  })

  test('alice reaches nobody, hears greeting and beep and speaks; bob hears her at *97 and by the API', async () => {
    const bob = await house.phone('bob')
    const alice = await house.phone('alice', { tone: 600 })
    await alice.dial('sip:102@baton.local')
    await bob.event('CALL_INCOMING')
    await alice.event('CALL_ESTABLISHED')
    await bob.event('CALL_CLOSED')
    // The beep comes behind the greeting, which has many frequencies.
    await alice.hears(1_000, 0.2)
    const tones = await alice.heard()
    expect(new Set(tones.map(({ frequency }) => frequency)).size).toBeGreaterThan(10)
    const beeped = alice.heardSeconds()
    await eventually(async () => {
      const [live] = await house.get<{ calls: { answeredBy: string }[] }>('/api/v1/calls').then(({ calls }) => calls)
      expect(live?.answeredBy).toBe('voicemail')
    })
    expect(beeped).toBeGreaterThan(0)
    const since = performance.now()
    await eventually(() => expect(performance.now() - since).toBeGreaterThan(4_000))
    await alice.hangup()
    const [message] = await eventually(async () => {
      const found = await messages()
      expect(found).toHaveLength(1)
      return found
    })
    expect(message).toMatchObject({ caller: { number: '101' }, heardAt: null })
    const record = await house.lastRecord()
    expect(record).toMatchObject({ answeredBy: { station: 'voicemail' }, cause: 'answered', endedBy: 'caller' })

    const audio = await api('bob', `/voicemail/${message?.id}/audio`)
    const samples = readWav(Buffer.from(await audio.arrayBuffer()))
    const said = tonesIn({ rate: 8_000, samples: Float32Array.from(samples, (sample) => sample / 32_768) })
    expect(secondsOf(600, said)).toBeGreaterThan(2.5)
    expect(samples.length / 8).toBeGreaterThan(2_000)

    await bob.dial('sip:*97@baton.local')
    await bob.hears(600, 2)
    await eventually(async () => expect((await messages())[0]?.heardAt).not.toBeNull())
    await bob.dtmf('3')
    await eventually(async () => expect(await messages()).toEqual([]))
    await bob.hangup()
  })
})
