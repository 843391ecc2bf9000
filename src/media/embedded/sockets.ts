import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'

/** Takes a datagram; the bytes are the taker's own. */
export type Receive = (bytes: Buffer, address: string, port: number) => void

/** A bound UDP socket. */
export interface RtpSocket {
  /** Sends without waiting; what the network refuses is lost like any other packet. */
  send(bytes: Uint8Array, port: number, address: string): void
  close(): void
}

/** Where the relay's sockets come from. */
export interface SocketFactory {
  /** Binds at once; undefined when the port is in use by another program. */
  bind(address: string, port: number, receive: Receive): RtpSocket | undefined
}

/** Names are never looked up: SDP addresses are numeric here, and an answer at once also makes `bind` return bound. */
const lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void): void => {
  const answer = typeof options === 'function' ? (options as typeof done) : done
  answer(null, host, isIP(host) || 4)
}

/** Real UDP sockets of `node:dgram`. */
export const udpSockets: SocketFactory = {
  bind(address, port, receive) {
    const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4', lookup: lookup as never })
    let bound = false
    // Errors after binding are refused sends (ICMP, no route): lost packets.
    socket.on('error', () => {})
    socket.once('listening', () => {
      bound = true
    })
    socket.bind({ address, port, exclusive: true })
    if (!bound) {
      try {
        socket.close()
      } catch {
        // A socket whose bind failed is closed already.
      }
      return undefined
    }
    socket.on('message', (bytes, from) => receive(bytes, from.address, from.port))
    return {
      send: (bytes, toPort, toAddress) => socket.send(bytes, toPort, toAddress),
      close: () => socket.close(),
    }
  },
}

/** Sockets that never open: for tests of signalling. */
export const nullSockets: SocketFactory = { bind: () => ({ send() {}, close() {} }) }
