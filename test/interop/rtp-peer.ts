import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { freePorts } from '../support/ports.ts'
import { type Sound, secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'

const packetMs = 20
const samplesOfPacket = 160
/** Payload type of telephone events, as `audioSdp` has it. */
const eventType = 101
const keypad = '0123456789*#ABCD'
/** Packets of 20 ms that a key is pressed for, and how often its end is sent (RFC 4733 §2.5.1). */
const pressedPackets = 8
const endPackets = 3

/**
 * A test's own RTP socket on 127.0.0.1: plays a PCMU tone to whoever it is told, and keeps the PCMU that arrives. Keys go out and come in as
 * telephone events.
 */
export class RtpPeer {
  readonly port: number
  /** Told of each key when its first packet arrives. */
  onKey: (key: string) => void = () => {}
  readonly #socket: Socket
  /** Hz; 0 is silence. */
  #tone: number
  #pressed: { readonly key: number; readonly timestamp: number; packets: number } | undefined
  /** Timestamp of the last key that arrived. */
  #keyAt: number | undefined
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

  /** Plays another tone from now on. @param frequency Hz; 0 is silence */
  sounds(frequency: number): void {
    this.#tone = frequency
  }

  /** Presses a key once, while it plays. */
  press(key: string): void {
    const timestamp = (this.#sent * samplesOfPacket) >>> 0
    this.#pressed = { key: keypad.indexOf(key), timestamp, packets: 0 }
  }

  /** Waits until a tone has arrived for `seconds` in all from now on. */
  async hears(frequency: number, seconds = 0.5, timeout?: number): Promise<void> {
    const after = this.#heard.length
    await eventually(() => {
      const sound: Sound = { rate: 8_000, samples: Float32Array.from(this.#heard.slice(after)) }
      const tones = tonesIn(sound)
      if (secondsOf(frequency, tones) < seconds)
        throw new Error(`no ${frequency} Hz arrived at port ${this.port}, but ${JSON.stringify(tones)}`)
    }, timeout)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.close()
  }

  #packet(): Buffer {
    if (this.#pressed) return this.#event(this.#pressed)
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

  #event(pressed: { readonly key: number; readonly timestamp: number; packets: number }): Buffer {
    const packet = Buffer.alloc(16)
    const first = pressed.packets++ === 0
    const over = pressed.packets > pressedPackets
    packet[0] = 0x80
    packet[1] = eventType | (first ? 0x80 : 0)
    packet.writeUInt16BE(this.#sent++ & 0xffff, 2)
    packet.writeUInt32BE(pressed.timestamp, 4)
    packet.writeUInt32BE(0x5eed, 8)
    packet[12] = pressed.key
    packet[13] = (over ? 0x80 : 0) | 10
    packet.writeUInt16BE(samplesOfPacket * Math.min(pressed.packets, pressedPackets), 14)
    if (pressed.packets === pressedPackets + endPackets) this.#pressed = undefined
    return packet
  }

  #take(packet: Buffer): void {
    if (packet.length < 12) return
    const type = (packet[1] ?? 0) & 0x7f
    if (type === eventType && packet.length >= 16 && packet.readUInt32BE(4) !== this.#keyAt) {
      this.#keyAt = packet.readUInt32BE(4)
      this.onKey(keypad[packet[12] ?? 0] ?? '?')
    }
    if (type !== 0) return
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
