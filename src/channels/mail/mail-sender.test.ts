import { dkimVerify } from 'mailauth'
import { afterEach, describe, expect, it } from 'vitest'
import { headerOf, mailSink, post, postRaw, testResolver } from '../../../test/support/mail.ts'
import { mailHouse, plain } from '../../../test/support/mail-house.ts'

const house = mailHouse()
afterEach(() => house.close())

describe('mail out', () => {
  const sender = (port: number) => ({
    host: '127.0.0.1',
    port,
    security: 'none' as const,
    user: 'baton',
    password: 'secret',
    from: { address: 'desk@baton.test', name: 'Baton' },
  })
  const answer = {
    subject: 'Your call',
    text: 'Sales calls you at 3 pm.',
    language: 'en' as const,
    messageId: 'job-1-confirmed',
  }

  it('answers in the thread, marked as automatic, and an answer to it is recognised', async () => {
    const sink = await mailSink()
    house.opened(sink)
    const { mail, port, got } = await house.channel({ options: { sender: sender(sink.port) } })
    await post(port, { ...plain, messageId: '<m2@sender.test>', references: '<m1@sender.test>' })
    const wav = { name: 'message.wav', type: 'audio/wav', content: Buffer.from('RIFF1234') }
    await mail.send({ ...answer, thread: JSON.parse(JSON.stringify(got[0]!.thread)), attachments: [wav] })
    const [{ from, to, raw }] = sink.mails as [(typeof sink.mails)[0]]
    const header = (name: string) => headerOf(raw, name)
    expect({ from, to }).toEqual({ from: 'sales@baton.test', to: ['anna@sender.test'] })
    expect(header('Subject')).toBe('Re: Call me')
    expect(header('In-Reply-To')).toBe('<m2@sender.test>')
    expect(header('References')).toBe('<m1@sender.test> <m2@sender.test>')
    expect(header('Auto-Submitted')).toBe('auto-replied')
    expect(header('X-Auto-Response-Suppress')).toBe('All')
    expect(header('Content-Language')).toBe('en')
    expect(raw).toContain('Sales calls you at 3 pm.')
    expect(raw).toMatch(/Content-Type: audio\/wav; name=message.wav/)
    // It comes back as it is: a loop. A person answers it: found.
    expect(await postRaw(port, [raw], 'anna@sender.test')).toMatch(/^250/)
    expect(got).toHaveLength(1)
    const text =
      'The first one.\n\nOn Mon, 2 Nov 2026 at 10:00 Baton <desk@baton.test> wrote:\n> 1. Sales\n> 2. Service'
    await post(port, {
      ...plain,
      text,
      inReplyTo: header('Message-ID')!,
      references: `${header('References')} ${header('Message-ID')}`,
    })
    expect(got[1]!.threadKeys).toEqual([mail.threadKeyOf(answer.messageId), 'm2@sender.test', 'm1@sender.test'])
    expect(got[1]!.text).toBe('The first one.')
  })

  it('gives the same message the same id, and sends it once at a time', async () => {
    const sink = await mailSink()
    house.opened(sink)
    const { mail } = await house.channel({ options: { sender: sender(sink.port) } })
    const message = { ...answer, thread: { to: 'anna@sender.test' } }
    await Promise.all([mail.send(message), mail.send(message)])
    await mail.send(message)
    expect(sink.mails).toHaveLength(2)
    expect(new Set(sink.mails.map(({ raw }) => headerOf(raw, 'Message-ID'))).size).toBe(1)
    expect(headerOf(sink.mails[0]!.raw, 'Subject')).toBe('Your call')
    expect(headerOf(sink.mails[0]!.raw, 'From')).toBe('Baton <desk@baton.test>')
  })

  it('tells lasting refusals from passing ones', async () => {
    const sink = await mailSink()
    house.opened(sink)
    const { mail } = await house.channel({ options: { sender: sender(sink.port) } })
    const send = () => mail.send({ ...answer, thread: { to: 'anna@sender.test' } }).catch((error) => error)
    sink.refuse(550)
    expect(await send()).toMatchObject({ permanent: true, message: expect.stringContaining('refused by the test') })
    sink.refuse(450)
    expect(await send()).toMatchObject({ permanent: false })
    sink.refuse(undefined)
    const { mail: stranger } = await house.channel({ options: { sender: { ...sender(sink.port), password: 'wrong' } } })
    expect(await stranger.send({ ...answer, thread: { to: 'a@b.test' } }).catch((error) => error)).toMatchObject({
      permanent: false,
      message: expect.stringContaining('log-in'),
    })
    await sink.stop()
    expect(await send()).toMatchObject({ permanent: false, message: expect.stringContaining('could not be reached') })
  })

  it.each([
    [{ to: 'a@b.test\r\nBcc: eve@evil.test' }],
    [{ to: 'a@b.test, eve@evil.test' }],
    [{ to: 'a@b.test', subject: 'x\r\nBcc: eve@evil.test' }],
    [{ to: 'a@b.test', subject: 'x\u2028y' }],
    [{ to: 'a@b.test', inReplyTo: 'x@y>\r\nBcc: <eve@evil.test' }],
    [{}],
    [null],
  ])('never sends the thread %j', async (thread) => {
    const sink = await mailSink()
    house.opened(sink)
    const { mail } = await house.channel({ options: { sender: sender(sink.port) } })
    await expect(mail.send({ ...answer, thread })).rejects.toMatchObject({ permanent: true })
    await expect(mail.send({ ...answer, subject: 'x\ny', thread: { to: 'a@b.test' } })).rejects.toMatchObject({
      permanent: true,
    })
    expect(sink.mails).toEqual([])
  })

  it('signs what it sends', async () => {
    const sink = await mailSink()
    house.opened(sink)
    const { domainName: domain, keySelector: selector, privateKey } = house.key.dkim
    const from = { address: 'desk@sender.test', name: 'Baton' }
    const { mail } = await house.channel({
      options: { sender: { ...sender(sink.port), from, dkim: { domain, selector, privateKey } } },
    })
    await mail.send({ ...answer, thread: { to: 'anna@elsewhere.test' } })
    const { results } = await dkimVerify(sink.mails[0]!.raw, { resolver: testResolver(house.records).resolver })
    expect(results.map(({ status, signingDomain }) => [status.result, signingDomain])).toEqual([
      ['pass', 'sender.test'],
    ])
  })

  it('refuses settings that send the password in the clear', async () => {
    const options = { ...sender(25), host: 'mail.example.org' }
    await expect(house.channel({ options: { sender: options } })).rejects.toThrow(/would travel unencrypted/)
  })
})
