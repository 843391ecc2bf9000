import { createHash } from 'node:crypto'
import type { Element } from '@xmpp/client'
import type { IncomingMessage } from '../message.ts'
import { jidOf } from './address.ts'
import type { RefusalText } from './refusals.ts'

/** What an answer needs; `to` and `from` are bare JIDs, because an answer may come hours later, when another device is used. */
export interface XmppThread {
  readonly to: string
  readonly from?: string
  readonly type?: 'chat' | 'normal'
  readonly thread?: string
  readonly subject?: string
}

/** Who we are on this connection. */
export interface Identity {
  /** The component's domain, or the account's bare JID. */
  readonly own: string
  readonly kind: 'component' | 'account'
  /** Makes the id of a message whose sender gave none. */
  readonly freshId: () => string
}

export type Reading =
  | { readonly kind: 'message'; readonly message: IncomingMessage }
  | { readonly kind: 'ignored'; readonly why: string }
  /** The sender is told with an error stanza. */
  | {
      readonly kind: 'refused'
      readonly why: RefusalText
      readonly condition: string
      readonly language: 'en' | 'de' | ''
    }

/** Bytes of text that a message may have. */
export const mostBytes = 8192

const carbons = 'urn:xmpp:carbons:2'
const stableIds = 'urn:xmpp:sid:0'
// Tab and line breaks are text; the rest of the control characters and what XML cannot carry are not.
const control = /[^\t\n\r\P{Cc}]|[\uFFFE\uFFFF]|\p{Cs}/u

/** Reads a message stanza (RFC 6121 section 5). Pure. The server has put in who sent it. */
export function readStanza(stanza: Element, { own, kind, freshId }: Identity): Reading {
  const ignored = (why: string): Reading => ({ kind: 'ignored', why })
  const { type = 'normal' } = stanza.attrs
  if (type !== 'chat' && type !== 'normal') return ignored(`it is of type ${type.slice(0, 20)}`)
  const from = jidOf(stanza.attrs.from)
  if (!from?.local) return ignored('it is from no person')
  if (from.bare === own || (kind === 'component' && from.domain === own)) return ignored('it is from ourselves')
  const to = jidOf(stanza.attrs.to ?? own)
  if (!to || (kind === 'component' ? to.domain !== own : to.bare !== own)) return ignored('it is for somebody else')
  if (stanza.getChildElements().some((child) => child.getNS() === carbons)) return ignored('it is a carbon copy')
  if (stanza.getChild('x', 'http://jabber.org/protocol/muc#user')) return ignored('it comes out of a room')
  const body = bodyOf(stanza)
  if (!body?.text().trim()) return ignored('it has no text')
  const language = languageOf(body.attrs['xml:lang'] ?? stanza.attrs['xml:lang'])
  const refused = (condition: string, why: RefusalText): Reading => ({ kind: 'refused', condition, why, language })
  if (stanza.getChild('encryption', 'urn:xmpp:eme:0') || stanza.getChild('encrypted'))
    return refused('not-acceptable', 'encrypted')
  const text = body.text()
  const subject = stanza.getChildText('subject') ?? ''
  const thread = stanza.getChildText('thread') ?? ''
  if (Buffer.byteLength(text) > mostBytes) return refused('policy-violation', 'too-long')
  if (control.test(text)) return refused('not-acceptable', 'control')
  if (/\p{Cc}/u.test(subject + thread) || subject.length > 500 || thread.length > 500)
    return refused('not-acceptable', 'subject')
  const about: XmppThread = {
    ...{ to: from.bare, from: to.bare, type },
    ...(thread ? { thread } : {}),
    ...(subject ? { subject } : {}),
  }
  const message: IncomingMessage = {
    channel: 'xmpp',
    messageId: messageIdOf(stanza, to.bare, text, freshId),
    threadKeys: thread ? [`${from.bare} ${thread}`, from.bare] : [from.bare],
    threadKey: thread ? `${from.bare} ${thread}` : from.bare,
    from: { address: from.bare, name: '', verified: true, keys: [] },
    ...{ to: to.local ? to.bare : '', subject, text, timeZone: '', language, thread: about },
  }
  return { kind: 'message', message }
}

/** The text in a language that we speak, else the first. */
function bodyOf(stanza: Element): Element | undefined {
  const bodies = stanza.getChildren('body')
  return bodies.find((body) => languageOf(body.attrs['xml:lang']) !== '') ?? bodies[0]
}

function languageOf(tag: string | undefined): 'en' | 'de' | '' {
  const [primary] = (tag ?? '').toLowerCase().split('-')
  return primary === 'en' || primary === 'de' ? primary : ''
}

/**
 * The sender's own id counts (`origin-id`, XEP-0359, else `id`), because a sender's second try has it too. The text is part of the hash: some
 * programs count their ids from 1, and no message may be lost for that.
 */
function messageIdOf(stanza: Element, to: string, text: string, freshId: () => string): string {
  const stamp = stanza.getChild('delay', 'urn:xmpp:delay')?.attrs.stamp
  const id =
    stanza.getChild('origin-id', stableIds)?.attrs.id ||
    stanza.attrs.id ||
    stanza.getChild('stanza-id', stableIds)?.attrs.id ||
    stamp ||
    freshId()
  const parts = JSON.stringify([to, stanza.attrs.from, id, text])
  return `xmpp-${createHash('sha256').update(parts).digest('hex').slice(0, 40)}`
}
