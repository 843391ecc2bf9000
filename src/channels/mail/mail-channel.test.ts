import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { dkimVerify } from 'mailauth'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom, silentLog, systemClock } from '#lib'
import { dkimKey, headerOf, mailSink, post, postRaw, testResolver } from '../../../test/support/mail.ts'
import type { IncomingMessage, Reception } from '../message.ts'
import { MailChannel, type MailOptions } from './mail-channel.ts'

let key: ReturnType<typeof dkimKey>
let records: Record<string, string>
const open: { stop(): Promise<void> }[] = []

beforeAll(() => {
  key = dkimKey('sender.test')
  records = {
    ...key.record,
    '_dmarc.sender.test': 'v=DMARC1; p=reject',
    'sender.test': 'v=spf1 -all',
    '_dmarc.spf.test': 'v=DMARC1; p=reject',
    'spf.test': 'v=spf1 ip4:127.0.0.1 -all',
    '_dmarc.other.test': 'v=DMARC1; p=reject',
  }
})

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop()
})

/** A channel with its listener on a free port; what it takes is in `got`. */
async function channel({
  options = {},
  reception = { kind: 'accepted', why: 'stored' },
}: {
  options?: Partial<MailOptions>
  reception?: Reception | ((message: IncomingMessage) => Promise<Reception>)
} = {}) {
  const got: IncomingMessage[] = []
  const { resolver, asked } = testResolver(records)
  const mail = new MailChannel(
    {
      hostname: 'baton.test',
      accepts: (address) => address.endsWith('@baton.test'),
      listener: { address: '127.0.0.1', port: 0 },
      ...options,
    },
    { clock: systemClock, random: seededRandom(1), log: silentLog, resolver },
  )
  await mail.start(async (message) => {
    got.push(message)
    return typeof reception === 'function' ? reception(message) : reception
  })
  open.push(mail)
  return { mail, port: mail.port, got, asked }
}

const plain = { from: 'Anna <anna@sender.test>', to: 'sales@baton.test', subject: 'Call me', text: 'at 3 pm please' }

describe('mail in', () => {
  it('takes a mail for an address of ours', async () => {
    const { port, got } = await channel()
    await post(port, {
      ...plain,
      subject: 'Grüße',
      text: 'Bitte um 15 Uhr zurückrufen',
      messageId: '<m1@sender.test>',
      inReplyTo: '<m0@sender.test>',
      references: '<first@baton.test> <m0@sender.test>',
      headers: { 'Content-Language': 'de-DE', 'Reply-To': 'Eve <eve@evil.test>' },
    })
    expect(got).toMatchObject([
      {
        channel: 'mail',
        messageId: 'm1@sender.test',
        threadKey: 'm1@sender.test',
        threadKeys: ['m0@sender.test', 'first@baton.test'],
        from: { address: 'anna@sender.test', name: 'Anna', verified: false },
        to: 'sales@baton.test',
        subject: 'Grüße',
        text: 'Bitte um 15 Uhr zurückrufen',
        language: 'de',
      },
    ])
    expect(JSON.stringify(got)).not.toContain('evil')
  })

  it('relays nothing', async () => {
    const { port, got } = await channel()
    await expect(post(port, { ...plain, to: 'bob@elsewhere.test' })).rejects.toThrow(/550 no such address here/)
    await expect(post(port, { ...plain, to: '"bob@elsewhere.test"@baton.test' })).rejects.toThrow(/501/)
    expect(got).toEqual([])
  })

  it('acknowledges only what was stored', async () => {
    const answers: Reception[] = [
      { kind: 'retry', why: 'the database is away' },
      { kind: 'accepted', why: '' },
    ]
    const { port, got } = await channel({ reception: async () => answers.shift()! })
    const mail = { ...plain, messageId: '<again@sender.test>' }
    await expect(post(port, mail)).rejects.toThrow(/451 not taken now: the database is away/)
    expect(await post(port, mail)).toMatch(/^250/)
    expect(got.map(({ messageId }) => messageId)).toEqual(['again@sender.test', 'again@sender.test'])
  })

  it('asks for the mail again when the handler throws', async () => {
    const { port } = await channel({ reception: () => Promise.reject(new Error('secret detail')) })
    const failure = await post(port, plain).catch((error: Error) => error.message)
    expect(failure).toMatch(/451/)
    expect(failure).not.toContain('secret')
  })

  it('gives a mail without Message-ID the same id each time', async () => {
    const { port, got } = await channel()
    const lines = ['From: anna@sender.test', 'Date: Mon, 2 Nov 2026 10:00:00 +0100', 'Subject: x', '', 'call me']
    await postRaw(port, lines)
    await postRaw(port, ['Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0100', ...lines])
    await postRaw(port, [...lines.slice(0, -1), 'call me later'])
    expect(got[0]!.messageId).toMatch(/^[0-9a-f]{64}@no-message-id$/)
    expect(got[1]!.messageId).toBe(got[0]!.messageId)
    expect(got[2]!.messageId).not.toBe(got[0]!.messageId)
  })
})

describe('who sent it', () => {
  const verified = async (mail: Parameters<typeof post>[1], options?: Partial<MailOptions>) => {
    const { port, got } = await channel({ options })
    await post(port, mail)
    return got[0]!.from.verified
  }

  it('is proven by an aligned signature', async () => {
    expect(await verified({ ...plain, dkim: key.dkim })).toBe(true)
  })

  it('is proven by the sending host when the envelope is aligned', async () => {
    const from = 'anna@spf.test'
    expect(await verified({ ...plain, from })).toBe(true)
    expect(await verified({ ...plain, from, envelope: { from: 'eve@elsewhere.test', to: plain.to } })).toBe(false)
  })

  it('is not proven by a good signature of another domain', async () => {
    expect(await verified({ ...plain, from: 'anna@other.test', dkim: key.dkim })).toBe(false)
  })

  it('is not proven by a signature with the wrong key', async () => {
    expect(
      await verified({ ...plain, dkim: { ...key.dkim, privateKey: dkimKey('sender.test').dkim.privateKey } }),
    ).toBe(false)
  })

  it('is not proven by a signature that leaves the Message-ID open for another', async () => {
    expect(await verified({ ...plain, dkim: { ...key.dkim, headerFieldNames: 'from:to:subject' } })).toBe(false)
  })

  it('is not proven when the domain publishes no DMARC record', async () => {
    delete records['_dmarc.sender.test']
    try {
      expect(await verified({ ...plain, dkim: key.dkim })).toBe(false)
    } finally {
      records['_dmarc.sender.test'] = 'v=DMARC1; p=reject'
    }
  })

  const says = (value: string, name = 'mx.relay.test') => ({
    key: 'Authentication-Results',
    value: `${name}; ${value}`,
  })
  const withResults = (...headers: { key: string; value: string }[]) => ({ ...plain, headers })
  const relayed = {
    address: '127.0.0.1',
    port: 0,
    trustedRelays: [{ addresses: ['127.0.0.0/8'], authservId: 'mx.relay.test' }],
  }

  it('is believed of a relay of ours, and of nobody else', async () => {
    const mail = withResults(says('spf=pass; dmarc=pass (p=reject) header.from=sender.test'))
    expect(await verified(mail, { listener: relayed })).toBe(true)
    expect(await verified(mail)).toBe(false)
    expect(
      await verified(withResults(says('dmarc=pass header.from=sender.test', 'evil.test')), { listener: relayed }),
    ).toBe(false)
  })

  it.each([
    ['about another domain', [says('dmarc=pass header.from=other.test')]],
    [
      'failed above a forged pass',
      [says('dmarc=fail header.from=sender.test'), says('dmarc=pass header.from=sender.test')],
    ],
    ['in a comment', [says('dmarc=fail (; dmarc=pass header.from=sender.test) header.from=sender.test')]],
    ['in a quoted string', [says('spf=pass smtp.mailfrom="x; dmarc=pass header.from=sender.test"')]],
    ['told twice', [says('dmarc=fail header.from=sender.test; dmarc=pass header.from=sender.test')]],
  ])('is not believed when it is %s', async (_name, headers) => {
    expect(await verified(withResults(...headers), { listener: relayed })).toBe(false)
  })
})

describe('what is refused', () => {
  const body = ['To: sales@baton.test', 'Subject: x', 'Message-ID: <r@sender.test>', '', 'call me']

  it.each([
    [['From: anna@sender.test', 'From: eve@evil.test'], /more than one From header/],
    [['From: anna@sender.test', 'From : eve@evil.test'], /more than one From header/],
    [['From: anna@sender.test, eve@evil.test'], /exactly one address/],
    [['From: team: anna@sender.test, eve@evil.test;'], /a group/],
    [['From: nobody'], /address like/],
    [['From: <anna@sender.test>@evil.test'], /address/],
    [['X-Nothing: x'], /no From header/],
    [['From: =?utf-8?q?Anna=0D=0ABcc=3A_eve=40evil.test?= <anna@sender.test>'], /group|control character/],
    [['From: =?utf-8?b?QW5uYQ0KQmNjOiBl?= <anna@sender.test>'], /control character/],
    [['From: anna@sender.test', 'X-Other: a\0b'], /NUL/],
  ])('%j', async (from, why) => {
    const { port, got } = await channel()
    await expect(postRaw(port, [...from, ...body])).rejects.toThrow(why)
    expect(got).toEqual([])
  })

  it('a header whose lines end in more than one way', async () => {
    const { port, got } = await channel()
    for (const header of [
      'From: anna@sender.test\rFrom: eve@evil.test',
      'From: anna@sender.test\nFrom: eve@evil.test',
    ]) {
      const socket = await visitor(port)
      for (const line of ['EHLO x', 'MAIL FROM:<anna@sender.test>', 'RCPT TO:<sales@baton.test>', 'DATA'])
        await socket.say(line)
      expect(await socket.say(`${header}\r\n\r\ncall me\r\n.`)).toMatch(/^550 .*not CR LF/)
      socket.socket.destroy()
    }
    expect(got).toEqual([])
  })

  it.each(['=?utf-8?q?x=0D=0Ay?=', '=?utf-8?q?x=E2=80=A8y?=', '=?utf-8?q?x=00y?='])('Subject %s', async (subject) => {
    const { port, got } = await channel()
    const lines = ['From: anna@sender.test', `Subject: ${subject}`, '', 'call me']
    await expect(postRaw(port, lines)).rejects.toThrow(/Subject holds a line break/)
    expect(got).toEqual([])
  })
})

describe('what is ignored', () => {
  it.each([
    ['Auto-Submitted', 'auto-replied'],
    ['Auto-Submitted', 'auto-generated; owner=x'],
    ['Precedence', 'bulk'],
    ['List-Id', '<all.sender.test>'],
    ['X-Baton-Message', 'baton-1'],
    ['X-Autoreply', 'yes'],
    ['Subject', 'Automatische Antwort: Call'],
    ['Subject', 'Out of Office: Re: Call'],
    ['From', 'MAILER-DAEMON@sender.test'],
    ['From', 'no-reply@sender.test'],
    ['From', 'sales@baton.test'],
    ['Content-Type', 'multipart/report; boundary=x; report-type=delivery-status'],
  ])('%s: %s', async (name, value) => {
    const { port, got } = await channel()
    const headers = { From: 'anna@sender.test', Subject: 'x', [name]: value }
    const lines = Object.entries(headers).map(([each, said]) => `${each}: ${said}`)
    expect(await postRaw(port, [...lines, '', 'call me'])).toMatch(/^250/)
    expect(got).toEqual([])
  })

  it('mails without a return path, and mails in a loop', async () => {
    const { port, got } = await channel()
    expect(await postRaw(port, ['From: anna@sender.test', '', 'x'], '')).toMatch(/^250/)
    const hop = 'Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0100'
    expect(await postRaw(port, [...Array(51).fill(hop), 'From: anna@sender.test', '', 'x'])).toMatch(/^250/)
    expect(got).toEqual([])
    await postRaw(port, [hop, 'From: anna@sender.test', 'Auto-Submitted: no', '', 'x'])
    expect(got).toHaveLength(1)
  })
})

describe('bounds', () => {
  const size = 50 * 1024 * 1024

  it('refuses a mail whose announced size is too large before it is sent', async () => {
    const { port, got } = await channel()
    const attachments = [{ filename: 'big.bin', content: Buffer.alloc(3 * 1024 * 1024) }]
    await expect(post(port, { ...plain, attachments })).rejects.toThrow(/552 .*2097152/)
    expect(got).toEqual([])
  })

  it('refuses 50 MB while they stream, and holds no more than the limit of them', async () => {
    const { port, got } = await channel()
    const socket = await visitor(port)
    for (const line of ['EHLO x', 'MAIL FROM:<anna@sender.test>', 'RCPT TO:<sales@baton.test>', 'DATA'])
      await socket.say(line)
    socket.write('From: anna@sender.test\r\n\r\n')
    const before = process.memoryUsage().arrayBuffers
    const line = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(64))
    let sent = 0
    let answered = ''
    socket.heard().then((text) => {
      answered = text
    })
    for (; sent < size && answered === ''; sent += line.length)
      if (!socket.write(line)) await Promise.race([once(socket.socket, 'drain'), once(socket.socket, 'close')])
    expect(answered).toMatch(/^552 the mail is larger than 2097152 bytes/)
    expect(sent).toBeLessThan(size / 2)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30 * 1024 * 1024)
    expect(got).toEqual([])
    socket.socket.destroy()
  })

  it('keeps to its number of connections in a flood, and serves again afterwards', async () => {
    const listener = { address: '127.0.0.1', port: 0, mostConnections: 20, mostConnectionsOfOne: 10 }
    const { port, got } = await channel({ options: { listener } })
    const sockets = Array.from({ length: 400 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    const first = await Promise.all(
      sockets.map((socket) =>
        Promise.race([once(socket, 'data'), once(socket, 'close')]).then(([data]) => String(data)),
      ),
    )
    const greeted = first.filter((text) => text.startsWith('220')).length
    expect(greeted).toBeGreaterThan(0)
    expect(greeted).toBeLessThanOrEqual(10)
    await Promise.all(sockets.map((socket) => socket.destroyed || once(socket.destroy(), 'close')))
    await expect.poll(() => post(port, plain).catch(String), { timeout: 10_000 }).toMatch(/^250/)
    expect(got).toHaveLength(1)
  })

  it('takes so many mails a minute of one address', async () => {
    const { port, got } = await channel({ options: { listener: { address: '127.0.0.1', port: 0, mailsPerMinute: 3 } } })
    for (let i = 0; i < 3; i++) await post(port, plain)
    await expect(post(port, plain)).rejects.toThrow(/451 too many mails/)
    expect(got).toHaveLength(3)
  })

  it('ends with whoever guesses addresses', async () => {
    const { port } = await channel()
    const socket = await visitor(port)
    await socket.say('EHLO x')
    await socket.say('MAIL FROM:<anna@sender.test>')
    const answers: string[] = []
    for (let i = 0; i < 10; i++) answers.push(await socket.say(`RCPT TO:<guess${i}@elsewhere.test>`))
    expect(answers.slice(0, 9).every((text) => text.startsWith('550'))).toBe(true)
    expect(answers[9]).toMatch(/^421/)
    expect(await socket.closed).toBe(true)
  })
})

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
    open.push(sink)
    const { mail, port, got } = await channel({ options: { sender: sender(sink.port) } })
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
    open.push(sink)
    const { mail } = await channel({ options: { sender: sender(sink.port) } })
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
    open.push(sink)
    const { mail } = await channel({ options: { sender: sender(sink.port) } })
    const send = () => mail.send({ ...answer, thread: { to: 'anna@sender.test' } }).catch((error) => error)
    sink.refuse(550)
    expect(await send()).toMatchObject({ permanent: true, message: expect.stringContaining('refused by the test') })
    sink.refuse(450)
    expect(await send()).toMatchObject({ permanent: false })
    sink.refuse(undefined)
    const { mail: stranger } = await channel({ options: { sender: { ...sender(sink.port), password: 'wrong' } } })
    expect(await stranger.send({ ...answer, thread: { to: 'a@b.test' } }).catch((error) => error)).toMatchObject({
      permanent: false,
      message: expect.stringContaining('log-in'),
    })
    await sink.stop()
    expect(await send()).toMatchObject({ permanent: false, message: expect.stringContaining('could not be reached') })
    open.splice(open.indexOf(sink), 1)
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
    open.push(sink)
    const { mail } = await channel({ options: { sender: sender(sink.port) } })
    await expect(mail.send({ ...answer, thread })).rejects.toMatchObject({ permanent: true })
    await expect(mail.send({ ...answer, subject: 'x\ny', thread: { to: 'a@b.test' } })).rejects.toMatchObject({
      permanent: true,
    })
    expect(sink.mails).toEqual([])
  })

  it('signs what it sends', async () => {
    const sink = await mailSink()
    open.push(sink)
    const { domainName: domain, keySelector: selector, privateKey } = key.dkim
    const from = { address: 'desk@sender.test', name: 'Baton' }
    const { mail } = await channel({
      options: { sender: { ...sender(sink.port), from, dkim: { domain, selector, privateKey } } },
    })
    await mail.send({ ...answer, thread: { to: 'anna@elsewhere.test' } })
    const { results } = await dkimVerify(sink.mails[0]!.raw, { resolver: testResolver(records).resolver })
    expect(results.map(({ status, signingDomain }) => [status.result, signingDomain])).toEqual([
      ['pass', 'sender.test'],
    ])
  })

  it('refuses settings that send the password in the clear', async () => {
    const options = { ...sender(25), host: 'mail.example.org' }
    await expect(channel({ options: { sender: options } })).rejects.toThrow(/would travel unencrypted/)
  })
})

/** A client that speaks SMTP line by line. */
async function visitor(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(() => true)
  let buffered = ''
  let wake = () => {}
  socket.setEncoding('utf8').on('data', (text: string) => {
    buffered += text
    wake()
  })
  /** The next whole answer. */
  const heard = async (): Promise<string> => {
    for (;;) {
      const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(buffered)
      if (whole) {
        buffered = buffered.slice(whole[0].length)
        return whole[0]
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const write = (data: string | Buffer) => socket.write(data)
  await heard()
  const say = (line: string) => {
    write(`${line}\r\n`)
    return heard()
  }
  return { socket, closed, heard, write, say }
}
