import { afterEach, beforeEach, expect, it } from 'vitest'
import { seededRandom, silentLog, systemClock } from '#lib'
import { testResolver } from '../../../test/support/mail.ts'
import { startDovecot, type TestMailServer } from '../../../test/support/mail-dovecot.ts'
import { needs } from '../../../test/support/needs.ts'
import type { IncomingMessage, Reception } from '../message.ts'
import { MailChannel } from './mail-channel.ts'
import type { MailboxOptions } from './mailbox.ts'

const accepted: Reception = { kind: 'accepted', why: 'stored' }
const mail = (id: string, ...more: string[]) => [
  'Delivered-To: sales@baton.test',
  ...more,
  'From: Anna <anna@sender.test>',
  'To: somebody@else.test',
  `Message-ID: <${id}@sender.test>`,
  'Subject: Call me',
  '',
  'at 3 pm',
]

needs('dovecot')('a mailbox', () => {
  let server: TestMailServer
  const open: MailChannel[] = []
  beforeEach(async () => {
    server = await startDovecot()
  })
  afterEach(async () => {
    for (const channel of open.splice(0)) await channel.stop()
    await server.stop()
  })

  async function channel(
    options: Partial<MailboxOptions> = {},
    handle: (message: IncomingMessage) => Promise<Reception> = async () => accepted,
  ) {
    const got: IncomingMessage[] = []
    const made = new MailChannel(
      {
        hostname: 'baton.test',
        accepts: (address) => address.endsWith('@baton.test'),
        mailbox: {
          host: '127.0.0.1',
          port: server.port,
          security: 'none',
          user: 'baton',
          password: 'secret',
          address: 'desk@baton.test',
          ...options,
        },
      },
      { clock: systemClock, random: seededRandom(1), log: silentLog, resolver: testResolver({}).resolver },
    )
    open.push(made)
    await made.start((message) => {
      got.push(message)
      return handle(message)
    })
    const ids = () => got.map(({ messageId }) => messageId.split('@')[0])
    return { channel: made, got, ids }
  }

  it('is read when it starts and whenever mail arrives; each mail is taken once', async () => {
    server.deliver(mail('m1'))
    const { got, ids, channel: first } = await channel()
    await expect.poll(ids).toEqual(['m1'])
    expect(got[0]).toMatchObject({ to: 'sales@baton.test', from: { address: 'anna@sender.test', verified: false } })
    server.deliver(mail('m2'))
    await expect.poll(ids).toEqual(['m1', 'm2'])
    await expect.poll(() => server.mails().every((name) => /^cur\/.*2,.*S/.test(name))).toBe(true)
    await first.stop()
    server.deliver(mail('m3'))
    const second = await channel()
    await expect.poll(second.ids).toEqual(['m3'])
  })

  it('keeps a mail that could not be stored, and goes on with the others', async () => {
    server.deliver(mail('bad'))
    server.deliver(mail('good'))
    const first = await channel({}, async ({ messageId }) => {
      if (messageId.startsWith('bad')) throw new Error('the database is away')
      return accepted
    })
    await expect.poll(first.ids).toEqual(['bad', 'good'])
    await first.channel.stop()
    const second = await channel()
    await expect.poll(second.ids).toEqual(['bad'])
  })

  it('comes back when the server does, and loses nothing', async () => {
    const { ids } = await channel()
    await server.crash()
    server.deliver(mail('m1'))
    await server.start()
    await expect.poll(ids).toEqual(['m1'])
  })

  it('moves what was taken, and flags what is too large or no request without handing it on', async () => {
    server.deliver(mail('large', `X-Filler: ${'x'.repeat(5_000)}`))
    server.deliver(mail('robot', 'Auto-Submitted: auto-replied'))
    server.deliver(mail('forged', 'From: eve@evil.test'))
    server.deliver(mail('m1'))
    const { ids } = await channel({ moveTo: 'Taken', largestMail: 4_000 })
    await expect.poll(() => server.mails('Taken').length).toBe(4)
    expect(ids()).toEqual(['m1'])
    expect(server.mails()).toEqual([])
  })

  it('believes the word of its own server about the sender, if it is named', async () => {
    const results = 'Authentication-Results: mx.baton.test; dmarc=pass header.from=sender.test'
    server.deliver(mail('m1', results))
    const believing = await channel({ authservId: 'mx.baton.test' })
    await expect.poll(() => believing.got.map(({ from }) => from.verified)).toEqual([true])
    await believing.channel.stop()
    server.deliver(mail('m2', results))
    const other = await channel()
    await expect.poll(() => other.got.map(({ from }) => from.verified)).toEqual([false])
  })

  it('of another machine is not read in the clear', async () => {
    await expect(channel({ host: 'imap.example.org' })).rejects.toThrow(/would travel unencrypted/)
  })
})
