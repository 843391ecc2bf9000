import { join } from 'node:path'
import {
  Calls,
  type Core,
  defaultCallSettings,
  Gate,
  Gateways,
  type OtherNodes,
  PassOn,
  Recovery,
  Tickets,
} from '#call'
import type { Config } from '#config.ts'
import type { Directory, DirectoryAdmin } from '#directory'
import type { Clock, Log, Random } from '#lib'
import { createDirectEngine, type MediaEngine, Prompts } from '#media'
import {
  type CallbackParts,
  CallbackService,
  CallPickup,
  callbackAnnouncer,
  type QueueAnnouncer,
  type QueueLines,
  QueueService,
  Voicemail,
  type VoicemailMail,
} from '#services'
import {
  Authenticator,
  createSipStack,
  type Flow,
  GuessLock,
  NonceMint,
  type Resolver,
  type Transport,
  type TransportHandler,
  type UserAgent,
} from '#sip'
import type { Storage } from '#storage'

/** What the server says in Allow and Supported. */
const allow = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'REGISTER',
  'REFER',
  'NOTIFY',
  'INFO',
  'MESSAGE',
  'PRACK',
  'UPDATE',
  'SUBSCRIBE',
]
const supported = ['100rel', 'timer', 'replaces', 'path']

/** What the signalling half is made from. Whatever touches the machine is given, so tests can give something else. */
export interface Parts<T extends Transport> {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly storage: Storage
  readonly directory: Directory & DirectoryAdmin
  readonly media: MediaEngine
  readonly resolver: Resolver
  /** The other processes on the same database; left out where there can be none. */
  readonly nodes?: OtherNodes
  /** Whether a person's closed desk can be told of a call; nobody's when it is left out. */
  reachableByPush?(personId: string): boolean
  /** How requested calls are spoken of and told, where it is not as the configuration says. */
  readonly callbacks?: Partial<Omit<CallbackParts, 'calls'>>
  /** Sends messages that callers leave; they are heard on the desk and by telephone where it is left out. */
  readonly voicemailMail?: VoicemailMail
  /** Who speaks to callers of queues, where it is not the prompts. */
  readonly queueAnnouncer?: QueueAnnouncer
  /** Opens the listeners; messages go to the handler. */
  openTransport(handler: TransportHandler): Promise<T>
}

/** The signalling half of the server: stack, call core, trunks and recovery, put together and running. */
export interface House<T extends Transport> {
  readonly calls: Calls
  readonly pickup: CallPickup
  readonly callbacks: CallbackService
  readonly voicemail: Voicemail
  readonly queues: QueueService
  readonly gate: Gate
  readonly ua: UserAgent
  readonly transport: T
  /** How many dialogs of a crashed run are being ended. */
  readonly interrupted: number
  /** Lets live calls finish within `limitMs`, ends the rest and closes the transport. */
  stop(limitMs: number): Promise<void>
}

/** Puts the signalling half together and starts it. */
export async function assemble<T extends Transport>(parts: Parts<T>): Promise<House<T>> {
  const { config, clock, random, log, storage, directory, media, resolver } = parts
  const { domain, digest, userAgent, sessionExpires } = config.sip
  let transport: T | undefined
  // Nonces and guesses count for the whole server, whatever listener they come by.
  const mint = new NonceMint({ clock, random })
  const lock = new GuessLock(clock, { triesPerAccount: config.limits.authTries })
  const authenticator = (algorithm: 'MD5' | 'SHA-256'): Authenticator =>
    new Authenticator({
      realm: domain,
      clock,
      random,
      algorithm,
      mint,
      lock,
      lookup: (username) => directory.secretsOf(username),
      isRegistered: (username, address, port) => {
        const device = directory.deviceByUsername(username)
        const bindings = device ? directory.bindingsOfDevice(device.id) : []
        return bindings.some((binding) => binding.remoteAddress === address && binding.remotePort === port)
      },
      isOurs: (host, port) => host === domain || transport?.isOurs(host, port) === true,
    })
  const forPhones = authenticator(digest)
  // The browsers' SIP libraries know MD5 only; their connection is the page's own.
  const forBrowsers = digest === 'MD5' ? forPhones : authenticator('MD5')
  const core = {
    clock,
    random,
    log,
    storage,
    directory,
    anchored: media,
    direct: createDirectEngine(),
    authenticatorOf: ({ protocol }: Flow) => (protocol === 'ws' || protocol === 'wss' ? forBrowsers : forPhones),
    resolver,
    reachableByPush: (personId: string) => parts.reachableByPush?.(personId) ?? false,
    settings: {
      ...defaultCallSettings,
      node: config.node,
      domain,
      maxCalls: config.limits.maxCalls,
      pickupCode: config.pickup.code,
    },
  } as Core & { readonly directory: Directory & DirectoryAdmin }
  const gate = new Gate(directory, clock)
  const calls = new Calls(core, gate)
  const { code } = config.pickup
  const passOn = parts.nodes && new PassOn(calls, parts.nodes, await Tickets.open(storage.values, clock, random), code)
  const pickup = new CallPickup(calls, code, passOn)
  // Requested calls stand in the lines of queues, which make requested calls for kept places.
  const lines: QueueLines = {
    wait: (queueId) => queues.lines.wait(queueId),
    opensAt: (queueId, at) => queues.lines.opensAt(queueId, at),
    enter: (queueId, who) => queues.lines.enter(queueId, who),
  }
  const callbacks = new CallbackService({ ...callbackParts(parts, calls), lines })
  const voicemail = new Voicemail({
    ...{ calls, prompts: promptsOf(parts), folder: join(config.data, 'voicemail'), code: config.voicemail.code },
    mostMs: config.voicemail.mostSeconds * 1_000,
    ...(parts.voicemailMail ? { mail: parts.voicemailMail } : {}),
  })
  const queues = new QueueService({
    ...{ calls, announcer: parts.queueAnnouncer ?? promptsOf(parts), callbacks, directory, mailboxes: voicemail },
  })
  const recovery = new Recovery(core)
  const stack = createSipStack({
    clock,
    random,
    log,
    resolver,
    tap: gate.count(calls.tap),
    handler: {
      invite: (invitation) => calls.invite(invitation),
      request: (transaction) => calls.request(transaction),
      askedBefore: (callId, localTag) => recovery.askedBefore(callId, localTag),
    },
    options: { userAgent, sessionExpires, domain, allow, supported },
  })
  const handler: TransportHandler = {
    ...gate.guard(stack.handler),
    closed: (flow) => {
      stack.handler.closed(flow)
      directory.flowClosed(flow.protocol, flow.remoteAddress, flow.remotePort)
    },
  }
  // Before the first call: what is being recorded now was being recorded when the last run died.
  await voicemail.start()
  await queues.load()
  transport = await parts.openTransport(handler)
  core.transport = transport
  core.ua = stack.start(transport)
  const interrupted = await recovery.start()
  warmUpForBrowsers(directory, media, log)
  const gateways = new Gateways(core)
  gateways.start()
  // First: what becomes of a call that was being made for a kept place is heard from the beginning.
  await queues.start()
  await callbacks.start()
  return {
    calls,
    pickup,
    callbacks,
    voicemail,
    queues,
    gate,
    ua: core.ua,
    transport,
    interrupted,
    async stop(limitMs) {
      const stopped = callbacks.stop()
      await calls.drain(limitMs)
      await stopped
      await voicemail.stop()
      queues.stop()
      recovery.stop()
      gate.close()
      await gateways.stop()
      await transport.close()
    },
  }
}

function promptsOf({ config, log }: Parts<Transport>): Prompts {
  return new Prompts({ folder: config.data, failed: (sentence) => log.warn({}, sentence) })
}

function callbackParts({ config, log, directory, callbacks = {} }: Parts<Transport>, calls: Calls): CallbackParts {
  const { perSecond, atOnce, account, centreRecording } = config.callbacks
  const pays = account === undefined ? undefined : directory.personByLogin(account)
  if (account !== undefined && !pays) log.warn({ account }, 'callbacks.account names nobody: nobody pays for outsiders')
  const failed = (sentence: string): void => log.warn({}, sentence)
  return {
    calls,
    announcer: callbackAnnouncer({ folder: config.data, failed }),
    recordings: {
      ...{ folder: join(config.data, 'callbacks'), on: centreRecording.on },
      ...{ mostMs: centreRecording.mostSeconds * 1_000, keepMs: centreRecording.keepDays * 86_400_000 },
    },
    ...callbacks,
    settings: {
      perSecond,
      ...(atOnce === undefined ? {} : { atOnce }),
      account: pays?.id ?? '',
      ...callbacks.settings,
    },
  }
}

/** Loads what browsers need as soon as one registers, so that the first call does not wait for it. */
function warmUpForBrowsers(directory: Directory, media: MediaEngine, log: Log): void {
  const unsubscribe = directory.onBinding((binding, change) => {
    if (change === 'removed' || (binding.protocol !== 'ws' && binding.protocol !== 'wss')) return
    unsubscribe()
    const warmUp = async (): Promise<void> => {
      const leg = await media.createLeg({ kind: 'webrtc' })
      if (!leg.ok) return
      await leg.value.offer()
      await leg.value.close()
    }
    warmUp().catch((error: unknown) => log.warn({ error: String(error) }, 'WebRTC could not be prepared'))
  })
}
