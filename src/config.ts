import { isIP } from 'node:net'
import { isSupportedCountry } from 'libphonenumber-js/max'
import { z } from 'zod'
import { ConfigError, type EnvironmentMap, isTimeZone, loadConfig } from '#lib'
import { mailSchema } from './config-mail.ts'
import { domain, type Listener, list, listenerText, network, text, whole } from './config-words.ts'
import { xmppFault, xmppSchema } from './config-xmpp.ts'

export type { Listener } from './config-words.ts'

/** One address, several separated by commas, or a list. */
const listeners = z.union([
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(listenerText)),
  z.array(listenerText),
])

/** PEM files; read again when they change. */
const certificate = z.strictObject({ certificate: text, key: text })

const range = z.string().transform((value, context) => {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(value)
  const first = Number(match?.[1])
  const last = Number(match?.[2])
  if (match && first >= 1_024 && last <= 65_535 && last > first) return { first, last }
  context.addIssue({ code: 'custom', message: 'first-last between 1024 and 65535, like 40000-41999', input: value })
  return z.NEVER
})

const origin = z
  .string()
  .regex(
    /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$|^https?:\/\/\[[0-9a-f:]+\](?::\d{1,5})?$/,
    'an origin like https://desk.example.com',
  )

const iceUrl = (scheme: 'stun' | 'turn') =>
  z
    .string()
    .regex(
      scheme === 'stun'
        ? /^stuns?:(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i
        : /^turns?:(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?$/i,
      scheme === 'stun' ? 'stun:host:port' : 'turn:host:port, turns:host:port, with ?transport=udp or tcp where wanted',
    )

const publicAddress = z.string().refine((value) => isIP(value) !== 0, 'an IP address that phones can reach')

/** RFC 8292 §2.1. */
const pushSubject = z
  .string()
  .max(255)
  .refine(
    (value) =>
      /^mailto:[^\s@<>"]+@[^\s@<>"]+$/i.test(value) || (/^https:\/\/[^\s/]/i.test(value) && URL.canParse(value)),
    'mailto:somebody@example.com or an address that begins with https://',
  )

const databaseUrl = z.string().regex(/^postgres(?:ql)?:\/\/\S+$/, 'postgres://user:password@host:port/database')

/** Everything that can be set, from `baton.yaml` and `BATON_*`. People, trunks and numbers are in the database. */
export const configSchema = z.strictObject({
  /** Folder of database, traces and keys. */
  data: text.default('./data'),
  /** Name of this process among several. */
  node: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'small letters, digits and dashes (at most 32)')
    .default('node-1'),
  /** Numbering and emergency numbers. */
  country: z.string().refine(isSupportedCountry, 'a country code of two capital letters like US or DE').default('US'),
  language: z.enum(['en', 'de']).default('en'),
  /** What Via, Contact, SDP and ICE say. */
  publicAddress: publicAddress.optional(),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  http: z
    .strictObject({
      listen: listenerText.prefault('127.0.0.1:8080'),
      certificate: certificate.optional(),
      /** Whose X-Forwarded-* are believed. */
      trustedProxies: list(network).default([]),
      allowedOrigins: list(origin).default([]),
      /** Opens the live board of calls to the user `board`; without it only the demo shows one. */
      boardPassword: z.string().min(8).max(128).optional(),
    })
    .prefault({}),
  sip: z
    .strictObject({
      /** UDP and TCP. */
      listen: listeners.prefault('127.0.0.1:5060'),
      /** TLS. */
      listenTls: listeners.default([]),
      /** Default: that of http. */
      certificate: certificate.optional(),
      digest: z.enum(['MD5', 'SHA-256']).default('MD5'),
      /** Also the realm: changing it makes every device password void. */
      domain: domain.default('baton.local'),
      /** Session timers (RFC 4028), in seconds. */
      sessionExpires: whole(90, 86_400).default(1_800),
      /** How long registrations hold, in seconds. */
      minExpires: whole(10, 3_600).default(60),
      maxExpires: whole(60, 86_400).default(3_600),
      defaultExpires: whole(60, 86_400).default(3_600),
      userAgent: z
        .string()
        .regex(/^[\x21-\x7e][\x20-\x7e]{0,99}$/, 'one line of printable ASCII (at most 100 characters)')
        .default('Baton'),
    })
    .prefault({}),
  rtp: z
    .strictObject({
      ports: range.prefault('40000-41999'),
      /** A call without RTP for so long ends; 0 = never. */
      silenceMs: whole(0, 86_400_000).default(60_000),
      /** A released port rests so long before it is used again. */
      restMs: whole(0, 600_000).default(5_000),
    })
    .prefault({}),
  /** What browsers use on their way to the server (ICE); needed only where they cannot send UDP to it directly. */
  rtc: z
    .strictObject({
      stun: list(iceUrl('stun')).default([]),
      turn: z
        .strictObject({
          urls: list(iceUrl('turn')),
          /** coturn's static-auth-secret; browsers get credentials made from it that end by themselves. */
          secret: z.string().min(16).max(255),
          ttlSeconds: whole(60, 86_400).default(14_400),
        })
        .optional(),
    })
    .prefault({}),
  push: z
    .strictObject({
      /** Whom push services may ask about this server's notices (VAPID, RFC 8292). Default: `mailto:baton@` and the SIP domain. */
      subject: pushSubject.optional(),
    })
    .prefault({}),
  database: z
    .strictObject({
      /** PostgreSQL; without it SQLite in the data folder. */
      url: databaseUrl.optional(),
    })
    .prefault({}),
  pickup: z
    .strictObject({
      /** Dialled alone, or before an extension, to take a call that rings a colleague. */
      code: z
        .string()
        .regex(/^\*\d{1,4}$/, 'a star and one to four digits, like *8')
        .default('*8'),
    })
    .prefault({}),
  voicemail: z
    .strictObject({
      /** Dialled alone to hear one's messages; before an extension to leave one there without ringing. */
      code: z
        .string()
        .regex(/^\*\d{1,4}$/, 'a star and one to four digits, like *97')
        .default('*97'),
      /** Longest message. */
      mostSeconds: whole(10, 3_600).default(180),
    })
    .prefault({}),
  callbacks: z
    .strictObject({
      /** Calls that are begun in a second for requests that are due … */
      perSecond: whole(1, 1_000).default(10),
      /**
       * … and that ring somebody or talk to one side at once, for a machine that bears no more. Who waits in the line of a queue or for a person
       * at a centre does not count. Default: as many as begin in two minutes, which is longer than an attempt takes.
       */
      atOnce: whole(1, 120_000).optional(),
      /** Log-in of who pays for outside calls that outsiders ask for; without it they go to national numbers only. */
      account: text.optional(),
      /** Where links in messages lead: the address of the pages. Default: the first of http.allowedOrigins. */
      url: origin.optional(),
      /** Of askers who do not say theirs. Default: the machine's. */
      timeZone: z
        .string()
        .refine((name) => isTimeZone(name), 'a time zone like Europe/Berlin')
        .optional(),
      /** Whether people who are not of ours may ask for calls … */
      outsiders: z.boolean().default(true),
      /** … and for calls with whom; contacts are never theirs to name. */
      public: z.enum(['nobody', 'groups', 'groups-and-numbers', 'everybody']).default('groups-and-numbers'),
      /** Local parts of addresses that are for nobody in particular. */
      addresses: list(text).default(['callback', 'rueckruf']),
      /** Whether who cannot prove the address is sent a link to confirm by; else such mail is ignored. */
      confirmUnproven: z.boolean().default(false),
      /** How many requests are taken. */
      caps: z
        .strictObject({
          sourcePerHour: whole(1, 100_000).default(5),
          sourcePerDay: whole(1, 100_000).default(20),
          targetPerHour: whole(1, 100_000).default(3),
          targetPerDay: whole(1, 100_000).default(6),
          unconfirmedPerDay: whole(1, 100).default(1),
          perHour: whole(1, 1_000_000).default(1_000),
        })
        .prefault({}),
      widget: z
        .strictObject({
          /** Whose pages may ask for calls. */
          origins: list(origin).default([]),
          /** `key`: visitors press 1 when they are called; `mail`: they open a link that is mailed to them. */
          confirm: z.enum(['key', 'mail']).default('key'),
          /** Who is called where the page does not say it. */
          called: text.optional(),
        })
        .prefault({}),
      /** What centres of others say once their keys are pressed is recorded for who asked for the call: where the law allows it. */
      centreRecording: z
        .strictObject({
          on: z.boolean().default(false),
          /** Longest recording. */
          mostSeconds: whole(5, 300).default(30),
          /** How long it can be listened to; then it is deleted. */
          keepDays: whole(1, 365).default(7),
        })
        .prefault({}),
      /** Centres of others that say by HTTP how long one would wait. */
      centres: z
        .array(
          z.strictObject({
            number: z.string().regex(/^\+[1-9]\d{6,14}$/, 'a number like +49301234567'),
            url: z.url({ protocol: /^https?$/, error: 'an address like https://centre.example/wait' }),
            /** It is in a network of our own: private addresses are asked too. */
            inside: z.boolean().default(false),
            /** Once its wait is no longer than this, who asked is rung; left out: only when a person there has pressed 1. */
            ringAtSeconds: whole(0, 3_600).optional(),
          }),
        )
        .default([]),
    })
    .prefault({}),
  mail: mailSchema.optional(),
  xmpp: xmppSchema.optional(),
  limits: z
    .strictObject({
      maxCalls: whole(1, 1_000_000).default(10_000),
      maxBindingsPerAor: whole(1, 100).default(10),
      /** Largest SIP message, in bytes. */
      maxMessage: whole(2_048, 1_048_576).default(65_535),
      maxConnections: whole(1, 1_000_000).default(10_000),
      /** Wrong passwords before an account and source are locked. */
      authTries: whole(1, 1_000).default(10),
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** Days; 0: for ever. */
      recordsDays: whole(0, 36_500).default(365),
      tracesDays: whole(0, 36_500).default(14),
      /** Since a message was heard. */
      voicemailDays: whole(0, 36_500).default(90),
      /** Since a requested call came to its end. A week at least, so that a message that comes twice is known, and caps hold. */
      callbacksDays: whole(0, 36_500)
        .refine((days) => days === 0 || days >= 7, 'a whole number from 7 to 36500, or 0')
        .default(365),
    })
    .prefault({}),
  /** How long live calls may go on after SIGTERM. */
  drainSeconds: whole(0, 86_400).default(30),
})

export type Config = z.output<typeof configSchema>

const unsupported = { refused: 'is not supported by this version; remove it' }

/** Which variable sets which key. */
export const configEnvironment: EnvironmentMap = {
  BATON_DATA: 'data',
  BATON_NODE: 'node',
  BATON_HTTP: 'http.listen',
  BATON_SIP: 'sip.listen',
  BATON_SIPS: 'sip.listenTls',
  BATON_PUBLIC_ADDRESS: 'publicAddress',
  BATON_RTP_PORTS: 'rtp.ports',
  BATON_DATABASE_URL: 'database.url',
  BATON_LOG: 'log',
  BATON_REDIS_URL: unsupported,
  BATON_RTPENGINE: unsupported,
}

/** Reads Baton's settings. @throws ConfigError with one line, ready to print */
export function loadBatonConfig(options: {
  readonly file?: string
  readonly environment: Readonly<Record<string, string | undefined>>
}): Config {
  return loadConfig(configSchema, { ...options, map: configEnvironment })
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) || /^::ffff:127\./i.test(host)
}

/**
 * Checks what no single key can show. @param options.demo whether the demo organisation is served
 * @throws ConfigError with one line that says what to change
 */
export function checkConfig(config: Config, options: { readonly demo: boolean }): void {
  const { http, sip, rtp } = config
  if (options.demo) checkDemo(config)
  if (!isLoopback(http.listen.host) && !http.certificate && http.trustedProxies.length === 0) {
    throw new ConfigError(
      `http.listen (BATON_HTTP): the desk needs HTTPS beyond loopback, because browsers give no microphone otherwise; found ${shown(http.listen)}; set http.certificate or http.trustedProxies, or listen on 127.0.0.1`,
    )
  }
  const [pickup, voicemail] = [config.pickup.code, config.voicemail.code]
  if (pickup.startsWith(voicemail) || voicemail.startsWith(pickup)) {
    throw new ConfigError(
      `voicemail.code: ${voicemail} cannot be told from pickup.code ${pickup}; allowed: neither begins with the other`,
    )
  }
  if (sip.listen.length === 0) throw new ConfigError('sip.listen (BATON_SIP): found no address; allowed: at least one')
  if (sip.listenTls.length > 0 && !sip.certificate && !http.certificate) {
    throw new ConfigError(
      'sip.listenTls (BATON_SIPS): TLS needs a certificate; set sip.certificate or http.certificate',
    )
  }
  for (const listener of [...sip.listen, ...sip.listenTls]) {
    if (isAnyAddress(listener.host) && config.publicAddress === undefined) {
      throw new ConfigError(
        `publicAddress (BATON_PUBLIC_ADDRESS): is missing; ${shown(listener)} names no address that phones could be told; set it, or listen on one address`,
      )
    }
    if (listener.port >= rtp.ports.first && listener.port <= rtp.ports.last) {
      throw new ConfigError(
        `rtp.ports (BATON_RTP_PORTS): ${rtp.ports.first}-${rtp.ports.last} contains the SIP port ${listener.port}; allowed: a range without it`,
      )
    }
  }
  if (config.callbacks.widget.confirm === 'mail' && !config.mail?.out)
    throw new ConfigError(
      'callbacks.widget.confirm: mail needs mail.out, by which the link is sent; allowed without it: key',
    )
  if (config.mail?.listen && config.mail.mailbox)
    throw new ConfigError('mail.mailbox: mail comes in by mail.listen already; allowed: one of the two')
  const fault = config.xmpp && xmppFault(config.xmpp)
  if (fault) throw new ConfigError(fault)
  const tcp = new Map<string, string>()
  const named = [
    ['http.listen', http.listen] as const,
    ...(config.mail?.listen ? [['mail.listen', config.mail.listen] as const] : []),
    ...sip.listen.map((one) => ['sip.listen', one] as const),
    ...sip.listenTls.map((one) => ['sip.listenTls', one] as const),
  ]
  for (const [key, listener] of named) {
    if (listener.port === 0) continue
    const before = tcp.get(shown(listener))
    if (before)
      throw new ConfigError(`${key}: ${shown(listener)} is taken by ${before}; allowed: an address and port of its own`)
    tcp.set(shown(listener), key)
  }
  if (sip.minExpires > sip.defaultExpires || sip.defaultExpires > sip.maxExpires) {
    throw new ConfigError(
      `sip.defaultExpires: found ${sip.defaultExpires}; allowed: from sip.minExpires (${sip.minExpires}) to sip.maxExpires (${sip.maxExpires})`,
    )
  }
}

/** Everybody knows the passwords of the demo people, and the demo's phones know its domain. */
function checkDemo(config: Config): void {
  const named = [
    ['http.listen (BATON_HTTP)', config.http.listen] as const,
    ...config.sip.listen.map((one) => ['sip.listen (BATON_SIP)', one] as const),
    ...config.sip.listenTls.map((one) => ['sip.listenTls (BATON_SIPS)', one] as const),
  ]
  for (const [key, listener] of named) {
    if (isLoopback(listener.host)) continue
    throw new ConfigError(
      `${key}: the demo people's passwords are known to everybody, so they are served on loopback only; found ${shown(listener)}; listen on 127.0.0.1, or serve your own organisation with --config`,
    )
  }
  if (config.sip.domain !== 'baton.local') {
    throw new ConfigError(`sip.domain: found ${config.sip.domain}; allowed with the demo organisation: baton.local`)
  }
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function shown(listener: Listener): string {
  return listener.host.includes(':') ? `[${listener.host}]:${listener.port}` : `${listener.host}:${listener.port}`
}
