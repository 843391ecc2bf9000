import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { post } from '../../../test/support/mail.ts'
import { mailHouse, plain, visitor } from '../../../test/support/mail-house.ts'

const house = mailHouse()
afterEach(() => house.close())

describe('bounds', () => {
  const size = 50 * 1024 * 1024

  it('refuses a mail whose announced size is too large before it is sent', async () => {
    const { port, got } = await house.channel()
    const attachments = [{ filename: 'big.bin', content: Buffer.alloc(3 * 1024 * 1024) }]
    await expect(post(port, { ...plain, attachments })).rejects.toThrow(/552 .*2097152/)
    expect(got).toEqual([])
  })

  it('refuses 50 MB while they stream, and holds no more than the limit of them', async () => {
    const { port, got } = await house.channel()
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
    const { port, got } = await house.channel({ options: { listener } })
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
    await expect.poll(() => post(port, plain).catch(String)).toMatch(/^250/)
    expect(got).toHaveLength(1)
  })

  it('takes so many mails a minute of one address', async () => {
    const { port, got } = await house.channel({
      options: { listener: { address: '127.0.0.1', port: 0, mailsPerMinute: 3 } },
    })
    for (let i = 0; i < 3; i++) await post(port, plain)
    await expect(post(port, plain)).rejects.toThrow(/451 too many mails/)
    expect(got).toHaveLength(3)
  })

  it('ends with whoever guesses addresses', async () => {
    const { port } = await house.channel()
    const socket = await visitor(port)
    await socket.say('EHLO x')
    await socket.say('MAIL FROM:<anna@sender.test>')
    const answers: string[] = []
    for (let i = 0; i < 10; i++) answers.push(await socket.say(`RCPT TO:<guess${i}@elsewhere.test>`))
    expect(answers.slice(0, 9).every((text) => text.startsWith('550'))).toBe(true)
    expect(answers[9]).toMatch(/^421/)
    expect(await socket.closed).toBe(true)
  })

  it('answers the mail that is being taken before it stops, and nobody else', async () => {
    const started = Promise.withResolvers<void>()
    const store = Promise.withResolvers<void>()
    const { mail, port } = await house.channel({
      reception: async () => {
        started.resolve()
        await store.promise
        return { kind: 'accepted', why: '' }
      },
    })
    const idle = await visitor(port)
    const posted = post(port, plain)
    await started.promise
    const stopped = mail.stop()
    expect(await idle.closed).toBe(true)
    store.resolve()
    expect(await posted).toMatch(/^250/)
    await stopped
    await expect(post(port, plain)).rejects.toThrow(/ECONNREFUSED/)
  })

  it('offers encryption with a certificate, and the new one when it has changed', async () => {
    const certificate = selfSigned('one.baton.test')
    const listener = { address: '127.0.0.1', port: 0, certificate }
    const { mail, port, got } = await house.channel({ options: { listener } })
    const named = async () => {
      const socket = await visitor(port)
      expect(await socket.say('EHLO x')).toContain('STARTTLS')
      expect(await socket.say('STARTTLS')).toMatch(/^220/)
      socket.socket.removeAllListeners('data')
      const secure = connectTls({ socket: socket.socket, rejectUnauthorized: false })
      await once(secure, 'secureConnect')
      const { subject } = secure.getPeerCertificate()
      secure.destroy()
      return subject.CN
    }
    expect(await named()).toBe('one.baton.test')
    mail.useCertificate(selfSigned('two.baton.test'))
    expect(await named()).toBe('two.baton.test')
    expect(got).toEqual([])
    const { port: plainPort } = await house.channel()
    expect(await (await visitor(plainPort)).say('EHLO x')).not.toContain('STARTTLS')
  })
})

/** A key with a certificate for a name, made by openssl. */
function selfSigned(name: string) {
  const folder = temporaryFolder('mail-certificate')
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...curve, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
