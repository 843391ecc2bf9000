/** Messages by XMPP. */
export type { XmppThread } from './read-stanza.ts'
export type { AccountOptions, ComponentOptions, XmppOptions } from './stream.ts'
export { XmppChannel, type XmppParts } from './xmpp-channel.ts'
