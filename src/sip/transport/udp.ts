import type { Buffer } from 'node:buffer'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Log } from '#lib'
import { bracketed, isLoopback, isWildcard } from './addresses.ts'
import { listenError } from './listen-error.ts'
import { Recent } from './recent.ts'
import type { Flow, TransportHandler } from './types.ts'

/** Asked of the kernel: at 14,000 packets/s the usual 212 KB hold 13 ms, this holds about 250. */
const RECEIVE_BUFFER = 4 * 1024 * 1024
/** Largest UDP payload over IPv4. */
const MAX_DATAGRAM = 65_507
/** Remote ends remembered per listener (twice this at most); a forgotten one gets a new flow object with the same id. */
const REMOTES = 20_000

/** One far end of one UDP listener. */
export class UdpFlow implements Flow {
  readonly protocol = 'udp'
  readonly reliable = false
  readonly open = true
  readonly id: string
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly listener: UdpListener

  constructor(listener: UdpListener, remoteAddress: string, remotePort: number) {
    this.listener = listener
    this.localAddress = listener.address
    this.localPort = listener.port
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.id = `udp ${bracketed(listener.address)}:${listener.port} ${bracketed(remoteAddress)}:${remotePort}`
  }
}

/** A bound UDP socket. The size of a message decides nothing here: a peer reached over UDP is answered over UDP, whatever RFC 3261 §18.1.1 says of 1,300 bytes, since many phones have no TCP. */
export class UdpListener {
  readonly address: string
  readonly port: number
  readonly #socket: Socket
  readonly #handler: TransportHandler
  readonly #log: Log
  readonly #flows = new Recent<UdpFlow>(REMOTES)
  #last: UdpFlow | undefined
  #closed = false

  private constructor(socket: Socket, handler: TransportHandler, log: Log) {
    this.#socket = socket
    this.#handler = handler
    this.#log = log
    const bound = socket.address()
    this.address = bound.address
    this.port = bound.port
    socket.on('message', (bytes, from) => this.#received(bytes, from))
    socket.on('error', (error) => log.warn({ error: error.message }, 'a UDP socket reported an error'))
  }

  /** Binds a socket; rejects with a sentence that says what to change. Port 0 takes any free one. */
  static async open(address: string, port: number, handler: TransportHandler, log: Log): Promise<UdpListener> {
    const v6 = isIPv6(address)
    const socket = createSocket({
      type: v6 ? 'udp6' : 'udp4',
      ipv6Only: v6,
      // Addresses are literal here: answering at once saves a trip through the name lookup for each packet.
      lookup: (name, _options, callback) => callback(null, name, v6 ? 6 : 4),
    })
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        socket.close()
        reject(listenError(error, 'udp', address, port))
      }
      socket.once('error', failed)
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', failed)
        resolve()
      })
    })
    const listener = new UdpListener(socket, handler, log)
    listener.#enlarge()
    return listener
  }

  /** The flow to a far end: the same object as long as it is remembered. */
  flow(address: string, port: number): UdpFlow {
    const last = this.#last
    if (last !== undefined && last.remotePort === port && last.remoteAddress === address) return last
    const key = `${address} ${port}`
    let flow = this.#flows.get(key)
    if (flow === undefined) {
      flow = new UdpFlow(this, address, port)
      this.#flows.set(key, flow)
    }
    this.#last = flow
    return flow
  }

  /** Sends one datagram. What the network says about it (unreachable, refused) is not an error here: timers find out. */
  send(bytes: Buffer, flow: UdpFlow): boolean {
    if (this.#closed || bytes.length > MAX_DATAGRAM) return false
    try {
      this.#socket.send(bytes, flow.remotePort, flow.remoteAddress)
      return true
    } catch (error) {
      this.#log.warn({ error: String(error), flow: flow.id }, 'a datagram could not be sent')
      return false
    }
  }

  /** Whether the socket can reach that address: same family, and loopback only from loopback. */
  reaches(address: string): boolean {
    if (isIPv6(address) !== isIPv6(this.address)) return false
    return isWildcard(this.address) || isLoopback(address) === isLoopback(this.address)
  }

  /** Remote ends remembered now. */
  get size(): number {
    return this.#flows.size
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }

  #received(bytes: Buffer, from: RemoteInfo): void {
    if (bytes.length <= 4 && isKeepAlive(bytes)) return
    const flow = this.flow(from.address, from.port)
    try {
      this.#handler.message(bytes, flow)
    } catch (error) {
      this.#log.error({ error, flow: flow.id }, 'a message could not be handled')
    }
  }

  #enlarge(): void {
    try {
      this.#socket.setRecvBufferSize(RECEIVE_BUFFER)
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'the receive buffer could not be enlarged')
    }
    // Linux counts its own overhead in, so it reports twice what it grants.
    const granted = this.#socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1)
    const fields = { address: this.address, port: this.port, asked: RECEIVE_BUFFER, granted }
    if (granted < RECEIVE_BUFFER)
      this.#log.warn(fields, 'the UDP receive buffer is smaller than asked for; raise net.core.rmem_max')
    else this.#log.debug(fields, 'listening on UDP')
  }
}

/** CR, LF, NUL or blanks only: what phones send to keep a NAT open. */
function isKeepAlive(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 13 && byte !== 10 && byte !== 0 && byte !== 32) return false
  return true
}
