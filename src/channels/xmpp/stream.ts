import { resolveSrv } from 'node:dns/promises'
import { StringDecoder } from 'node:string_decoder'
import { client, xml as clientXml, type Element, type Entity, type Xml } from '@xmpp/client'
import { component, xml as componentXml } from '@xmpp/component'
import { jidOf } from './address.ts'

/** Baton as a server of its own domain behind an XMPP server (XEP-0114). The link has no encryption: keep it inside one machine or network. */
export interface ComponentOptions {
  readonly kind: 'component'
  /** Every address of this domain is ours: `calls.example.org`. */
  readonly domain: string
  readonly secret: string
  readonly host: string
  /** Mostly 5347. */
  readonly port: number
  /** The local part that messages come from which answer none. */
  readonly localpart: string
  /** What programs show for us. */
  readonly name: string
}

/** Baton as a person among others. STARTTLS is required, and the certificate checked for the domain, unless the host is loopback. */
export interface AccountOptions {
  readonly kind: 'account'
  /** `baton@example.org` */
  readonly address: string
  readonly password: string
  /** Found by DNS (SRV, RFC 6120 section 3.2.1) unless given. */
  readonly host?: string
  readonly port?: number
  /** Different for every process that uses this account; `baton` unless given. */
  readonly resource?: string
  readonly name: string
}

export type XmppOptions = ComponentOptions | AccountOptions

/** A stream that is being opened: the library's connection, and how it is reached. */
export interface OpenStream {
  readonly entity: Entity
  readonly xml: Xml
  readonly domain: string
  service(): Promise<string>
  /** Puts off the server's acknowledgement of the stanza that has just come; the result ends that. */
  hold(): () => void
}

const acknowledgements = 'urn:xmpp:sm:3'
const loopback = /^(127\.|::1$|\[::1\]$|localhost$)/

/** Whether traffic to this host stays on this machine. */
export function isLoopback(host: string | undefined): boolean {
  return host !== undefined && loopback.test(host)
}

/** Makes a connection that is not yet begun; each is used once. */
export function openStream(options: XmppOptions): OpenStream {
  const stream = options.kind === 'component' ? componentStream(options) : accountStream(options)
  stream.entity.reconnect.stop()
  readWholeCharacters(stream.entity)
  return stream
}

function componentStream({ domain, host, port, secret }: ComponentOptions): OpenStream {
  const service = serviceOf(host, port)
  const entity = component({ service, domain, password: secret })
  return { entity, xml: componentXml, domain, service: async () => service, hold: () => () => {} }
}

function accountStream({ address, password, host, port = 5222, resource = 'baton' }: AccountOptions): OpenStream {
  const { local: username, domain } = jidOf(address)!
  const entity = client({
    ...{ service: serviceOf(host ?? domain, port), domain, resource, username },
    credentials: async (authenticate, mechanisms, _fast, { isSecure }) => {
      const secure = isSecure.call(entity)
      if (!secure && !isLoopback(host))
        throw new Error(
          `the XMPP server of ${domain} offers no encryption (STARTTLS); without it nothing is sent there`,
        )
      const mechanism = mechanisms.find((name) => secure || name !== 'PLAIN')
      if (!mechanism) throw new Error(`the XMPP server of ${domain} offers no log-in that hides the password`)
      await authenticate({ username, password }, mechanism, clientXml('user-agent', {}))
    },
  })
  const held = new Set<number>()
  const management = entity.streamManagement!
  // Counted here: the library sets its count back too late for stanzas that come right behind `enabled`, and a server ends a stream that
  // acknowledges too many.
  let arrived = 0
  entity.on('element', (element) => {
    if (element.is('enabled', acknowledgements)) {
      arrived = 0
      held.clear()
    } else if (['message', 'presence', 'iq'].includes(element.name)) arrived++
  })
  const handled = () => (held.size > 0 ? Math.min(...held) - 1 : arrived)
  const send = entity.send.bind(entity)
  // What is acknowledged is what was stored; what was not, the server gives to the next connection. So none is resumed.
  entity.send = (element) => {
    if (element.is('a', acknowledgements)) element.attrs.h = String(handled())
    if (element.is('enable', acknowledgements)) delete element.attrs.resume
    return send(element)
  }
  const hold = () => {
    const place = arrived
    held.add(place)
    return () => {
      held.delete(place)
      if (management.enabled) entity.send(clientXml('a', { xmlns: acknowledgements, h: '0' })).catch(() => {})
    }
  }
  return { entity, xml: clientXml, domain, service: () => accountService(domain, host, port), hold }
}

async function accountService(domain: string, host: string | undefined, port: number): Promise<string> {
  if (host) return serviceOf(host, port)
  const records = await resolveSrv(`_xmpp-client._tcp.${domain}`).catch(() => [])
  const [first] = records.sort((a, b) => a.priority - b.priority || b.weight - a.weight)
  return first ? serviceOf(first.name, first.port) : serviceOf(domain, port)
}

function serviceOf(host: string, port: number): string {
  return `xmpp://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

/** The library decodes each packet by itself: a letter cut in two would be lost, and bad XML would end the process. */
function readWholeCharacters(entity: Entity): void {
  const decoder = new StringDecoder('utf8')
  const read = entity._onData.bind(entity)
  entity._onData = (data) => {
    try {
      read(Buffer.from(decoder.write(data)))
    } catch {
      entity.stop().catch(() => {})
    }
  }
}

export type { Element, Xml }
