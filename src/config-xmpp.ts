import { z } from 'zod'
import { domain, text, whole } from './config-words.ts'

const host = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$/, 'a host name or an IP address')
/** RFC 7622 section 3.3, as far as addresses of programs need it. */
const localpart = /^[^\s\p{C}"&'/:<>@]{1,255}$/u
const name = z.string().min(1).max(100).default('Baton')

/** Chat messages (XMPP) that ask for calls, and their answers. One of the two ways is set. */
export const xmppSchema = z.strictObject({
  /** Every address of a domain of its own is Baton's (XEP-0114). The link has no encryption: it belongs inside one machine or network. */
  component: z
    .strictObject({
      domain,
      secret: text,
      host: host.default('127.0.0.1'),
      port: whole(1, 65_535).default(5_347),
      /** Whom messages come from that answer none. */
      localpart: z.string().regex(localpart, 'the part of an address before the @, like calls').default('calls'),
      /** What programs show for us. */
      name,
    })
    .optional(),
  /** Baton is one among the accounts of a server. */
  account: z
    .strictObject({
      address: z.string().refine((address) => {
        const [local = '', domain = '', more] = address.split('@')
        return more === undefined && localpart.test(local) && /^[a-z0-9][a-z0-9.-]{0,252}$/i.test(domain)
      }, 'an address like baton@example.org'),
      password: text,
      /** Found by DNS unless set. */
      host: host.optional(),
      port: whole(1, 65_535).optional(),
      /** Different for every process on the account. Default: `baton-` and the node's name. */
      resource: text.optional(),
      name,
    })
    .optional(),
})

/** What is wrong with the two ways together, as one line. */
export function xmppFault({ component, account }: z.output<typeof xmppSchema>): string | undefined {
  if (component && account) return 'xmpp.account: chat comes in by xmpp.component already; allowed: one of the two'
  if (!component && !account)
    return 'xmpp: found neither xmpp.component nor xmpp.account; allowed: one of the two, or no xmpp'
  if (account?.port !== undefined && account.host === undefined)
    return `xmpp.account.port: found ${account.port} without xmpp.account.host, so DNS says the port; allowed: both or neither`
  return undefined
}
