import PostalMime from 'postal-mime'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readWav } from '#media'
import { headerOf, mailSettings, mailSink, post } from '../support/mail.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

const organisation = `
people:
  - {login: asker, name: Anna Asker, extension: 101, email: anna@sender.test, devices: [{name: phone, username: asker, password: secret-of-asker}]}
  - {login: seller, name: Sam Seller, extension: 102, devices: [{name: phone, username: seller, password: secret-of-seller}]}
  - {login: absent, name: Abby Absent, extension: 103, email: abby@sender.test, settings: {voicemail: {on: true, mail: true}}}
groups:
  - {name: Sales, extension: "300", members: [seller]}
`

needs('baresip')('a mail that asks for a call', () => {
  let house: House
  let sink: Awaited<ReturnType<typeof mailSink>>
  let smtp = 0

  beforeAll(async () => {
    sink = await mailSink()
    smtp = await freePort()
    house = await House.ofOrganisation({
      organisation,
      config: mailSettings(smtp, sink.port),
      prompts: { 'callback-requested-by': 1_000, 'callback-you-asked-for': 1_600 },
    })
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await house.close()
    await sink.stop()
  })

  const phone = (user: string, tone: number) => house.phone(user, { tone })

  /** As the relay hands it on, which has checked who sent it. */
  const mail = (messageId: string, text: string, proof = 'dmarc=pass header.from=sender.test') =>
    post(smtp, {
      from: 'Anna <anna@sender.test>',
      to: 'callback@baton.test',
      subject: 'A call, please',
      text,
      messageId: `<${messageId}@sender.test>`,
      headers: { 'Authentication-Results': `relay.test; ${proof}` },
    })

  test('rings sales first, then the asker; they talk; the answers are in the thread', async () => {
    const [asker, sales] = [await phone('asker', 440), await phone('seller', 660)]
    await mail('m1', 'Please have sales call me now')
    await sales.event('CALL_INCOMING')
    expect(asker.events().map(({ type }) => type)).not.toContain('CALL_INCOMING')
    await sales.accept()
    await sales.hears(1_000)
    await asker.event('CALL_INCOMING')
    await asker.accept()
    await asker.hears(1_600)
    await asker.hears(660, 1)
    await sales.hears(440, 1)
    await asker.hangup()
    await sales.event('CALL_CLOSED')
    await eventually(() => expect(sink.mails).toHaveLength(2))
    for (const { raw, to } of sink.mails) {
      expect(to).toEqual(['anna@sender.test'])
      expect(headerOf(raw, 'In-Reply-To')).toBe('<m1@sender.test>')
    }
    const texts = sink.mails.map(({ raw }) => raw.slice(raw.indexOf('\r\n\r\n')).replaceAll('=\r\n', ''))
    expect(texts[0]).toContain('Sales will ring first, then you on 101: now.')
    expect(texts[1]).toContain('Sales and you on 101 were connected.')
  })

  test('the same mail once more, and a forged one, ring nobody', async () => {
    const [asker, sales] = [await phone('asker', 440), await phone('seller', 660)]
    const before = sink.mails.length
    await mail('m1', 'Please have sales call me now')
    await mail('m2', 'Please have sales call me now', 'dmarc=fail header.from=sender.test')
    await mail('m3', 'Please have sales call me tomorrow at 14:00')
    await eventually(() => expect(sink.mails).toHaveLength(before + 1))
    expect([...asker.events(), ...sales.events()].map(({ type }) => type)).not.toContain('CALL_INCOMING')
  })

  test('a message that a caller left comes by mail, with its sound', async () => {
    const asker = await phone('asker', 440)
    const before = sink.mails.length
    await asker.dial('sip:103@baton.local')
    await asker.event('CALL_ESTABLISHED')
    await asker.hears(1_000, 0.2)
    // Said after the beep.
    const since = performance.now()
    await eventually(() => expect(performance.now() - since).toBeGreaterThan(3_500))
    await asker.hangup()
    const [mailed] = await eventually(() => {
      const found = sink.mails.slice(before)
      expect(found).toHaveLength(1)
      return found
    })
    expect(mailed?.to).toEqual(['abby@sender.test'])
    const { attachments, text, subject } = await PostalMime.parse(mailed?.raw ?? '')
    expect(subject).toContain('Anna Asker')
    expect(text).toContain('Anna Asker (101) left a message')
    const samples = readWav(Buffer.from(attachments[0]?.content as ArrayBuffer))
    const said = tonesIn({ rate: 8_000, samples: Float32Array.from(samples, (sample) => sample / 32_768) })
    expect(secondsOf(440, said)).toBeGreaterThan(1.5)
  })
})
