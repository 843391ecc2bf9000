import type { Buffer } from 'node:buffer'
import type { Log, Random } from '#lib'
import type { Flow, Transport } from '../transport/types.ts'
import type { ClientMachine } from './client.ts'
import { flat } from './flat.ts'
import type { MachineContext } from './machine.ts'
import type { ServerMachine } from './server.ts'
import type { TransactionHandler } from './types.ts'

/** What the machines share: the way out, the tables of live transactions, the layer above. */
export interface Layer extends MachineContext {
  readonly transport: Transport
  readonly random: Random
  readonly log: Log
  readonly handler: TransactionHandler
  /** Sends and shows the message to the tap; false when the flow is gone. */
  send(bytes: Buffer, flow: Flow, callId: string): boolean
  addClient(key: string, machine: ClientMachine): void
  removeClient(key: string, machine: ClientMachine): void
  removeServer(machine: ServerMachine): void
  /** Expects the ACK of a 2xx under this key. */
  awaitAck(key: string, machine: ServerMachine): void
  forgetAck(key: string): void
  /** Counts requests that wait for a connection. */
  connecting: number
  /** Runs code of the layer above: a fault there ends that transaction's work, never the process. */
  guard(run: () => void): boolean
}

/** A fresh branch with the magic cookie (RFC 3261 §8.1.1.7). */
export function newBranch(random: Random): string {
  return flat(`z9hG4bK${random.token(10)}`)
}

/** Our Via value on a flow; `rport` asks UDP peers to answer to where we really send from (RFC 3581). */
export function viaOf(transport: Transport, flow: Flow, branch: string): string {
  const protocol = flow.protocol.toUpperCase()
  return flow.reliable
    ? `SIP/2.0/${protocol} ${transport.sentBy(flow)};branch=${branch}`
    : `SIP/2.0/${protocol} ${transport.sentBy(flow)};rport;branch=${branch}`
}
