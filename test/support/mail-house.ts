import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { seededRandom, silentLog, systemClock } from '#lib'
import { MailChannel, type MailOptions } from '../../src/channels/mail/mail-channel.ts'
import type { IncomingMessage, Reception } from '../../src/channels/message.ts'
import { dkimKey, testResolver } from './mail.ts'

/** A request as people write it. */
export const plain = {
  from: 'Anna <anna@sender.test>',
  to: 'sales@baton.test',
  subject: 'Call me',
  text: 'at 3 pm please',
}

export interface ChannelOptions {
  readonly options?: Partial<MailOptions>
  readonly reception?: Reception | ((message: IncomingMessage) => Promise<Reception>)
}

/** Mail channels for tests, with name servers that know `sender.test` (signs), `spf.test` (sends from loopback) and `other.test`. */
export function mailHouse() {
  const key = dkimKey('sender.test')
  const records: Record<string, string> = {
    ...key.record,
    '_dmarc.sender.test': 'v=DMARC1; p=reject',
    'sender.test': 'v=spf1 -all',
    '_dmarc.spf.test': 'v=DMARC1; p=reject',
    'spf.test': 'v=spf1 ip4:127.0.0.1 -all',
    '_dmarc.other.test': 'v=DMARC1; p=reject',
  }
  const open: { stop(): Promise<void> }[] = []
  return {
    key,
    records,
    /** Stopped by {@link close}, the last first. */
    opened<T extends { stop(): Promise<void> }>(server: T): T {
      open.push(server)
      return server
    },
    /** A channel with its listener on a free port, for all addresses of `baton.test`; what it takes is in `got`. */
    async channel({ options = {}, reception = { kind: 'accepted', why: 'stored' } }: ChannelOptions = {}) {
      const got: IncomingMessage[] = []
      const mail = new MailChannel(
        {
          hostname: 'baton.test',
          accepts: (address) => address.endsWith('@baton.test'),
          listener: { address: '127.0.0.1', port: 0 },
          ...options,
        },
        { clock: systemClock, random: seededRandom(1), log: silentLog, resolver: testResolver(records).resolver },
      )
      await mail.start(async (message) => {
        got.push(message)
        return typeof reception === 'function' ? reception(message) : reception
      })
      open.push(mail)
      return { mail, port: mail.port, got }
    },
    async close() {
      for (const each of open.splice(0).reverse()) await each.stop()
    },
  }
}

/** A client that speaks SMTP line by line. */
export async function visitor(port: number) {
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
