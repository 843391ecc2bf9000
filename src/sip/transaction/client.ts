import { Buffer } from 'node:buffer'
import { type HeaderLines, type Response, writeRequest } from '../message/index.ts'
import type { Destination, Flow } from '../transport/types.ts'
import { type Layer, newBranch, viaOf } from './layer.ts'
import { Machine } from './machine.ts'
import {
  type ClientAction,
  type ClientEvent,
  type ClientState,
  type InviteClientState,
  inviteClient,
  nonInviteClient,
  type Table,
} from './tables.ts'
import type { ClientHandlers, ClientTransaction, Failure, OutgoingRequest, Target } from './types.ts'

type State = InviteClientState | ClientState

const noHeaders: HeaderLines = []
const cancelHandlers: ClientHandlers = { final() {}, failed() {} }

/** The headers of a CANCEL or of an ACK to a non-2xx, taken from the request that they belong to (RFC 3261 §9.1, §17.1.1.3). */
function headersLike(request: OutgoingRequest, method: string, to: string | undefined): [string, string][] {
  const headers: [string, string][] = [['Max-Forwards', '70']]
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase()
    if (lower === 'from' || lower === 'call-id' || lower === 'route') headers.push([name, value])
    else if (lower === 'to') headers.push([name, to ?? value])
    else if (lower === 'cseq') headers.push([name, `${Number.parseInt(value, 10)} ${method}`])
  }
  return headers
}

/** Writes a request for a flow: our Via first, Contact where it was asked for. */
export function writeFor(layer: Layer, request: OutgoingRequest, flow: Flow, branch: string): Buffer {
  const headers: (readonly [string, string])[] = [['Via', viaOf(layer.transport, flow, branch)], ...request.headers]
  if (request.contact) headers.push(['Contact', `<${layer.transport.contactUri(flow)}>`])
  return writeRequest({ method: request.method, uri: request.uri, headers, body: request.body })
}

/** One try at one destination. */
export class ClientMachine extends Machine<State, ClientEvent, ClientAction, Response> {
  readonly key: string
  readonly method: string
  readonly callId: string
  readonly flow: Flow
  readonly #layer: Layer
  /** Gone once nothing is left to tell. */
  #owner: ClientRequest | undefined
  /** Kept while it may have to be repeated. */
  #bytes: Buffer | undefined
  /** The ACK of a non-2xx, as Latin-1 text: smaller than a Buffer that pins its pool. */
  #ack = ''
  /** A 1xx or more came: the destination lives, the next one is not tried when this one goes away. */
  heard = false

  constructor(layer: Layer, owner: ClientRequest, request: OutgoingRequest, flow: Flow, branch: string, bytes: Buffer) {
    const invite = request.method === 'INVITE'
    super(
      (invite ? inviteClient : nonInviteClient) as Table<State, ClientEvent, ClientAction>,
      layer,
      invite ? 'calling' : 'trying',
      flow.reliable,
    )
    this.#layer = layer
    this.#owner = owner
    this.#bytes = bytes
    this.method = request.method
    this.callId = request.callId
    this.flow = flow
    this.key = request.method === 'CANCEL' ? `${branch}/CANCEL` : branch
    layer.addClient(this.key, this)
  }

  /** Sends for the first time; false when the flow is gone. */
  start(): boolean {
    if (!this.#layer.send(this.#bytes as Buffer, this.flow, this.callId)) {
      this.ended()
      return false
    }
    this.begin(this.flow.reliable)
    return true
  }

  /** A response with our branch arrived. */
  response(response: Response): void {
    const { status } = response
    this.heard = true
    if (status < 200) {
      // An INVITE is never repeated after a 1xx (§17.1.1.2).
      if (this.method === 'INVITE') this.#bytes = undefined
      this.run('1xx', response)
    } else this.run(status < 300 ? '2xx' : '3xx-6xx', response)
  }

  protected override act(action: ClientAction, response: Response | undefined): void {
    const owner = this.#owner
    switch (action) {
      case 'send':
        if (this.#bytes && !this.#layer.send(this.#bytes, this.flow, this.callId)) this.run('unreachable')
        return
      case 'sendCancel':
        owner?.sendCancel(this)
        return
      case 'acknowledge':
        if (owner) this.#ack = owner.acknowledgement(this, response as Response)
        this.#sendAck()
        if (this.flow.reliable) this.#ack = ''
        return
      case 'repeatAck':
        this.#sendAck()
        return
      case 'provisional':
        owner?.provisional(response as Response)
        return
      case 'final':
        this.#release()
        owner?.final(response as Response)
        return
      case 'stray':
        this.#layer.guard(() => this.#layer.handler.stray(response as Response, this.flow, true))
        return
      case 'timeout':
      case 'unreachable':
        this.#release()
        owner?.failed(action, this)
    }
  }

  protected override ended(): void {
    this.#layer.removeClient(this.key, this)
    this.#bytes = undefined
  }

  /** Lets go of the request and its user: what lingers is only there to swallow repetitions. */
  #release(): void {
    this.#owner = undefined
    this.#bytes = undefined
  }

  #sendAck(): void {
    if (this.#ack) this.#layer.send(Buffer.from(this.#ack, 'latin1'), this.flow, this.callId)
  }
}

/** A request with its destinations: one {@link ClientMachine} after the other until one answers (RFC 3263 §4.3). */
export class ClientRequest implements ClientTransaction {
  readonly method: string
  branch = ''
  readonly #layer: Layer
  #request: OutgoingRequest | undefined
  #destinations: readonly Destination[] = []
  #next = 0
  #handlers: ClientHandlers | undefined
  #machine: ClientMachine | undefined
  #cancelHeaders: HeaderLines | undefined

  constructor(layer: Layer, request: OutgoingRequest, handlers: ClientHandlers) {
    this.#layer = layer
    this.method = request.method
    this.#request = request
    this.#handlers = handlers
  }

  get flow(): Flow | undefined {
    return this.#machine?.flow
  }

  /** Sends to the target. The handlers are never called before this returns. */
  start(target: Target): void {
    if ('flow' in target) {
      if (!this.#try(target.flow)) queueMicrotask(() => this.#fail('unreachable'))
      return
    }
    this.#destinations = target.destinations
    if (target.destinations.length === 0) queueMicrotask(() => this.#fail('unreachable'))
    else this.#tryNext()
  }

  cancel(headers: HeaderLines = noHeaders): void {
    if (!this.#handlers || this.method !== 'INVITE' || this.#cancelHeaders) return
    this.#cancelHeaders = headers
    if (this.#machine) this.#machine.run('cancel')
    else queueMicrotask(() => this.#fail('stopped'))
  }

  stop(): void {
    this.#handlers = undefined
    this.#request = undefined
    this.#machine?.run('stop')
  }

  provisional(response: Response): void {
    const handlers = this.#handlers
    if (handlers?.provisional) this.#layer.guard(() => handlers.provisional?.(response))
  }

  final(response: Response): void {
    // 503 means: try the next server, as if this one had not answered (RFC 3263 §4.3).
    if (response.status === 503 && this.#more()) {
      this.#tryNext()
      return
    }
    const handlers = this.#handlers
    this.#forget()
    if (handlers) this.#layer.guard(() => handlers.final(response))
  }

  failed(failure: Failure, machine: ClientMachine): void {
    if (this.#more() && !machine.heard) this.#tryNext()
    else this.#fail(failure)
  }

  /** CANCEL for the INVITE: same Request-URI, Via, Route set and way (§9.1). */
  sendCancel(machine: ClientMachine): void {
    const request = this.#request
    if (!request) return
    const cancel: OutgoingRequest = {
      method: 'CANCEL',
      uri: request.uri,
      headers: [...headersLike(request, 'CANCEL', undefined), ...(this.#cancelHeaders ?? noHeaders)],
      callId: request.callId,
    }
    const bytes = writeFor(this.#layer, cancel, machine.flow, this.branch)
    const owner = new ClientRequest(this.#layer, cancel, cancelHandlers)
    new ClientMachine(this.#layer, owner, cancel, machine.flow, this.branch, bytes).start()
  }

  /** ACK for a non-2xx as Latin-1 text. */
  acknowledgement(machine: ClientMachine, response: Response): string {
    const request = this.#request
    if (!request) return ''
    const ack: OutgoingRequest = {
      method: 'ACK',
      uri: request.uri,
      headers: headersLike(request, 'ACK', response.header('to')),
      callId: request.callId,
    }
    return writeFor(this.#layer, ack, machine.flow, this.branch).toString('latin1')
  }

  #more(): boolean {
    return this.#handlers !== undefined && !this.#cancelHeaders && this.#next < this.#destinations.length
  }

  #tryNext(): void {
    const destination = this.#destinations[this.#next++] as Destination
    this.#machine = undefined
    const flow = this.#layer.transport.existing(destination)
    if (flow) {
      if (!this.#try(flow)) queueMicrotask(() => this.#tryAfterFailure())
      return
    }
    this.#layer.connecting++
    this.#layer.transport.connect(destination).then(
      (opened) => {
        this.#layer.connecting--
        if (!this.#handlers) return
        if (!this.#try(opened)) this.#tryAfterFailure()
      },
      (reason: unknown) => {
        this.#layer.connecting--
        this.#layer.log.debug({ reason, destination: destination.host }, 'No connection to a destination.')
        this.#tryAfterFailure()
      },
    )
  }

  #tryAfterFailure(): void {
    if (this.#more()) this.#tryNext()
    else this.#fail('unreachable')
  }

  #try(flow: Flow): boolean {
    const request = this.#request
    if (!request) return true
    this.branch = (this.branch === '' && request.branch) || newBranch(this.#layer.random)
    const bytes = writeFor(this.#layer, request, flow, this.branch)
    const machine = new ClientMachine(this.#layer, this, request, flow, this.branch, bytes)
    this.#machine = machine
    if (machine.start()) return true
    this.#machine = undefined
    return false
  }

  #fail(failure: Failure): void {
    const handlers = this.#handlers
    this.#forget()
    if (handlers) this.#layer.guard(() => handlers.failed(failure))
  }

  #forget(): void {
    this.#handlers = undefined
    this.#request = undefined
    this.#destinations = []
  }
}
