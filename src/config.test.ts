import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkConfig, configSchema, isLoopback, loadBatonConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const load = (environment: Record<string, string> = {}) => loadBatonConfig({ environment })

function loadText(text: string) {
  const file = join(folder, 'baton.yaml')
  writeFileSync(file, text)
  return loadBatonConfig({ file, environment: {} })
}

describe('settings of Baton', () => {
  it.each([6, -1, 1.5])('keep requested calls for ever or a week at least, not %s days', (days) => {
    expect(() => loadText(`retention: { callbacksDays: ${days} }`)).toThrow(
      /retention\.callbacksDays found .*allowed: /,
    )
  })

  it('serve loopback by default', () => {
    expect(load()).toEqual({
      data: './data',
      node: 'node-1',
      country: 'US',
      language: 'en',
      log: 'info',
      http: { listen: { host: '127.0.0.1', port: 8_080 }, trustedProxies: [], allowedOrigins: [] },
      sip: {
        listen: [{ host: '127.0.0.1', port: 5_060 }],
        listenTls: [],
        digest: 'MD5',
        domain: 'baton.local',
        sessionExpires: 1_800,
        minExpires: 60,
        maxExpires: 3_600,
        defaultExpires: 3_600,
        userAgent: 'Baton',
      },
      rtp: { ports: { first: 40_000, last: 41_999 }, silenceMs: 60_000, restMs: 5_000 },
      rtc: { stun: [] },
      push: {},
      database: {},
      limits: {
        maxCalls: 10_000,
        maxBindingsPerAor: 10,
        maxMessage: 65_535,
        maxConnections: 10_000,
        authTries: 10,
      },
      retention: { recordsDays: 365, tracesDays: 14, voicemailDays: 90, callbacksDays: 365 },
      pickup: { code: '*8' },
      voicemail: { code: '*97', mostSeconds: 180 },
      callbacks: {
        ...{ perSecond: 10, outsiders: true, public: 'groups-and-numbers', confirmUnproven: false },
        addresses: ['callback', 'rueckruf'],
        caps: {
          ...{ sourcePerHour: 5, sourcePerDay: 20, targetPerHour: 3, targetPerDay: 6 },
          ...{ unconfirmedPerDay: 1, perHour: 1_000 },
        },
        widget: { origins: [], confirm: 'key' },
        centres: [],
        centreRecording: { on: false, mostSeconds: 30, keepDays: 7 },
      },
      drainSeconds: 30,
    })
    expect(() => checkConfig(load(), { demo: true })).not.toThrow()
  })

  it('take every variable', () => {
    const config = load({
      BATON_DATA: '/var/lib/baton',
      BATON_HTTP: '[::1]:0',
      BATON_SIP: '127.0.0.1:5070, [::1]:5070',
      BATON_SIPS: '127.0.0.1:5071',
      BATON_PUBLIC_ADDRESS: '2001:db8::1',
      BATON_RTP_PORTS: '20000-20099',
      BATON_DATABASE_URL: 'postgres://baton:x@127.0.0.1:5432/baton',
      BATON_LOG: 'debug',
    })
    expect(config).toMatchObject({
      data: '/var/lib/baton',
      http: { listen: { host: '::1', port: 0 } },
      sip: {
        listen: [
          { host: '127.0.0.1', port: 5_070 },
          { host: '::1', port: 5_070 },
        ],
        listenTls: [{ host: '127.0.0.1', port: 5_071 }],
      },
      publicAddress: '2001:db8::1',
      rtp: { ports: { first: 20_000, last: 20_099 } },
      database: { url: 'postgres://baton:x@127.0.0.1:5432/baton' },
      log: 'debug',
    })
  })

  it('take lists and groups from the file', () => {
    const config = loadText(`
http: {listen: "0.0.0.0:443", certificate: {certificate: a.pem, key: b.pem}, trustedProxies: [10.0.0.0/8], allowedOrigins: ["https://desk.example.com"]}
sip: {listen: ["192.0.2.1:5060"], digest: SHA-256, domain: example.com}
`)
    expect(config.http.certificate).toEqual({ certificate: 'a.pem', key: 'b.pem' })
    expect(config.http.trustedProxies).toEqual(['10.0.0.0/8'])
    expect(config.sip).toMatchObject({ listen: [{ host: '192.0.2.1', port: 5_060 }], digest: 'SHA-256' })
    expect(() => checkConfig(config, { demo: false })).not.toThrow()
  })

  it.each([
    [{ BATON_SIP: '5060' }, 'BATON_SIP: found "5060"; allowed: address:port like 127.0.0.1:5060 or [::1]:5060'],
    [{ BATON_SIP: '127.0.0.1:5060,x' }, 'BATON_SIP: found "127.0.0.1:5060,x"; allowed: address:port like'],
    [{ BATON_SIP: '127.0.0.1:70000' }, 'BATON_SIP: found "127.0.0.1:70000"; allowed: address:port like'],
    [{ BATON_SIP: '::1:5060' }, 'BATON_SIP: found "::1:5060"; allowed: address:port like'],
    [{ BATON_HTTP: 'example.com:80' }, 'BATON_HTTP: found "example.com:80"; allowed: address:port like'],
    [
      { BATON_PUBLIC_ADDRESS: 'example' },
      'BATON_PUBLIC_ADDRESS: found "example"; allowed: an IP address that phones can reach',
    ],
    [
      { BATON_RTP_PORTS: '5-1' },
      'BATON_RTP_PORTS: found "5-1"; allowed: first-last between 1024 and 65535, like 40000-41999',
    ],
    [{ BATON_LOG: 'loud' }, 'BATON_LOG: found "loud"; allowed: debug, info, warn, error, silent'],
    [
      { BATON_DATABASE_URL: 'mysql://root:pw@h/d' },
      'BATON_DATABASE_URL: found a value that is not shown; allowed: postgres://user:password@host:port/database',
    ],
    [{ BATON_REDIS_URL: 'redis://x' }, 'BATON_REDIS_URL is not supported by this version; remove it'],
    [{ BATON_RTPENGINE: '127.0.0.1:22222' }, 'BATON_RTPENGINE is not supported by this version; remove it'],
    [{ BATON_SPI: 'x' }, 'BATON_SPI is not a known variable; did you mean BATON_SIP?'],
  ])('refuse %j', (environment, sentence) => {
    expect(() => load(environment as Record<string, string>)).toThrow(sentence)
  })

  it.each([
    ['callbacks: {centres: [{number: "030 1", url: "https://c.example"}]}', 'allowed: a number like +49301234567'],
    ['callbacks: {centres: [{number: "+49301234567", url: "ftp://c.example"}]}', 'allowed: an address like https'],
    ['country: XX', 'country found "XX"; allowed: a country code of two capital letters like US or DE'],
    ['node: Node 1', 'node found "Node 1"; allowed: small letters, digits and dashes (at most 32)'],
    ['sip: {digets: MD5}', 'sip.digets is not a known key; did you mean "digest"?'],
    ['sip: {digest: MD4}', 'sip.digest found "MD4"; allowed: MD5, SHA-256'],
    ['sip: {domain: "a b"}', 'sip.domain found "a b"; allowed: a domain name in small letters'],
    ['sip: {userAgent: "a\\r\\nX: y"}', 'sip.userAgent found "a\\r\\nX: y"; allowed: one line of printable ASCII'],
    ['sip: {listen: ["127.0.0.1:5060", "x"]}', 'sip.listen.1 found "x"; allowed: address:port like'],
    [
      'http: {trustedProxies: [proxy]}',
      'http.trustedProxies.0 found "proxy"; allowed: an address or a range like 10.0.0.0/8',
    ],
    ['http: {allowedOrigins: ["https://a.example/path"]}', 'allowed: an origin like https://desk.example.com'],
    [
      'http: {boardPassword: short}',
      'http.boardPassword found a value that is not shown; allowed: at least 8 characters',
    ],
    ['http: {certificate: {certificate: a.pem}}', 'http.certificate.key is missing; allowed: text'],
    ['redis: {url: x}', 'redis is not a known key'],
    ['limits: {maxBindingsPerAor: 0}', 'limits.maxBindingsPerAor found 0; allowed: at least 1'],
    ['xmpp: {component: {domain: calls.example}}', 'xmpp.component.secret is missing; allowed: text'],
    ['xmpp: {component: {domain: "a b", secret: s}}', 'xmpp.component.domain found "a b"; allowed: a domain name'],
    [
      'xmpp: {component: {domain: calls.example, secret: s, host: "a b"}}',
      'xmpp.component.host found "a b"; allowed: a host name or an IP address',
    ],
    [
      'xmpp: {component: {domain: calls.example, secret: s, localpart: a@b}}',
      'xmpp.component.localpart found "a@b"; allowed: the part of an address before the @, like calls',
    ],
    [
      'xmpp: {account: {address: baton, password: p}}',
      'xmpp.account.address found "baton"; allowed: an address like baton@example.org',
    ],
    ['drainSeconds: soon', 'drainSeconds found "soon"; allowed: a number'],
  ])('refuse %s', (text, sentence) => {
    expect(() => loadText(text)).toThrow(sentence)
  })
})

describe('settings that do not go together', () => {
  const check = (given: unknown, demo = false) => checkConfig(configSchema.parse(given), { demo })

  it.each([
    [
      { http: { listen: '0.0.0.0:8080' } },
      'http.listen (BATON_HTTP): the desk needs HTTPS beyond loopback, because browsers give no microphone otherwise; found 0.0.0.0:8080; set http.certificate or http.trustedProxies, or listen on 127.0.0.1',
    ],
    [{ http: { listen: '[2001:db8::1]:80' } }, 'found [2001:db8::1]:80; set http.certificate'],
    [
      { sip: { listenTls: '127.0.0.1:5061' } },
      'sip.listenTls (BATON_SIPS): TLS needs a certificate; set sip.certificate or http.certificate',
    ],
    [
      { sip: { listen: '0.0.0.0:5060' } },
      'publicAddress (BATON_PUBLIC_ADDRESS): is missing; 0.0.0.0:5060 names no address that phones could be told',
    ],
    [{ sip: { listen: [] } }, 'sip.listen (BATON_SIP): found no address; allowed: at least one'],
    [
      { sip: { listen: '127.0.0.1:40010' } },
      'rtp.ports (BATON_RTP_PORTS): 40000-41999 contains the SIP port 40010; allowed: a range without it',
    ],
    [
      { sip: { listen: '127.0.0.1:8080' } },
      'sip.listen: 127.0.0.1:8080 is taken by http.listen; allowed: an address and port of its own',
    ],
    [{ xmpp: {} }, 'xmpp: found neither xmpp.component nor xmpp.account; allowed: one of the two, or no xmpp'],
    [
      {
        xmpp: {
          component: { domain: 'calls.example', secret: 's' },
          account: { address: 'baton@example.org', password: 'p' },
        },
      },
      'xmpp.account: chat comes in by xmpp.component already; allowed: one of the two',
    ],
    [
      { xmpp: { account: { address: 'baton@example.org', password: 'p', port: 5_222 } } },
      'xmpp.account.port: found 5222 without xmpp.account.host',
    ],
    [
      { sip: { defaultExpires: 7_200 } },
      'sip.defaultExpires: found 7200; allowed: from sip.minExpires (60) to sip.maxExpires (3600)',
    ],
  ])('%j', (given, sentence) => {
    expect(() => check(given)).toThrow(sentence)
  })

  it.each([
    [{ http: { listen: '0.0.0.0:8080', trustedProxies: '10.0.0.1' } }],
    [{ http: { listen: '0.0.0.0:443', certificate: { certificate: 'a', key: 'b' } } }],
    [{ sip: { listen: '0.0.0.0:5060' }, publicAddress: '192.0.2.1' }],
    [{ sip: { listen: '127.0.0.1:0,[::1]:0' }, http: { listen: '127.0.0.1:0' } }],
  ])('%j are fine', (given) => {
    expect(() => check(given)).not.toThrow()
  })

  it.each([
    [{ http: { listen: '0.0.0.0:8080', trustedProxies: ['10.0.0.1'] } }, 'http.listen (BATON_HTTP): the demo people'],
    [{ sip: { listen: '127.0.0.1:5060,192.0.2.1:5060' } }, 'sip.listen (BATON_SIP): the demo people'],
    [{ sip: { listenTls: '[::]:5061' } }, 'sip.listenTls (BATON_SIPS): the demo people'],
    [
      { sip: { domain: 'example.com' } },
      'sip.domain: found example.com; allowed with the demo organisation: baton.local',
    ],
  ])('the demo beyond loopback: %j', (given, sentence) => {
    expect(() => check(given, true)).toThrow(sentence)
  })

  it.each(['mailto:admin@example.org', 'https://example.org/contact'])('name %s to push services', (subject) => {
    expect(loadText(`push:\n  subject: "${subject}"\n`).push.subject).toBe(subject)
  })

  it.each(['admin@example.org', 'http://example.org', 'mailto:', 'https://', 'mailto:a@b\\r\\nX: 1'])(
    'do not name %s to push services',
    (subject) => {
      expect(() => loadText(`push:\n  subject: "${subject}"\n`)).toThrow(
        /push\.subject:? found .*; allowed: mailto:somebody@example\.com or an address that begins with https:\/\//,
      )
    },
  )

  it('know loopback', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true])
    expect(['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example', '2001:db8::1'].map(isLoopback)).toEqual(
      Array(5).fill(false),
    )
  })
})
