import { type Element, type Entity, xml } from '@xmpp/client'
import { openStream } from '#channels/xmpp/stream.ts'
import { eventually } from '../interop/eventually.ts'
import type { Prosody } from './prosody.ts'

/** A person's own chat program, logged in and seen as available. */
export type Chat = {
  readonly entity: Entity
  /** All stanzas so far. */
  readonly got: Element[]
  /** Sends a chat message. */
  write(to: string, id: string, text: string, ...more: Element[]): Promise<void>
  /** The text of message number `which`, counted from 0, waiting for it. */
  text(which: number): Promise<string>
  leave(): Promise<unknown>
}

/** Logs in one of the accounts that Prosody was started with. @param language of the messages; none when left out */
export async function chatOf(prosody: Prosody, name: string, resource = 'phone', language?: string): Promise<Chat> {
  const { entity, service } = openStream({
    ...{ kind: 'account', address: `${name}@people.example`, password: `${name}-secret`, resource, name },
    ...{ host: '127.0.0.1', port: prosody.port },
  })
  const got: Element[] = []
  entity.on('error', () => {})
  entity.on('stanza', (stanza) => got.push(stanza))
  const online = new Promise<void>((resolve) => entity.on('online', resolve))
  await entity.connect(await service())
  await entity.open({ domain: 'people.example' })
  await online
  // Only who has asked for the roster is told of subscriptions (RFC 6121 section 3.1.6).
  await entity.send(xml('iq', { type: 'get', id: 'roster' }, xml('query', { xmlns: 'jabber:iq:roster' })))
  await entity.send(xml('presence'))
  const texts = () => got.flatMap((stanza) => (stanza.is('message') ? (stanza.getChildText('body') ?? []) : []))
  return {
    ...{ entity, got },
    write: (to, id, text, ...more) =>
      entity.send(xml('message', { to, id, type: 'chat', 'xml:lang': language }, xml('body', {}, text), ...more)),
    text: (which) =>
      eventually(() => {
        const text = texts()[which]
        if (text === undefined) throw new Error(`${name} has ${texts().length} messages: ${texts().join(' | ')}`)
        return text
      }, 20_000),
    leave: () => entity.stop().catch(() => {}),
  }
}
