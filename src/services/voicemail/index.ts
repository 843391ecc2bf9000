export type { VoicemailMail } from './mail.ts'
export { type Mailbox, type MailboxChange, type MailboxCore, Mailboxes } from './mailboxes.ts'
export * from './service.ts'
