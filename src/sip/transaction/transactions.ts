import type { Buffer } from 'node:buffer'
import type { Clock, Log, Random } from '#lib'
import { parseMessage, type Request, type Response } from '../message/index.ts'
import { responseTarget } from '../transport/response-target.ts'
import type { Flow, TrafficTap, Transport } from '../transport/types.ts'
import { type ClientMachine, ClientRequest, writeFor } from './client.ts'
import { type Layer, newBranch } from './layer.ts'
import { Answer, ackKey, ServerMachine, sendTo } from './server.ts'
import { defaultTiming, type Timing } from './tables.ts'
import type {
  ClientHandlers,
  ClientTransaction,
  OutgoingRequest,
  Target,
  TransactionHandler,
  Transactions,
} from './types.ts'

export interface TransactionsOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly handler: TransactionHandler
  readonly log: Log
  readonly tap?: TrafficTap
  /** T1, T2, T4 in ms; default 500, 4000, 5000. */
  readonly timers?: Partial<Timing>
}

/** The transaction layer with the two entries that are wired to the transport's handler. */
export interface TransactionLayer extends Transactions {
  /** A whole message came in. */
  receive(bytes: Buffer, flow: Flow): void
  /** Bytes of a stream that could not be framed: answered where they look like a request. */
  malformed(bytes: Buffer, flow: Flow, code: string): void
  /** A connection is gone: requests that wait on it fail or go elsewhere. */
  closed(flow: Flow): void
  /** Runs code of the layer above; false and a log line where it throws. */
  guard(run: () => void): boolean
}

/** Refusals of malformed requests per second: enough for an honest broken phone, useless for a flood. */
const REFUSALS_PER_SECOND = 50

/** Makes the transaction layer (RFC 3261 §17). */
export function createTransactions(options: TransactionsOptions): TransactionLayer {
  return new LiveTransactions(options)
}

class LiveTransactions implements TransactionLayer, Layer {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly handler: TransactionHandler
  readonly log: Log
  readonly timing: Timing
  connecting = 0
  readonly #tap: TrafficTap | undefined
  /** By branch; a CANCEL by branch and `/CANCEL`. */
  readonly #clients = new Map<string, ClientMachine>()
  readonly #servers = new Map<string, ServerMachine>()
  /** INVITEs answered with 2xx that wait for their ACK. */
  readonly #unacked = new Map<string, ServerMachine>()
  /** Requests without To-tag by Call-ID, From-tag and CSeq: finds requests that came twice by different ways (§8.2.2.2). */
  readonly #origins = new Map<string, ServerMachine>()
  /** Client transactions on connections, so that a connection that ends finds them. */
  readonly #onFlow = new Map<string, Set<ClientMachine>>()
  #refusals = REFUSALS_PER_SECOND
  #refusalsAt = 0

  constructor(options: TransactionsOptions) {
    this.transport = options.transport
    this.clock = options.clock
    this.random = options.random
    this.handler = options.handler
    this.log = options.log
    this.timing = { ...defaultTiming, ...options.timers }
    this.#tap = options.tap
  }

  get size(): number {
    return this.#clients.size + this.#servers.size + this.connecting
  }

  request(request: OutgoingRequest, target: Target, handlers: ClientHandlers): ClientTransaction {
    const transaction = new ClientRequest(this, request, handlers)
    transaction.start(target)
    return transaction
  }

  send(bytes: Buffer, flow: Flow, callId: string): boolean
  send(request: OutgoingRequest, target: Target): void
  send(what: Buffer | OutgoingRequest, where: Flow | Target, callId = ''): boolean {
    if ('method' in what) {
      this.#sendAlone(what, where as Target)
      return true
    }
    const flow = where as Flow
    if (!this.transport.send(what, flow)) return false
    this.#tap?.('out', what, flow, callId)
    return true
  }

  #sendAlone(request: OutgoingRequest, target: Target): void {
    const branch = newBranch(this.random)
    if ('flow' in target) {
      this.send(writeFor(this, request, target.flow, branch), target.flow, request.callId)
      return
    }
    const [first] = target.destinations
    if (!first) return
    const flow = this.transport.existing(first)
    if (flow) {
      this.send(writeFor(this, request, flow, branch), flow, request.callId)
      return
    }
    const rest = target.destinations.slice(1)
    this.connecting++
    this.transport.connect(first).then(
      (opened) => {
        this.connecting--
        this.send(writeFor(this, request, opened, branch), opened, request.callId)
      },
      () => {
        this.connecting--
        this.#sendAlone(request, { destinations: rest })
      },
    )
  }

  receive(bytes: Buffer, flow: Flow): void {
    const read = parseMessage(bytes)
    if (!read.ok) {
      this.#refuse(bytes, flow)
      return
    }
    const message = read.value
    this.#tap?.('in', message.bytes, flow, message.callId)
    if (message.kind === 'request') this.#request(message, flow)
    else this.#response(message, flow)
  }

  malformed(bytes: Buffer, flow: Flow, _code: string): void {
    this.#refuse(bytes, flow)
  }

  /** Answers what is not well-formed, without a transaction and at a bounded rate. */
  #refuse(bytes: Buffer, flow: Flow): void {
    const source = { address: flow.remoteAddress, port: flow.remotePort }
    const read = parseMessage(bytes, { source })
    if (read.ok || !read.answerable) return
    const { answerable } = read
    if (answerable.silent || !answerable.response || !answerable.via || !this.#mayRefuse()) return
    this.log.debug(
      { code: read.code, offset: read.offset, from: flow.remoteAddress },
      'A malformed request was refused.',
    )
    const target = responseTarget(answerable.via, flow)
    if ('flow' in target) this.send(answerable.response, target.flow, '')
    else sendTo(this, target, answerable.response, '')
  }

  #mayRefuse(): boolean {
    const now = this.clock.now()
    if (now - this.#refusalsAt >= 1000) {
      this.#refusalsAt = now
      this.#refusals = REFUSALS_PER_SECOND
    }
    return this.#refusals-- > 0
  }

  #request(request: Request, flow: Flow): void {
    const { method } = request
    if (method === 'ACK') {
      this.#ack(request, flow)
      return
    }
    const key = keyOf(request, method)
    const known = this.#servers.get(key)
    if (known) {
      known.run('request')
      return
    }
    if (method === 'CANCEL') {
      this.#cancel(request, flow, key)
      return
    }
    const mergedKey =
      request.toTag === '' ? `${request.callId}|${request.fromTag}|${request.cseq.number} ${method}` : ''
    const merged = mergedKey !== '' && this.#origins.has(mergedKey)
    const machine = new ServerMachine(this, key, merged ? '' : mergedKey, request, flow)
    this.#servers.set(machine.key, machine)
    if (machine.mergedKey !== '') this.#origins.set(machine.mergedKey, machine)
    const answer = new Answer(machine, request, flow, merged)
    if (!this.guard(() => this.handler.request(answer))) answer.respond(500)
    machine.wait()
  }

  #ack(ack: Request, flow: Flow): void {
    const machine =
      this.#unacked.get(ackKey(ack.callId, ack.toTag, ack.cseq.number)) ?? this.#servers.get(keyOf(ack, 'INVITE'))
    if (machine) machine.run('ack', ack)
    else this.guard(() => this.handler.ack(ack, flow))
  }

  /** §9.2: the CANCEL is a transaction of its own and gets its 200 whatever becomes of the INVITE. */
  #cancel(cancel: Request, flow: Flow, key: string): void {
    const invite = this.#servers.get(keyOf(cancel, 'INVITE'))
    const machine = new ServerMachine(this, key, '', cancel, flow, invite?.toTag)
    this.#servers.set(machine.key, machine)
    new Answer(machine, cancel, flow, false).respond(invite ? 200 : 481)
    invite?.run('cancel', cancel)
  }

  #response(response: Response, flow: Flow): void {
    const { branch } = response.via
    const { method } = response.cseq
    const machine = this.#clients.get(method === 'CANCEL' ? `${branch}/CANCEL` : branch)
    if (machine) {
      if (machine.method === method && machine.callId === response.callId) machine.response(response)
      return
    }
    if (method !== 'INVITE' || response.status < 200 || response.status > 299) return
    // Nothing that was not sent by us may make us send an ACK (§18.1.2).
    if (!this.transport.isOurs(response.via.host, response.via.port)) return
    this.guard(() => this.handler.stray(response, flow, false))
  }

  closed(flow: Flow): void {
    const machines = this.#onFlow.get(flow.id)
    if (!machines) return
    this.#onFlow.delete(flow.id)
    for (const machine of [...machines]) machine.run('unreachable')
  }

  addClient(key: string, machine: ClientMachine): void {
    this.#clients.set(key, machine)
    if (!machine.flow.reliable) return
    const machines = this.#onFlow.get(machine.flow.id)
    if (machines) machines.add(machine)
    else this.#onFlow.set(machine.flow.id, new Set([machine]))
  }

  removeClient(key: string, machine: ClientMachine): void {
    this.#clients.delete(key)
    const machines = this.#onFlow.get(machine.flow.id)
    if (machines?.delete(machine) && machines.size === 0) this.#onFlow.delete(machine.flow.id)
  }

  removeServer(machine: ServerMachine): void {
    this.#servers.delete(machine.key)
    if (machine.mergedKey !== '') this.#origins.delete(machine.mergedKey)
  }

  awaitAck(key: string, machine: ServerMachine): void {
    this.#unacked.set(key, machine)
  }

  forgetAck(key: string): void {
    this.#unacked.delete(key)
  }

  guard(run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      this.log.error({ err: error }, 'A fault in the handling of a SIP message; its transaction is given up.')
      return false
    }
  }
}

/**
 * Under which a server transaction is found (§17.2.3): branch, sent-by and method; without the magic cookie of RFC 3261 what RFC 2543 compared.
 * @param method INVITE for an ACK or CANCEL that looks for its INVITE
 */
function keyOf(request: Request, method: string): string {
  const { via } = request
  const by = `${via.branch}|${via.host}:${via.port ?? ''}|${method}`
  if (via.branch.length > 7 && via.branch.startsWith('z9hG4bK')) return by
  return `${by}|${request.uri.text}|${request.fromTag}|${request.callId}|${request.cseq.number}`
}
