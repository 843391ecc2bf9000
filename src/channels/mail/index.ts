/** E-mail in and out. */
export type { DnsResolver } from './authenticity.ts'
export { MailChannel, type MailOptions, type MailParts } from './mail-channel.ts'
export type { ListenerOptions, MailCertificate, TrustedRelay } from './mail-listener.ts'
export type { SenderOptions } from './mail-sender.ts'
export type { MailboxOptions } from './mailbox.ts'
export type { MailThread } from './read-mail.ts'
