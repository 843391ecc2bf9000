import { type Element, xml } from '@xmpp/client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type IncomingMessage, type Reception, XmppChannel, type XmppOptions } from '#channels'
import { silentLog, systemClock, systemRandom, VirtualClock } from '#lib'
import { type Chat, chatOf } from '../support/chat.ts'
import { needs } from '../support/needs.ts'
import { type Prosody, prosodySecret, startProsody } from '../support/prosody.ts'
import { eventually } from './eventually.ts'

const accepted: Reception = { kind: 'accepted', why: 'stored' }

needs('prosody')('messages by XMPP', () => {
  let prosody: Prosody
  const toStop: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    prosody = await startProsody(['anna', 'baton'])
  })
  afterEach(async () => {
    for (const stop of toStop.splice(0)) await stop()
  })
  afterAll(() => prosody.stop())

  const component = (): XmppOptions => ({
    ...{ kind: 'component', domain: 'calls.example', secret: prosodySecret, name: 'Calls', localpart: 'calls' },
    ...{ host: '127.0.0.1', port: prosody.componentPort },
  })
  const account = (): XmppOptions => ({
    ...{ kind: 'account', address: 'baton@people.example', password: 'baton-secret', name: 'Calls' },
    ...{ host: '127.0.0.1', port: prosody.port },
  })

  async function open(options: XmppOptions, answer: (message: IncomingMessage) => Promise<Reception>) {
    const got: IncomingMessage[] = []
    const channel = new XmppChannel(options, { clock: systemClock, random: systemRandom, log: silentLog })
    toStop.unshift(() => channel.stop())
    await channel.start((message) => {
      got.push(message)
      return answer(message)
    })
    return { channel, got }
  }

  /** A person's own program. */
  async function anna(): Promise<Chat> {
    const chat = await chatOf(prosody, 'anna', 'phone', 'de')
    toStop.push(chat.leave)
    return chat
  }

  const message = (got: Element[], test: (stanza: Element) => boolean) =>
    eventually(() => {
      const found = got.find((stanza) => stanza.is('message') && test(stanza))
      if (!found) throw new Error(`not among: ${got.join('\n')}`)
      return found
    })
  const count = (got: unknown[], wanted: number) => eventually(() => expect(got).toHaveLength(wanted))

  for (const [kind, options, address] of [
    ['component', component, 'sales@calls.example'],
    ['account', account, 'baton@people.example'],
  ] as const) {
    test(`${kind}: a message comes in, is acknowledged and answered in its thread`, async () => {
      const { channel, got } = await open(options(), async () => accepted)
      const person = await anna()
      const text = 'Rückruf um <b>15 Uhr</b> & "bitte" '.repeat(100)
      await person.write(address, 'm1', text, xml('thread', {}, 't1'), xml('request', { xmlns: 'urn:xmpp:receipts' }))
      await count(got, 1)
      expect(got[0]).toMatchObject({
        ...{ channel: 'xmpp', to: address, text, language: 'de', threadKey: 'anna@people.example t1' },
        threadKeys: ['anna@people.example t1', 'anna@people.example'],
        from: { address: 'anna@people.example', verified: true },
      })
      const receipt = await message(person.got, (stanza) => !!stanza.getChild('received', 'urn:xmpp:receipts'))
      expect(receipt.getChild('received')!.attrs.id).toBe('m1')
      const { thread } = got[0]!
      const out = { thread: JSON.parse(JSON.stringify(thread)), subject: 'Re', messageId: 'out-1' } as const
      await channel.send({ ...out, language: 'de', text: 'Gut: <um 15 Uhr>\u0001' })
      const answer = await message(person.got, (stanza) => !!stanza.getChild('body'))
      expect(answer.getChildText('body')).toBe('Gut: <um 15 Uhr>\uFFFD')
      expect(answer.attrs).toMatchObject({ type: 'chat', 'xml:lang': 'de' })
      expect(answer.attrs.from!.split('/')[0]).toBe(address)
      expect(answer.getChildText('thread')).toBe('t1')
    })

    test(`${kind}: the same message twice has one id, another text has its own`, async () => {
      const { got } = await open(options(), async () => accepted)
      const person = await anna()
      await person.write(address, 'm1', 'Yes')
      await person.write(address, 'm1', 'Yes')
      await person.write(address, 'm1', 'No')
      await count(got, 3)
      const [first, second, third] = got.map(({ messageId }) => messageId)
      expect(second).toBe(first)
      expect(third).not.toBe(first)
    })

    test(`${kind}: what is too long is given back, and nobody handles it`, async () => {
      const { got } = await open(options(), async () => accepted)
      const person = await anna()
      await person.write(address, 'long', 'ä'.repeat(4097))
      const back = await message(person.got, (stanza) => stanza.attrs.type === 'error')
      expect(back.attrs.id).toBe('long')
      expect(back.getChild('error')!.getChildText('text')).toContain('höchstens 8 KB')
      await person.write(address, 'fits', 'ä'.repeat(4096))
      await count(got, 1)
    })

    test(`${kind}: a message that could not be stored is handled again`, async () => {
      let tries = 0
      const again: Reception = { kind: 'retry', why: 'the disk is full' }
      const { got } = await open(options(), async () => (tries++ === 0 ? again : accepted))
      const person = await anna()
      await person.write(address, 'm1', 'Call me', xml('request', { xmlns: 'urn:xmpp:receipts' }))
      await message(person.got, (stanza) => !!stanza.getChild('received'))
      expect(got.map(({ messageId }) => messageId)).toEqual([got[0]!.messageId, got[0]!.messageId])
    })

    test(`${kind}: an address that is not there is a permanent fault`, async () => {
      const { channel } = await open(options(), async () => accepted)
      const out = { subject: '', text: 'Hello', language: 'en', messageId: 'o' } as const
      const sending = channel.send({ ...out, thread: { to: 'nobody@people.example' } })
      await expect(sending).rejects.toMatchObject({ permanent: true, message: expect.stringContaining('gave the') })
      await expect(channel.send({ ...out, thread: { to: 'a b' } })).rejects.toMatchObject({ permanent: true })
    })

    test(`${kind}: the connection comes back after the server was away`, async () => {
      const { channel, got } = await open(options(), async () => accepted)
      await prosody.halt()
      const out = { thread: { to: 'anna@people.example' }, subject: '', text: 'Hello', language: 'en' } as const
      const away = { permanent: false, message: expect.stringContaining('not connected') }
      await eventually(() => expect(channel.send({ ...out, messageId: 'o' })).rejects.toMatchObject(away))
      await prosody.start()
      const person = await anna()
      await eventually(() => channel.send({ ...out, messageId: 'o' }))
      await message(person.got, (stanza) => stanza.getChildText('body') === 'Hello')
      await person.write(address, 'm1', 'Call me')
      await count(got, 1)
    })

    test(`${kind}: shows itself and lets everybody see it`, async () => {
      await open(options(), async () => accepted)
      const person = await anna()
      await person.entity.send(xml('presence', { type: 'subscribe', to: address }))
      await eventually(() => {
        const types = person.got.filter((stanza) => stanza.is('presence')).map(({ attrs }) => attrs.type)
        expect(types).toContain('subscribed')
      })
    })
  }

  test('a component says what it is', async () => {
    await open(component(), async () => accepted)
    const person = await anna()
    const query = xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' })
    await person.entity.send(xml('iq', { type: 'get', id: 'd1', to: 'calls.example' }, query))
    const found = await eventually(() => person.got.find((stanza) => stanza.attrs.id === 'd1') ?? fail())
    expect(found.getChild('query')!.getChild('identity')!.attrs.name).toBe('Calls')
  })

  test('a message that an account had not stored when it was cut off comes again', async () => {
    const stored = Promise.withResolvers<Reception>()
    const first = new XmppChannel(account(), { clock: systemClock, random: systemRandom, log: silentLog })
    const seen: string[] = []
    await first.start((message) => {
      seen.push(message.messageId)
      return stored.promise
    })
    const person = await anna()
    await person.write('baton@people.example', 'm1', 'Call me')
    await count(seen, 1)
    // The new connection takes the place of the old one, as after a crash.
    const second = await open(account(), async () => accepted)
    await count(second.got, 1)
    expect(second.got[0]!.messageId).toBe(seen[0])
    stored.resolve(accepted)
    await first.stop()
  })

  test('nothing is sent to another machine that offers no encryption', async () => {
    const told: object[] = []
    const log = { ...silentLog, warn: (fields: object) => void told.push(fields) }
    // Reaches this machine, but is no loopback address.
    const elsewhere = { ...account(), host: '0.0.0.0' } as XmppOptions
    const channel = new XmppChannel(elsewhere, { clock: systemClock, random: systemRandom, log })
    toStop.push(() => channel.stop())
    await channel.start(async () => accepted)
    expect(told[0]).toMatchObject({ why: expect.stringContaining('offers no encryption (STARTTLS)') })
  })

  test.each([
    [
      'component',
      () => ({ ...component(), secret: 'wrong' }),
      'refused the component calls.example: the secret is not',
    ],
    ['account', () => ({ ...account(), password: 'wrong' }), 'refused the log-in of baton@people.example'],
  ])(
    '%s: a wrong password is logged as an error with what to do, and tried again slowly',
    async (_kind, wrong, why) => {
      const told: string[] = []
      const clock = new VirtualClock()
      const log = { ...silentLog, error: (_fields: object, sentence: string) => void told.push(sentence) }
      const channel = new XmppChannel(wrong() as XmppOptions, { clock, random: systemRandom, log })
      toStop.push(() => channel.stop())
      await channel.start(async () => accepted)
      expect(told).toEqual([expect.stringContaining(why)])
      await clock.advance(14_000)
      expect(told).toHaveLength(1)
      await clock.advance(16_000)
      await eventually(() => expect(told).toHaveLength(2))
    },
  )
})

function fail(): never {
  throw new Error('not there yet')
}
