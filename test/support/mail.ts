import { generateKeyPairSync } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import nodemailer, { type SendMailOptions } from 'nodemailer'
import { SMTPServer } from 'smtp-server'

/** Name servers of a test: TXT records by name; what is not named does not exist. */
export function testResolver(records: Readonly<Record<string, string>>) {
  const asked: string[] = []
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    asked.push(`${type} ${name}`)
    const text = type === 'TXT' ? records[name] : undefined
    if (text !== undefined) return [[text]]
    throw Object.assign(new Error(`query ${name}`), { code: 'ENOTFOUND' })
  }
  return { resolver, asked }
}

/** A signing key: what the sender needs, and the record that its domain publishes. */
export function dkimKey(domain: string, selector = 'k1') {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  return {
    dkim: { domainName: domain, keySelector: selector, privateKey },
    record: { [`${selector}._domainkey.${domain}`]: `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}` },
  }
}

/** Sends one mail to a listener as another mail server would. @returns the listener's last answer */
export async function post(port: number, mail: SendMailOptions & { helo?: string }): Promise<string> {
  const { helo = 'mx.sender.test', ...options } = mail
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port, name: helo, ignoreTLS: true, secure: false })
  const sent = await transport.sendMail(options)
  return sent.response
}

/** Sends a mail byte by byte as written: lines are joined by CR LF. */
export function postRaw(port: number, lines: readonly string[], from = 'anna@sender.test', to = 'sales@baton.test') {
  return post(port, { envelope: { from, to: [to] }, raw: lines.join('\r\n') })
}

/** A mail that arrived at a {@link mailSink}. */
/** `mail` in baton.yaml: takes mail at one port, by a relay of ours that has checked it, and sends by another. */
export function mailSettings(listen: number, out: number): string {
  return `
mail:
  hostname: baton.test
  domains: baton.test
  listen: 127.0.0.1:${listen}
  trustedRelays: [{addresses: [127.0.0.1], authservId: relay.test}]
  out: {host: 127.0.0.1, port: ${out}, security: none, from: callback@baton.test}
`
}

export interface Delivered {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

/** A mail server at the other end: keeps what it is given, or refuses as it is told. */
export async function mailSink() {
  const mails: Delivered[] = []
  const news = new EventEmitter()
  let refusal: Error | undefined
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1_000,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === 'baton' && password === 'secret' ? done(null, { user: 'baton' }) : done(new Error('wrong password')),
    onRcptTo: (_address, _session, done) => done(refusal),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const raw = Buffer.concat(chunks).toString()
        mails.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw })
        done(null)
        news.emit('mail')
      })
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as { port: number }).port,
    mails,
    /** Every recipient is refused with this code from now on; undefined takes mail again. */
    refuse(responseCode: number | undefined) {
      refusal = responseCode ? Object.assign(new Error('refused by the test'), { responseCode }) : undefined
    },
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A header's value in a raw mail, unfolded; undefined when it has none. */
export function headerOf(raw: string, name: string): string | undefined {
  const header = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
  const line = header.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return line?.slice(name.length + 1).trim()
}
