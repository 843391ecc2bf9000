import { readFileSync } from 'node:fs'
import type { DeskParts } from '#api'
import { type IncomingMessage, MailChannel, type MessagePort, type Reception, XmppChannel } from '#channels'
import type { Directory } from '#directory'
import type { Clock, Log, Random } from '#lib'
import { type CallbackService, CentrePort, Intake, NoticeMaker, Outbox, type VoicemailMail } from '#services'
import type { Storage } from '#storage'
import type { Config } from './config.ts'

interface Parts {
  readonly config: Config
  readonly storage: Storage
  readonly directory: Directory
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Speaks to those who ask for calls. @param page the address of our pages, where nothing else is set */
export function noticesOf(
  { config, storage, clock, log }: Pick<Parts, 'config' | 'storage' | 'clock' | 'log'>,
  page: string,
): NoticeMaker {
  const baseUrl = config.callbacks.url ?? config.http.allowedOrigins[0] ?? page
  const failed = (sentence: string): void => log.warn({}, sentence)
  const centres = new CentrePort({ centres: config.callbacks.centres, clock, failed })
  return new NoticeMaker({
    ...{ storage: storage.callbacks, clock, baseUrl, mail: config.mail?.out !== undefined },
    centreWait: (number) => centres.wait(number),
  })
}

/** Messages that ask for calls, their answers, and the way there by API and form. */
export interface Messages {
  readonly desk: NonNullable<DeskParts['callbacks']>
  /** Where mail comes in; 0 where it does not. */
  readonly mailPort: number
  /** Sends messages that callers left; rejects where no way out is set up. */
  readonly mailVoicemail: VoicemailMail
  /** Takes no more messages. */
  stop(): Promise<void>
  /** Sends no more answers. */
  close(): Promise<void>
}

/** Takes messages by every channel that is set up. @throws with a sentence when a channel cannot be opened */
export async function startMessages(parts: Parts, service: CallbackService, notices: NoticeMaker): Promise<Messages> {
  const { config, storage, directory, clock, random, log } = parts
  const { callbacks, mail } = config
  notices.lines = service.lines
  const { outsiders, public: shown, addresses: general, confirmUnproven, caps, widget } = callbacks
  const intake = new Intake({
    ...{ service, storage, directory, notices, clock, random, log, wake: () => outbox.look() },
    settings: {
      ...{ outsiders, shown, general, confirmUnproven, caps, language: config.language, domain: config.sip.domain },
      timeZone: callbacks.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      account: callbacks.account === undefined ? '' : (directory.personByLogin(callbacks.account)?.id ?? ''),
    },
  })
  const mailChannel = mail && mailOf(mail, config, intake, parts)
  const xmppChannel = config.xmpp && xmppOf(config.xmpp, config.node, parts)
  const ports: MessagePort[] = [...(mailChannel ? [mailChannel] : []), ...(xmppChannel ? [xmppChannel] : [])]
  const outbox = new Outbox({ storage: storage.callbacks, ports, clock, log, node: config.node })
  await intake.start()
  const receive = (message: IncomingMessage): Promise<Reception> => intake.receive(message)
  await mailChannel?.start(receive)
  // Not waited for: a chat server that does not answer delays no telephone.
  xmppChannel?.start(receive).catch((error: unknown) => log.error({ error: String(error) }, 'chat could not be begun'))
  const unwatch = service.watch(() => outbox.look())
  outbox.start()
  return {
    desk: {
      ...{ service, intake, notices, storage: storage.callbacks },
      widget: { origins: widget.origins, confirm: widget.confirm, called: widget.called ?? '' },
    },
    mailPort: mailChannel?.port ?? 0,
    async mailVoicemail({ id, to, language, subject, text, attachment }) {
      if (!mailChannel) throw new Error('no mail is set up')
      await mailChannel.send({ thread: { to }, subject, text, language, messageId: id, attachments: [attachment] })
    },
    async stop() {
      unwatch()
      await Promise.all(ports.map((port) => port.stop()))
      intake.stop()
    },
    close: () => outbox.stop(),
  }
}

function mailOf(
  mail: NonNullable<Config['mail']>,
  { http }: Config,
  intake: Intake,
  { clock, random, log }: Parts,
): MailChannel {
  const { hostname, domains, listen, trustedRelays, largestMail, mailbox, out } = mail
  const accepts = (address: string): boolean => {
    const at = address.lastIndexOf('@')
    return domains.includes(address.slice(at + 1)) && intake.accepts(address.slice(0, at))
  }
  const pem = (path: string): string => readFileSync(path, 'utf8')
  const certificate = http.certificate && { key: pem(http.certificate.key), cert: pem(http.certificate.certificate) }
  return new MailChannel(
    {
      ...{ hostname, accepts },
      ...(listen
        ? {
            listener: {
              ...{ address: listen.host, port: listen.port, trustedRelays, largestMail },
              ...(certificate ? { certificate } : {}),
            },
          }
        : {}),
      ...(mailbox ? { mailbox: { ...given(mailbox), largestMail } } : {}),
      ...(out
        ? {
            sender: {
              ...{ host: out.host, port: out.port, security: out.security },
              ...(out.user === undefined ? {} : { user: out.user, password: out.password ?? '' }),
              from: { address: out.from, name: out.name },
              ...(out.dkim
                ? { dkim: { domain: out.dkim.domain, selector: out.dkim.selector, privateKey: pem(out.dkim.key) } }
                : {}),
            },
          }
        : {}),
    },
    { clock, random, log },
  )
}

function xmppOf(
  { component, account }: NonNullable<Config['xmpp']>,
  node: string,
  parts: Parts,
): XmppChannel | undefined {
  if (component) return new XmppChannel({ kind: 'component', ...component }, parts)
  return account && new XmppChannel({ kind: 'account', resource: `baton-${node}`, ...given(account) }, parts)
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Without the keys that are not set. */
function given<T extends object>(settings: T): Given<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Given<T>
}
