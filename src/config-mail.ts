import { z } from 'zod'
import { domain, list, listenerText, network, text, whole } from './config-words.ts'

const security = z.enum(['tls', 'starttls', 'opportunistic', 'none'])
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>",;:]+@[^\s@<>",;:]+$/, 'an e-mail address')

/** E-mail that asks for calls, and its answers. */
export const mailSchema = z.strictObject({
  /** What the server calls itself to other mail servers. */
  hostname: domain,
  /** Domains that mail is taken for: `callback@…`, and the names of public groups and people. */
  domains: list(domain),
  /** Mail comes in here … */
  listen: listenerText.optional(),
  /** … over STARTTLS with the certificate of http, where that is set. Hosts of ours that have checked mail already: */
  trustedRelays: z.array(z.strictObject({ addresses: list(network), authservId: domain })).default([]),
  /** Largest mail, in bytes. */
  largestMail: whole(10_000, 100_000_000).default(2 * 1024 * 1024),
  /** … or from a mailbox, which is ours alone. */
  mailbox: z
    .strictObject({
      host: text,
      port: whole(1, 65_535).default(993),
      security: z.enum(['tls', 'starttls', 'none']).default('tls'),
      user: text,
      password: text,
      folder: text.optional(),
      moveTo: text.optional(),
      address,
      authservId: domain.optional(),
    })
    .optional(),
  /** The server that takes our mail; without it nothing can be answered. */
  out: z
    .strictObject({
      host: text,
      port: whole(1, 65_535).default(587),
      security: security.default('starttls'),
      user: text.optional(),
      password: text.optional(),
      from: address,
      name: text.default('Baton'),
      /** Signs our mail; the key is a file in PEM. */
      dkim: z.strictObject({ domain, selector: text, key: text }).optional(),
    })
    .optional(),
})
