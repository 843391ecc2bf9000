import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { freePorts } from '../support/ports.ts'
import { type Sound, secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'

const packetMs = 20
const samplesOfPacket = 160

/** A test's own RTP socket on 127.0.0.1: plays a PCMU tone to whoever it is told, and keeps the PCMU that arrives. */
export class RtpPeer {
  readonly port: number
  readonly #socket: Socket
  readonly #tone: number
  readonly #heard: number[] = []
  #timer: NodeJS.Timeout | undefined
  #sent = 0

  private constructor(socket: Socket, port: number, tone: number) {
    this.#socket = socket
    this.port = port
    this.#tone = tone
    socket.on('message', (packet) => this.#take(packet))
  }

  static async open(tone: number): Promise<RtpPeer> {
    const port = await freePorts(2)
    const socket = createSocket('udp4').bind(port, '127.0.0.1')
    await once(socket, 'listening')
    return new RtpPeer(socket, port, tone)
  }

  /** Sends its tone to the address that a session description names, at the pace of a phone. */
  play(sdp: string): void {
    const target = Number(/^m=audio (\d+)/m.exec(sdp)?.[1])
    const address = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1]
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#socket.send(this.#packet(), target, address), packetMs)
  }

  /** Waits until a tone has arrived for `seconds` in all from now on. */
  async hears(frequency: number, seconds = 0.5): Promise<void> {
    const after = this.#heard.length
    await eventually(() => {
      const sound: Sound = { rate: 8_000, samples: Float32Array.from(this.#heard.slice(after)) }
      const tones = tonesIn(sound)
      if (secondsOf(frequency, tones) < seconds)
        throw new Error(`no ${frequency} Hz arrived at port ${this.port}, but ${JSON.stringify(tones)}`)
    })
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.close()
  }

  #packet(): Buffer {
    const packet = Buffer.alloc(12 + samplesOfPacket)
    packet[0] = 0x80
    packet.writeUInt16BE(this.#sent & 0xffff, 2)
    packet.writeUInt32BE((this.#sent * samplesOfPacket) >>> 0, 4)
    packet.writeUInt32BE(0x5eed, 8)
    for (let i = 0; i < samplesOfPacket; i++) {
      const time = (this.#sent * samplesOfPacket + i) / 8_000
      packet[12 + i] = compressed(0.4 * Math.sin(2 * Math.PI * this.#tone * time))
    }
    this.#sent++
    return packet
  }

  #take(packet: Buffer): void {
    if (packet.length < 12 || ((packet[1] ?? 0) & 0x7f) !== 0) return
    for (const byte of packet.subarray(12)) this.#heard.push(expanded(byte))
  }
}

/** G.711 µ-law of a sample from -1 to 1. */
function compressed(sample: number): number {
  const magnitude = Math.min(32_635, Math.round(Math.abs(sample) * 32_767)) + 132
  const exponent = Math.floor(Math.log2(magnitude)) - 7
  const mantissa = (magnitude >> (exponent + 3)) & 15
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff
}

function expanded(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132
  return (bits & 0x80 ? -magnitude : magnitude) / 32_768
}
