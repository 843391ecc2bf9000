import { afterEach, describe, expect, it } from 'vitest'
import { dkimKey, post, postRaw } from '../../../test/support/mail.ts'
import { mailHouse, plain, visitor } from '../../../test/support/mail-house.ts'
import type { MailOptions } from './mail-channel.ts'

const house = mailHouse()
afterEach(() => house.close())

describe('who sent it', () => {
  const verified = async (mail: Parameters<typeof post>[1], options?: Partial<MailOptions>) => {
    const { port, got } = await house.channel({ options })
    await post(port, mail)
    return got[0]!.from.verified
  }

  it('is proven by an aligned signature', async () => {
    expect(await verified({ ...plain, dkim: house.key.dkim })).toBe(true)
  })

  it('is proven by the sending host when the envelope is aligned', async () => {
    const from = 'anna@spf.test'
    expect(await verified({ ...plain, from })).toBe(true)
    expect(await verified({ ...plain, from, envelope: { from: 'eve@elsewhere.test', to: plain.to } })).toBe(false)
  })

  it('is not proven by a good signature of another domain', async () => {
    expect(await verified({ ...plain, from: 'anna@other.test', dkim: house.key.dkim })).toBe(false)
  })

  it('is not proven by a signature with the wrong key', async () => {
    expect(
      await verified({ ...plain, dkim: { ...house.key.dkim, privateKey: dkimKey('sender.test').dkim.privateKey } }),
    ).toBe(false)
  })

  it('is not proven by a signature that leaves the Message-ID open for another', async () => {
    expect(await verified({ ...plain, dkim: { ...house.key.dkim, headerFieldNames: 'from:to:subject' } })).toBe(false)
  })

  it('is not proven when the domain publishes no DMARC record', async () => {
    delete house.records['_dmarc.sender.test']
    try {
      expect(await verified({ ...plain, dkim: house.key.dkim })).toBe(false)
    } finally {
      house.records['_dmarc.sender.test'] = 'v=DMARC1; p=reject'
    }
  })

  const says = (value: string, name = 'mx.relay.test') => `Authentication-Results: ${name}; ${value}`
  const withResults = (...headers: readonly string[]) => ({
    envelope: { from: 'anna@sender.test', to: [plain.to] },
    raw: [...headers, 'From: anna@sender.test', '', 'call me'].join('\r\n'),
  })
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

  it('is proven by the signature when a relay of ours says nothing; the relay itself proves nobody', async () => {
    expect(await verified({ ...plain, dkim: house.key.dkim }, { listener: relayed })).toBe(true)
    expect(await verified({ ...plain, from: 'anna@spf.test' }, { listener: relayed })).toBe(false)
  })

  it.each([
    ['about another domain', [says('dmarc=pass header.from=other.test')]],
    [
      'failed above a forged pass',
      [says('dmarc=fail header.from=sender.test'), says('dmarc=pass header.from=sender.test')],
    ],
    ['in a comment', [says('spf=pass (; dmarc=pass header.from=sender.test)')]],
    ['in a quoted string', [says('spf=pass smtp.mailfrom="x; dmarc=pass header.from=sender.test ; y"')]],
    ['beside a quoted string', [says('dmarc=pass reason="x header.from=sender.test" header.from=other.test')]],
    ['told twice', [says('dmarc=pass header.from=sender.test; dmarc=fail header.from=sender.test')]],
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
    const { port, got } = await house.channel()
    await expect(postRaw(port, [...from, ...body])).rejects.toThrow(why)
    expect(got).toEqual([])
  })

  it('a header whose lines end in more than one way', async () => {
    const { port, got } = await house.channel()
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
    const { port, got } = await house.channel()
    const lines = ['From: anna@sender.test', `Subject: ${subject}`, '', 'call me']
    await expect(postRaw(port, lines)).rejects.toThrow(/Subject holds a line break/)
    expect(got).toEqual([])
  })
})
