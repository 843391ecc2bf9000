import { xml } from '@xmpp/client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Baresip } from '../support/baresip.ts'
import { type Chat, chatOf } from '../support/chat.ts'
import { needs } from '../support/needs.ts'
import { type Prosody, prosodySecret, startProsody } from '../support/prosody.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

const provider = '127.0.0.3'
const mobile = '+12025550123'

const organisation = `
people:
  - {login: asker, name: Anna Asker, extension: 101, email: anna@people.example, devices: [{name: phone, username: asker, password: secret-of-asker}]}
  - {login: seller, name: Sam Seller, extension: 102, devices: [{name: phone, username: seller, password: secret-of-seller}]}
  - {login: other, name: Sam Other, extension: 103}
groups:
  - {name: Sales, extension: "300", members: [seller]}
trunks:
  - {name: provider, settings: {sources: ["${provider}"], gateways: ["sip:${provider}:PORT"]}}
`

/** Our own prompts, each a tone of its own. */
const prompts = { 'callback-requested-by': 1_000, 'press-1-to-connect': 1_200, 'callback-you-asked-for': 1_600 }

needs('baresip', 'prosody')('a chat message that asks for a call', () => {
  let prosody: Prosody
  let house: House
  let outside: Baresip
  let config = ''

  beforeAll(async () => {
    prosody = await startProsody(['anna', 'otto'])
    outside = await Baresip.start({ user: mobile, address: provider, tone: 550 })
    config = `
xmpp:
  component: {domain: calls.example, secret: ${prosodySecret}, port: ${prosody.componentPort}}
`
    house = await House.ofOrganisation({
      ...{ organisation: organisation.replace('PORT', String(outside.port)), config, prompts },
    })
    await connected()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await house?.close()
    await outside?.stop()
    await prosody?.stop()
  })

  const connected = () => eventually(() => expect(house.baton.output()).toContain('connected to the XMPP server'))

  const phone = (user: string, tone: number) => house.phone(user, { tone })

  async function chat(name: string, resource?: string): Promise<Chat> {
    const opened = await chatOf(prosody, name, resource)
    house.onClear(opened.leave)
    return opened
  }

  const rang = (one: Baresip) => one.events().some(({ type }) => type === 'CALL_INCOMING')

  test('rings sales first, then the asker; they talk; the answers come in the chat', async () => {
    const [asker, sales, anna] = [await phone('asker', 440), await phone('seller', 660), await chat('anna')]
    await anna.write('callback@calls.example', 'm1', 'Please have sales call me at 101 now', xml('thread', {}, 't1'))
    expect(await anna.text(0)).toContain('Sales will ring first, then you on 101: now.')
    await sales.event('CALL_INCOMING')
    expect(rang(asker)).toBe(false)
    await sales.accept()
    await sales.hears(prompts['callback-requested-by'])
    await asker.event('CALL_INCOMING')
    await asker.accept()
    await asker.hears(prompts['callback-you-asked-for'])
    await asker.hears(660, 1)
    await sales.hears(440, 1)
    await asker.hangup()
    await sales.event('CALL_CLOSED')
    expect(await anna.text(1)).toBe('Sales and you on 101 were connected.')
    const answers = anna.got.filter((stanza) => stanza.is('message') && stanza.getChild('body'))
    for (const answer of answers) {
      expect(answer.getChildText('thread')).toBe('t1')
      expect(answer.attrs.from).toBe('callback@calls.example')
    }
  })

  test('which of two is asked back, and the answer from another device rings the right one', async () => {
    const [asker, sales, anna] = [await phone('asker', 440), await phone('seller', 660), await chat('anna')]
    await anna.write('callback@calls.example', 'm2', 'Please have Sam call me now', xml('thread', {}, 't2'))
    const question = await anna.text(0)
    expect(question).toContain('There is more than one "Sam". Who do you mean?')
    const number = /^(\d)\. Sam Seller/m.exec(question)?.[1] ?? 'none'
    const laptop = await chat('anna', 'laptop')
    await laptop.write('callback@calls.example', 'm3', number)
    await sales.event('CALL_INCOMING')
    expect(rang(asker)).toBe(false)
    await sales.accept()
    await asker.event('CALL_INCOMING')
    await asker.accept()
    await asker.hears(660, 1)
    await asker.hangup()
    await sales.event('CALL_CLOSED')
    await eventually(() => {
      const texts = [...anna.got, ...laptop.got].map((stanza) => stanza.getChildText('body') ?? '')
      expect(texts).toContainEqual(expect.stringContaining('Sam Seller will ring first, then you on 101: now.'))
      expect(texts).toContain('Sam Seller and you on 101 were connected.')
    })
  })

  test('an outsider is rung on the number that they give, and talks once 1 is pressed there', async () => {
    const [sales, otto] = [await phone('seller', 660), await chat('otto')]
    await otto.write('sales@calls.example', 'm4', `Please call me on ${mobile} now`)
    expect(await otto.text(0)).toContain('please press 1 when you pick up')
    await sales.event('CALL_INCOMING')
    await sales.accept()
    await outside.event('CALL_INCOMING')
    await outside.accept()
    await outside.hears(prompts['press-1-to-connect'])
    await outside.dtmf('1')
    await outside.hears(660, 1)
    await sales.hears(550, 1)
    await outside.hangup()
    await sales.event('CALL_CLOSED')
    expect(await otto.text(1)).toBe(`Sales and you on ${mobile} were connected.`)
  })

  test('nothing to call off is said, and a message that comes twice is one', async () => {
    const otto = await chat('otto')
    await otto.write('callback@calls.example', 'm5', 'cancel')
    expect(await otto.text(0)).toBe('There is no call to call off.')
    await otto.write('callback@calls.example', 'm6', 'Please have sales call me tomorrow at 14:00')
    expect(await otto.text(1)).toContain('Sales will ring first')
    await otto.write('callback@calls.example', 'm6', 'Please have sales call me tomorrow at 14:00')
    await otto.write('callback@calls.example', 'm7', 'cancel')
    expect(await otto.text(2)).toBe('Your call with Sales is called off.')
  })

  test('a chat server that is away or refuses the secret stops neither the start nor the calls', async () => {
    await house.baton.stop()
    await prosody.halt()
    const from = house.baton.output().length
    await house.baton.restart()
    const since = () => house.baton.output().slice(from)
    await eventually(() => expect(since()).toContain('no connection to the XMPP server'))
    await prosody.start()
    await eventually(() => expect(since()).toContain('connected to the XMPP server'))
    const wrong = await House.open({ configYaml: config.replace(prosodySecret, 'wrong') })
    const told = 'the XMPP server refused the component calls.example: the secret is not the one in its settings'
    await eventually(() => expect(wrong.baton.output()).toContain(told))
    expect((await wrong.baton.fetch('/readyz')).status).toBe(200)
    await wrong.close()
  })
})
