import type { Element, OpenStream, XmppOptions } from './stream.ts'

const info = 'http://jabber.org/protocol/disco#info'
const items = 'http://jabber.org/protocol/disco#items'
const ping = 'urn:xmpp:ping'

/** Shows us: what we are (XEP-0030), that we live (XEP-0199), and an account as available. */
export function introduce({ entity, xml }: OpenStream, { kind, name }: XmppOptions): void {
  const feature = (namespace: string) => xml('feature', { var: namespace })
  const features = [info, items, ping, 'urn:xmpp:receipts'].map(feature)
  entity.iqCallee.get(info, 'query', ({ stanza }) => {
    const person = stanza.attrs.to?.includes('@')
    const identity = { category: person ? 'client' : 'component', type: person ? 'bot' : 'generic', name }
    return xml('query', { xmlns: info }, xml('identity', identity), ...features)
  })
  entity.iqCallee.get(items, 'query', () => xml('query', { xmlns: items }))
  if (kind === 'component') entity.iqCallee.get(ping, 'ping', () => ({}))
  else entity.send(xml('presence')).catch(() => {})
}

/** Answers presence (RFC 6121 section 3): everybody may see us; each address of a component is there. */
export function answerPresence(stanza: Element, { entity, xml }: OpenStream, { kind }: XmppOptions): void {
  const { type, from: to, to: from } = stanza.attrs
  const own = kind === 'component' ? { from } : {}
  const say = (said?: string) => entity.send(xml('presence', { to, ...own, type: said })).catch(() => {})
  if (type === 'subscribe') say('subscribed')
  if (kind === 'account') return
  if (type === 'subscribe' || type === 'probe') say()
  if (type === 'unsubscribe') say('unsubscribed')
}
