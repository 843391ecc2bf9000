import { Buffer } from 'node:buffer'
import { type HeaderLines, type Request, responseHeaders, writeResponse } from '../message/index.ts'
import { responseTarget } from '../transport/response-target.ts'
import type { Destination, Flow } from '../transport/types.ts'
import { flat } from './flat.ts'
import type { Layer } from './layer.ts'
import { Machine } from './machine.ts'
import {
  type InviteServerState,
  inviteServer,
  nonInviteServer,
  type ServerAction,
  type ServerEvent,
  type ServerState,
  type Table,
} from './tables.ts'
import type { ServerHandlers, ServerTransaction } from './types.ts'

type State = InviteServerState | ServerState

/** Under which the ACK of a 2xx is expected: it has a branch of its own (RFC 3261 §17.1.1.3), so the dialog and the CSeq tell. */
export function ackKey(callId: string, toTag: string, cseq: number): string {
  return `${callId}|${toTag}|${cseq}`
}

/** What stays of a server transaction until its last timer: keys, the last response as text, and the way back. */
export class ServerMachine extends Machine<State, ServerEvent, ServerAction, Buffer | Request> {
  readonly key: string
  /** '' where the request has a To-tag: such a request cannot be merged. */
  readonly mergedKey: string
  readonly callId: string
  readonly invite: boolean
  /** The tag in To of our responses. */
  readonly toTag: string
  readonly #layer: Layer
  readonly #flow: Flow
  readonly #destination: Destination | undefined
  /** Latin-1 text of the last response: smaller than a Buffer that pins its pool. */
  #last = ''
  #owner: Answer | undefined
  #ackKey = ''

  constructor(layer: Layer, key: string, mergedKey: string, request: Request, flow: Flow, toTag?: string) {
    const invite = request.method === 'INVITE'
    super(
      (invite ? inviteServer : nonInviteServer) as Table<State, ServerEvent, ServerAction>,
      layer,
      invite ? 'proceeding' : 'trying',
      flow.reliable,
    )
    this.#layer = layer
    this.key = flat(key)
    this.mergedKey = flat(mergedKey)
    this.callId = request.callId
    this.invite = invite
    this.toTag = request.toTag || toTag || layer.random.token(8)
    this.#flow = flow
    const target = responseTarget(request.via, flow)
    this.#destination = 'flow' in target ? undefined : target
  }

  /** Ties the machine to what the layer above holds. */
  own(owner: Answer): void {
    this.#owner = owner
  }

  /** The layer above has seen the request and did not answer yet: starts the timers, says 100 to an INVITE. */
  wait(): void {
    if (this.completed) return
    this.begin(this.#flow.reliable)
    if (this.invite && this.#last === '') this.#trying()
  }

  get completed(): boolean {
    return this.state !== 'proceeding' && this.state !== 'trying'
  }

  /** @param event by the class of the status */
  respond(event: 'send1xx' | 'send2xx' | 'send3xx-6xx', bytes: Buffer, cseq: number): void {
    if (event === 'send2xx' && this.invite) {
      this.#ackKey = ackKey(this.callId, this.toTag, cseq)
      this.#layer.awaitAck(this.#ackKey, this)
    }
    this.run(event, bytes)
  }

  protected override act(action: ServerAction, input: Buffer | Request | undefined): void {
    const owner = this.#owner
    switch (action) {
      case 'send':
        this.#send(input as Buffer)
        // Over a connection only an INVITE's final response is ever repeated.
        this.#last = this.#flow.reliable && !this.invite ? '' : (input as Buffer).toString('latin1')
        if (!this.invite) this.#owner = undefined
        return
      case 'repeat':
        if (this.#last !== '') this.#send(Buffer.from(this.#last, 'latin1'))
        return
      case 'trying':
        this.#trying()
        return
      case 'cancelled':
        if (owner) this.#layer.guard(() => owner.handlers.cancelled?.(input as Request))
        return
      case 'acked':
        this.#release()
        if (owner) this.#layer.guard(() => owner.handlers.acked?.(input as Request))
        return
      case 'unacked':
        this.#release()
        if (owner) this.#layer.guard(() => owner.handlers.unacked?.())
    }
  }

  protected override ended(): void {
    this.#layer.removeServer(this)
  }

  #trying(): void {
    const request = this.#owner?.request
    if (!request) return
    const bytes = writeResponse({ status: 100, headers: responseLines(request, '', 100, this.#flow) })
    this.#send(bytes)
    this.#last = bytes.toString('latin1')
  }

  #release(): void {
    this.#owner = undefined
    this.#last = ''
    if (this.#ackKey !== '') this.#layer.forgetAck(this.#ackKey)
    this.#ackKey = ''
  }

  /** Back to the sender (§18.2.2); over a new connection where the old one is gone. */
  #send(bytes: Buffer): void {
    if (!this.#destination && this.#layer.send(bytes, this.#flow, this.callId)) return
    let destination = this.#destination
    if (!destination && this.#owner) {
      const target = responseTarget(this.#owner.request.via, this.#flow)
      if (!('flow' in target)) destination = target
    }
    if (destination) sendTo(this.#layer, destination, bytes, this.callId)
  }
}

/** Sends once to an address, over a connection that is opened where needed; nobody is told when that fails. */
export function sendTo(layer: Layer, destination: Destination, bytes: Buffer, callId: string): void {
  const flow = layer.transport.existing(destination)
  if (flow) {
    layer.send(bytes, flow, callId)
    return
  }
  layer.connecting++
  layer.transport.connect(destination).then(
    (opened) => {
      layer.connecting--
      layer.send(bytes, opened, callId)
    },
    () => {
      layer.connecting--
    },
  )
}

/** The lines that every response copies from its request, with `received` and `rport`. */
export function responseLines(request: Request, toTag: string, status: number, flow: Flow): [string, string][] {
  return responseHeaders(request, toTag, { status, source: { address: flow.remoteAddress, port: flow.remotePort } })
}

/** What the layer above holds of a server transaction; the machine lets go of it as soon as nothing is left to tell. */
export class Answer implements ServerTransaction {
  readonly request: Request
  readonly flow: Flow
  readonly merged: boolean
  handlers: ServerHandlers = {}
  readonly #machine: ServerMachine

  constructor(machine: ServerMachine, request: Request, flow: Flow, merged: boolean) {
    this.#machine = machine
    this.request = request
    this.flow = flow
    this.merged = merged
    machine.own(this)
  }

  get toTag(): string {
    return this.#machine.toTag
  }

  get completed(): boolean {
    return this.#machine.completed
  }

  respond(status: number, reason?: string, headers?: HeaderLines, body?: Buffer | string): void {
    if (this.completed) return
    const { request } = this
    const invite = request.method === 'INVITE'
    // RFC 4320 §4: a non-INVITE request gets no 1xx of ours but the 100 that its machine sends, and never a 408.
    if (!invite && (status < 200 || status === 408)) return
    const lines = responseLines(request, status === 100 ? '' : this.toTag, status, this.flow)
    if (headers) for (const line of headers) lines.push(line as [string, string])
    const bytes = writeResponse({ status, reason, headers: lines, body })
    const event = status < 200 ? 'send1xx' : status < 300 ? 'send2xx' : 'send3xx-6xx'
    this.#machine.respond(event, bytes, request.cseq.number)
  }
}
