import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { readWav, secondsOf, tonesIn } from '../support/tone.ts'
import { BrowserPhone, PhonePage } from './browser-phone.ts'
import { DeskHouse } from './desk-house.ts'

// A browser talks Opus where it can. What the server answers understands G.711 alone: each way there must leave a message that can be heard.

const tone = 700
/** How long a message is at least, in seconds, and how much of it must be what was said: silence has nothing of it. */
const message = { seconds: 3, said: 0.5 }

type Message = { id: string }

needs('chromium')('a message of a browser', () => {
  let desks: DeskHouse
  let pages: PhonePage
  const tokens = new Map<string, string>()

  beforeAll(async () => {
    pages = new PhonePage()
    desks = await DeskHouse.open({ tone })
    const voicemail = { on: true, afterMs: 1_000, mail: false }
    await ask('dave', 'PATCH /settings', { voicemail })
    // Open in three days.
    const hours = [{ days: [((new Date().getUTCDay() + 2) % 7) + 1], from: '00:00', to: '00:01' }]
    const queue = { name: 'Closed', extension: '600', hours, timeZone: 'UTC', closedTo: 'voicemail:104' }
    await ask('admin', 'POST /queues', queue)
  })
  afterEach(async () => {
    for (const { id } of await messages()) await ask('dave', `DELETE /voicemail/${id}`)
    await desks.clear()
  })
  afterAll(async () => {
    await desks?.close()
    pages?.remove()
  })

  async function request(login: string, what: string, body?: object): Promise<Response> {
    const { baton } = desks.house
    const headers = { 'content-type': 'application/json' }
    if (!tokens.has(login)) {
      const credentials = JSON.stringify({ login, password: `${login}-demo` })
      const session = await baton.fetch('/api/v1/session', { method: 'POST', headers, body: credentials })
      tokens.set(login, ((await session.json()) as { token: string }).token)
    }
    const [method = '', path] = what.split(' ')
    const response = await baton.fetch(`/api/v1${path}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${tokens.get(login)}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`${what} says ${response.status}: ${await response.text()}`)
    return response
  }

  async function ask<T>(login: string, what: string, body?: object): Promise<T> {
    const text = await (await request(login, what, body)).text()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  const messages = async () => (await ask<{ messages: Message[] }>('dave', 'GET /voicemail')).messages

  async function registered(user: string, library: 'jssip' | 'sip.js' = 'jssip'): Promise<BrowserPhone> {
    const phone = await BrowserPhone.register(desks.browser, pages, desks.house.baton.http, user, { library })
    desks.house.onClear(() => phone.close())
    return phone
  }

  /** Waits until a message of some length is being recorded. */
  async function recorded(): Promise<void> {
    const folder = join(desks.house.baton.dataFolder, 'voicemail/messages')
    // 8,000 samples of two bytes a second.
    const enough = 44 + message.seconds * 16_000
    await eventually(() => {
      const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
      if (!sizes.some((size) => size > enough)) throw new Error(`no message is long enough: ${sizes} bytes`)
    })
  }

  /** The message that was left, as it is played to who it is for: how long the tone sounds in it, in seconds. */
  async function heardInMessage(hertz: number): Promise<number> {
    const { id } = await eventually(async () => {
      const [found] = await messages()
      if (!found) throw new Error('no message was left')
      return found
    })
    const path = join(temporaryFolder('message'), 'message.wav')
    const audio = await request('dave', `GET /voicemail/${id}/audio`)
    writeFileSync(path, Buffer.from(await audio.arrayBuffer()))
    return secondsOf(hertz, tonesIn(readWav(path)))
  }

  test.each(['click to dial', 'an own INVITE'])('from the desk, by %s', async (way) => {
    const alice = await desks.desk('Alice')
    await alice.canRing()
    if (way === 'click to dial') {
      await ask('alice', 'POST /calls', { to: '104' })
      await alice.page.getByRole('alertdialog').getByRole('button', { name: 'Answer', exact: true }).click()
    } else {
      await alice.page.getByRole('button', { name: 'New call' }).click()
      await alice.page.getByRole('dialog', { name: 'New call' }).getByRole('combobox').fill('dave')
      await alice.page.getByRole('option', { name: /Dave/ }).waitFor()
      await alice.page.keyboard.press('Enter')
    }
    await alice.hearsSound()
    await recorded()
    await alice.page.getByRole('article').getByRole('button', { name: 'Hang up' }).click()
    expect(await heardInMessage(tone)).toBeGreaterThan(message.said)
  })

  test.each(['jssip', 'sip.js'] as const)('from a phone in the browser: %s', async (library) => {
    const alice = await registered('alice', library)
    await alice.do('call', 'sip:104@baton.local', { tone })
    await alice.saw('confirmed')
    await hearsSound(alice)
    await recorded()
    await alice.do('hangup')
    expect(await heardInMessage(tone)).toBeGreaterThan(message.said)
  })

  test.each(['caller', 'callee'])('that talked Opus and video as %s, and was transferred to a queue', async (who) => {
    const [alice, bob] = [await registered('alice'), await registered('bob')]
    await bob.do('call', 'sip:101@baton.local', { tone: who === 'caller' ? tone : 500, video: true })
    await alice.saw('incoming')
    await alice.do('answer', { tone: who === 'caller' ? 500 : tone, video: true })
    await bob.saw('confirmed')
    const [moved, transferor] = who === 'caller' ? [bob, alice] : [alice, bob]
    await transferor.hears(tone)
    await transferor.do('transfer', 'sip:600@baton.local')
    await hearsSound(moved)
    await recorded()
    await moved.do('hangup')
    expect(await heardInMessage(tone)).toBeGreaterThan(message.said)
    const talked = (await desks.house.records()).find(({ answeredBy }) => answeredBy.station !== 'voicemail')
    expect(JSON.stringify(talked?.quality)).toContain('opus')
  })

  async function hearsSound(phone: BrowserPhone): Promise<void> {
    const energy = async () => (await phone.stats()).audio.totalAudioEnergy ?? 0
    const before = await energy()
    await eventually(async () => expect((await energy()) - before).toBeGreaterThan(0.0005))
  }
})
