import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createHttpServer, createMetrics } from '#api'
import { CallActs } from '#call'
import { PushSubscriptions } from '#channels'
import { createDemoCaller, demoCallerNumber, readVoice } from '#demo'
import { Accounts, createDirectory, hasDemoPasswords, hasDemoPeople, seedDemo } from '#directory'
import { ConfigError, createLog, type Log, systemClock, systemRandom } from '#lib'
import { createEmbeddedEngine, iceServers } from '#media'
import type { Mailboxes, VoicemailMail } from '#services'
import { createResolver, createTransport, parseUri, systemNameServer, udpDrops, uriEquals } from '#sip'
import { openStorage, type Storage } from '#storage'
import { assemble } from './assemble.ts'
import { type Config, checkConfig, isLoopback, type Listener, loadBatonConfig } from './config.ts'
import { demoLogins, reachDemoCaller, withDemoVisitors } from './demo-server.ts'
import { type Messages, noticesOf, startMessages } from './messages.ts'
import { addressForNodes, Nodes } from './nodes.ts'
import { reachableByPush, startPush } from './push.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** A sentence for the person who starts the server, instead of a stack. */
class StartError extends Error {}

function readArguments(): { config?: string } {
  try {
    return parseArgs({ options: { config: { type: 'string' } } }).values
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}; allowed: --config FILE`)
  }
}

function sameContact(one: string, other: string): boolean {
  const a = parseUri(one)
  const b = parseUri(other)
  return a.ok && b.ok ? uriEquals(a.value, b.value) : one === other
}

function addresses(listeners: readonly Listener[]): { address: string; port: number }[] {
  return listeners.map(({ host, port }) => ({ address: host === 'localhost' ? '127.0.0.1' : host, port }))
}

function pageUrl(config: Config, port: number): string {
  const { host } = config.http.listen
  return `${config.http.certificate ? 'https' : 'http'}://${shown(host, port)}`
}

function shown(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Deletes what is older than the retention, once an hour. */
function keepRetention(
  { retention }: Config,
  { maintenance }: Storage,
  mailboxes: Pick<Mailboxes, 'retain'>,
  log: Log,
): NodeJS.Timeout {
  const { recordsDays, tracesDays, voicemailDays, callbacksDays } = retention
  const failed = (error: unknown): void =>
    log.error({ error: String(error) }, 'deleting what is too old failed; it is tried again')
  const run = (): void => {
    const before = (days: number): number | undefined => (days > 0 ? systemClock.now() - days * 86_400_000 : undefined)
    const kept = { records: before(recordsDays), traces: before(tracesDays), callbacks: before(callbacksDays) }
    maintenance.retain(kept).catch(failed)
    mailboxes.retain(before(voicemailDays)).catch(failed)
  }
  run()
  return setInterval(run, 3_600_000)
}

async function serve(): Promise<void> {
  const { config: file } = readArguments()
  const demo = file === undefined
  const loaded = loadBatonConfig({ ...(file ? { file } : {}), environment: process.env })
  const config = demo ? withDemoVisitors(loaded) : loaded
  checkConfig(config, { demo })
  // Whoever tries the demo wants to read three lines, not a log.
  const log = createLog(demo && !process.env.BATON_LOG ? 'warn' : config.log)
  // A bug in one call must not end the others: what was not caught where it happened is logged and the server goes on.
  process.on('uncaughtException', (error) => log.error({ error: error.stack }, 'a bug was caught at the last moment'))
  process.on('unhandledRejection', (error) =>
    log.error({ error: String((error as Error)?.stack ?? error) }, 'a bug was caught at the last moment'),
  )

  const clock = systemClock
  const random = systemRandom
  const storage = await openStorage({
    folder: config.data,
    clock,
    log,
    ...(config.database.url ? { url: config.database.url } : {}),
  })
  // SQLite has one server; on PostgreSQL there may be others.
  const nodes = config.database.url
    ? await Nodes.join({ storage, node: config.node, address: addressForNodes(config), clock, log })
    : undefined
  const { country, limits, sip } = config
  const directory = await createDirectory({
    storage,
    clock,
    random,
    log,
    country,
    domain: sip.domain,
    demo,
    sameContact,
    limits: {
      maxBindingsPerAor: limits.maxBindingsPerAor,
      minExpires: sip.minExpires,
      maxExpires: sip.maxExpires,
      defaultExpires: sip.defaultExpires,
    },
  })
  const accounts = await Accounts.open({ storage, directory, clock, random, log })
  if (demo) await seedDemo(directory, accounts)
  const open = [...sip.listen, ...sip.listenTls, config.http.listen].find(({ host }) => !isLoopback(host))
  if (open && (hasDemoPeople(directory, sip.domain) || (await hasDemoPasswords(directory, accounts)))) {
    throw new StartError(
      `${config.data} holds the demo people, whose passwords are known to everybody; they are served on loopback only, not on ${open.host}: set BATON_DATA to another folder`,
    )
  }
  const mediaAddress = addresses(sip.listen)[0]?.address ?? '127.0.0.1'
  const media = await createEmbeddedEngine({
    address: mediaAddress,
    ...(config.publicAddress ? { publicAddress: config.publicAddress } : {}),
    ports: { from: config.rtp.ports.first, to: config.rtp.ports.last },
    restMs: config.rtp.restMs,
    silenceMs: config.rtp.silenceMs,
    clock,
    random,
    log,
  })
  const resolver = createResolver({ nameServer: systemNameServer(clock), clock, random, log })
  const certificate = sip.certificate ?? config.http.certificate
  const subscriptions = await PushSubscriptions.open(storage.values)
  const notices = noticesOf({ config, storage, clock, log }, pageUrl(config, config.http.listen.port))
  let messages: Messages | undefined
  const voicemailMail: VoicemailMail = (mail) =>
    messages?.mailVoicemail(mail) ?? Promise.reject(new Error('mail is not open yet'))
  const house = await assemble({
    config,
    clock,
    random,
    log,
    storage,
    directory,
    media,
    resolver,
    ...(nodes ? { nodes } : {}),
    callbacks: {
      notices: (told) => notices.outcome(told),
      centreWait: async (number) => notices.centreWait(number),
    },
    ...(config.mail?.out ? { voicemailMail } : {}),
    reachableByPush: reachableByPush(subscriptions, accounts),
    openTransport: (handler) =>
      createTransport({
        listeners: {
          udp: addresses(sip.listen),
          tcp: addresses(sip.listen),
          tls: addresses(sip.listenTls),
        },
        ...(certificate ? { tls: { certFile: certificate.certificate, keyFile: certificate.key } } : {}),
        ...(config.publicAddress ? { publicAddress: config.publicAddress } : {}),
        ownNames: demo ? [sip.domain, 'localhost'] : [sip.domain],
        handler,
        clock,
        log,
        random,
        // The HTTP server has checked Host and Origin before it hands an upgrade over.
        allowOrigin: () => true,
        limits: { connections: limits.maxConnections },
      }),
  })
  const { calls, gate, ua, transport } = house
  const health = async (): Promise<{ ready: boolean; details: Record<string, unknown> }> => {
    const database = await storage.healthy()
    return { ready: database && !calls.draining, details: { database, draining: calls.draining } }
  }
  const metrics = createMetrics({
    version,
    calls: () => calls.counters,
    pickups: () => house.pickup.joined,
    sip: () => ({
      ...ua.sizes,
      received: gate.received,
      sent: gate.sent,
      heldBack: gate.heldBack,
      receiveErrors: udpDrops(transport.addresses),
    }),
    bindings: () => directory.bindingCount(),
    subscriptions: () => house.calls.subscriptions.size,
    media: () => media.counters(),
    readers: () => http.readers,
    ready: async () => (await health()).ready,
  })
  const sipAddress = transport.addresses[0]
  const udp = transport.addresses.find(({ protocol }) => protocol === 'udp')
  const demoCaller =
    demo && udp
      ? await createDemoCaller({
          server: udp,
          people: demoLogins(directory),
          voice: readVoice(new URL('./demo/voice.wav', import.meta.url)),
          clock,
          random,
          log,
        })
      : undefined
  if (demoCaller) await reachDemoCaller(directory, demoCaller.gateway)
  const push = await startPush({
    ...{ calls, accounts, directory, storage, subscriptions, clock, log },
    subject: config.push.subject ?? `mailto:baton@${sip.domain}`,
    // Behind a proxy, others reach a server that listens on loopback.
    onlyLoopback: !open && config.http.trustedProxies.length === 0 && config.publicAddress === undefined,
  })
  messages = await startMessages({ config, storage, directory, clock, random, log }, house.callbacks, notices)
  const http = await createHttpServer({
    address: config.http.listen.host,
    port: config.http.listen.port,
    ...(config.http.certificate ? { certificate: config.http.certificate } : {}),
    trustedProxies: config.http.trustedProxies,
    origins: config.http.allowedOrigins,
    ...(config.http.boardPassword ? { boardPassword: config.http.boardPassword } : {}),
    demo,
    version,
    ...(sipAddress ? { sip: { address: shown(sipAddress.address, sipAddress.port), domain: sip.domain } } : {}),
    pickupCode: config.pickup.code,
    voicemailCode: config.voicemail.code,
    ...(demoCaller ? { visitorNumber: demoCallerNumber } : {}),
    calls,
    storage,
    desk: {
      ...(demoCaller ? { ringDemoCaller: demoCaller.ring } : {}),
      directory,
      accounts,
      acts: new CallActs(calls),
      storage,
      random,
      callbacks: messages.desk,
      push,
      voicemail: house.voicemail.mailboxes,
      queues: house.queues,
      iceServers: (login) => iceServers(config.rtc, login, clock.now()),
    },
    health,
    metrics: () => metrics.text(),
    handleSipUpgrade: (request, socket, head) => transport.handleUpgrade(request, socket, head),
    staticFolder: fileURLToPath(new URL('../web/dist', import.meta.url)),
    log,
    clock,
  })
  const retention = keepRetention(config, storage, house.voicemail.mailboxes, log)
  const sipText = transport.addresses
    .map(({ protocol, address, port }) => `${protocol} ${shown(address, port)}`)
    .join(', ')
  console.log(`Baton is ready: ${pageUrl(config, http.port)} (SIP: ${sipText})`)
  if (demo)
    console.log(
      'This is the demo: open the page and answer a call in the browser, or register a phone as it shows. Ctrl-C stops.',
    )
  if (house.interrupted > 0)
    log.warn({ dialogs: house.interrupted }, 'the last run was interrupted; its calls are being ended')

  let stoppingSince = 0
  const stop = async (): Promise<void> => {
    if (stoppingSince > 0) {
      // Ctrl-C reaches us twice, from the terminal and from npm; only a later one is meant as a second.
      if (clock.now() - stoppingSince > 1000) calls.endAll()
      return
    }
    stoppingSince = clock.now()
    const { live } = calls.counters
    if (live > 0) {
      const calling = live === 1 ? '1 call may' : `${live} calls may`
      console.log(`Baton stops: ${calling} go on for ${config.drainSeconds} s; stop again to end now`)
    }
    clearInterval(retention)
    push.close()
    await demoCaller?.close()
    await messages.stop()
    await house.stop(config.drainSeconds * 1000)
    await messages.close()
    await http.close()
    metrics.close()
    directory.close()
    await media.close()
    await nodes?.leave()
    await storage.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

serve().catch((error: unknown) => {
  // Whoever starts the server needs a sentence; a stack only where it is a bug.
  const known = error instanceof ConfigError || error instanceof StartError || (error as Error).constructor !== Error
  const message = error instanceof Error ? error.message : String(error)
  console.error(known || !(error instanceof TypeError) ? `Baton cannot start: ${message}` : error)
  process.exit(1)
})
