import type { Receive, RtpSocket, SocketFactory } from './sockets.ts'

export interface Datagram {
  readonly bytes: Buffer
  readonly fromPort: number
  readonly toPort: number
  readonly toAddress: string
}

/** Sockets for tests: what is sent is kept, what is to be received is injected. */
export class MemorySockets implements SocketFactory {
  readonly open = new Map<number, Receive>()
  readonly foreign: Set<number>
  #sent: Datagram[] = []

  /** @param foreign ports that another program has */
  constructor(foreign: readonly number[] = []) {
    this.foreign = new Set(foreign)
  }

  bind(_address: string, port: number, receive: Receive): RtpSocket | undefined {
    if (this.foreign.has(port) || this.open.has(port)) return undefined
    this.open.set(port, receive)
    return {
      send: (bytes, toPort, toAddress) =>
        void this.#sent.push({ bytes: Buffer.from(bytes), fromPort: port, toPort, toAddress }),
      close: () => void this.open.delete(port),
    }
  }

  /** A packet from somewhere to one of our ports. */
  inject(port: number, bytes: Buffer, address: string, fromPort: number): void {
    const receive = this.open.get(port)
    if (!receive) throw new Error(`port ${port} is not open`)
    receive(Buffer.from(bytes), address, fromPort)
  }

  /** What was sent since the last call. */
  taken(): Datagram[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }
}

/** An RTP packet. */
export function rtpPacket(fields: {
  type: number
  sequence: number
  timestamp?: number
  ssrc?: number
  marker?: boolean
  payload?: Uint8Array
}): Buffer {
  const { type, sequence, timestamp = sequence * 160, ssrc = 0x1234, marker, payload = new Uint8Array(160) } = fields
  const bytes = Buffer.alloc(12 + payload.length)
  bytes[0] = 0x80
  bytes[1] = type | (marker ? 0x80 : 0)
  bytes.writeUInt16BE(sequence & 0xffff, 2)
  bytes.writeUInt32BE(timestamp >>> 0, 4)
  bytes.writeUInt32BE(ssrc, 8)
  bytes.set(payload, 12)
  return bytes
}

/** A peer's description with one audio line. @param types payload type and rtpmap text, e.g. `{ 0: 'PCMU/8000' }` */
export function peerSdp(address: string, port: number, types: Record<number, string>, extra = ''): string {
  const numbers = Object.keys(types)
  const maps = numbers.map((type) => `a=rtpmap:${type} ${types[Number(type)]}\r\n`).join('')
  return `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${numbers.join(' ')}\r\n${maps}${extra}`
}
