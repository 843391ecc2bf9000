import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readWav } from '#media'
import { needs } from '../support/needs.ts'
import { secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

// The server is stopped while somebody leaves a message: what they have said is kept, whole as a file, and there after the next start.

const organisation = `
people:
  - { login: alice, name: Alice, extension: "21", password: alice-long-word, devices: [{ name: phone, username: alice, password: secret-of-alice }] }
  - login: bob
    name: Bob
    extension: "22"
    password: bob-long-word
    settings: { voicemail: { on: true } }
`

needs('baresip')('an orderly stop while a message is left', () => {
  let house: House
  beforeAll(async () => {
    house = await House.ofOrganisation({ organisation, config: 'drainSeconds: 1' })
  })
  afterAll(() => house?.close())

  test('the message is kept, playable and as long as it says', async () => {
    const { baton } = house
    const alice = await house.phone('alice', { tone: 600 })
    await alice.dial('sip:22@baton.local')
    await alice.event('CALL_ESTABLISHED')
    const folder = join(baton.dataFolder, 'voicemail/messages')
    // Sound of three seconds has reached the disk, so it is being recorded.
    const file = await eventually(() => {
      const [name] = readdirSync(folder)
      const path = join(folder, name ?? 'none')
      expect(statSync(path).size).toBeGreaterThan(3 * 16_000)
      return path
    }, 60_000)
    expect(await baton.stop()).toBe(0)
    await alice.event('CALL_CLOSED')

    const wav = readFileSync(file)
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8)
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
    const samples = readWav(wav)
    const said = tonesIn({ rate: 8_000, samples: Float32Array.from(samples, (sample) => sample / 32_768) })
    expect(secondsOf(600, said)).toBeGreaterThan(2)

    await baton.restart()
    const body = JSON.stringify({ login: 'bob', password: 'bob-long-word' })
    const headers = { 'content-type': 'application/json' }
    const session = await baton.fetch('/api/v1/session', { method: 'POST', headers, body })
    const authorization = `Bearer ${((await session.json()) as { token: string }).token}`
    const list = await baton.fetch('/api/v1/voicemail', { headers: { authorization } })
    const { messages, fresh } = (await list.json()) as { messages: { id: string; ms: number }[]; fresh: number }
    expect(fresh).toBe(1)
    expect(messages).toMatchObject([{ partial: false, heardAt: null, caller: { number: '21' } }])
    expect(messages[0]?.ms).toBe(Math.round(samples.length / 8))
    const audio = await baton.fetch(`/api/v1/voicemail/${messages[0]?.id}/audio`, { headers: { authorization } })
    expect(Buffer.from(await audio.arrayBuffer()).equals(wav)).toBe(true)
    const { records } = await house.get<{ records: unknown[] }>('/api/v1/records')
    expect(records[0]).toMatchObject({ state: 'ended', endedBy: 'server', answeredBy: { station: 'voicemail' } })
  }, 120_000)
})
