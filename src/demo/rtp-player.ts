import { createSocket, type Socket } from 'node:dgram'
import type { Clock, Random, Timer } from '#lib'

const frameMs = 20
const frameBytes = 160
/** μ-law silence. */
const silence = Buffer.alloc(frameBytes, 0xff)

/** Where the other side takes sound, and the payload type of keys where it knows them. */
export interface Media {
  readonly address: string
  readonly port: number
  readonly keys?: number
}

/** How long a key is held, and how often its end is said, as one packet may be lost (RFC 4733 §2.5.1.4), in frames. */
const keyFrames = 8
const endFrames = 3
/** Volume of a key's tone: -10 dBm0. */
const keyVolume = 10

/** Plays μ-law samples as RTP (RFC 3550, payload type 0), and takes what comes back without looking at it. */
export class RtpPlayer {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #source: number
  #sequence: number
  #timestamp: number
  #timer: Timer | undefined
  #closed = false
  #key: { readonly digit: number; readonly timestamp: number; sent: number } | undefined
  /** Packets that came from the other side. */
  heard = 0

  private constructor(socket: Socket, clock: Clock, random: Random) {
    this.#socket = socket
    this.#clock = clock
    this.#source = random.integer(0xffffffff)
    this.#sequence = random.integer(0xffff)
    this.#timestamp = random.integer(0xffffffff)
    socket.on('message', () => {
      this.heard++
    })
    // A far side that closed its port first is no fault of ours.
    socket.on('error', () => {})
  }

  static async open(address: string, clock: Clock, random: Random): Promise<RtpPlayer> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, address, () => {
        socket.removeListener('error', reject)
        resolve()
      })
    })
    return new RtpPlayer(socket, clock, random)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** Plays the samples a number of times with a pause of `pauseMs` before each, then calls `done`. */
  play(samples: Buffer, to: Media, times: number, pauseMs: number, done: () => void): void {
    this.#clock.clearTimeout(this.#timer)
    const pauseFrames = pauseMs / frameMs
    const frames = Math.ceil(samples.length / frameBytes)
    const round = pauseFrames + frames
    const startedAt = this.#clock.now()
    let sent = 0
    const next = (): void => {
      if (this.#closed) return
      // Late timers are caught up with, so that the sound keeps its speed.
      const due = Math.floor((this.#clock.now() - startedAt) / frameMs) + 1
      for (; sent < due && sent < round * times; sent++) {
        const frame = (sent % round) - pauseFrames
        const sound = frame < 0 ? silence : samples.subarray(frame * frameBytes, (frame + 1) * frameBytes)
        if (!this.#sendKey(to)) this.#send(sound, to, sent === 0)
      }
      if (sent >= round * times) {
        done()
        return
      }
      this.#timer = this.#clock.setTimeout(next, Math.max(0, startedAt + sent * frameMs - this.#clock.now()))
    }
    next()
  }

  /** Presses a key (0 to 9) in the place of the sound; nothing happens where the other side takes no keys. */
  press(digit: number): void {
    this.#key ??= { digit, timestamp: this.#timestamp, sent: 0 }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#clock.clearTimeout(this.#timer)
    this.#socket.close()
  }

  #send(sound: Buffer, to: Media, first: boolean): void {
    const packet = this.#headed(first ? 0x80 : 0, this.#timestamp, frameBytes)
    packet.fill(0xff, 12)
    sound.copy(packet, 12)
    this.#sent(packet, to)
  }

  /** The packet of a key that is being pressed (RFC 4733 §2.3), if one is. */
  #sendKey(to: Media): boolean {
    const key = this.#key
    if (!key || to.keys === undefined) return false
    const frame = key.sent++
    const ends = frame >= keyFrames
    const packet = this.#headed(to.keys | (frame === 0 ? 0x80 : 0), key.timestamp, 4)
    packet[12] = key.digit
    packet[13] = keyVolume | (ends ? 0x80 : 0)
    packet.writeUInt16BE(Math.min(frame + 1, keyFrames) * frameBytes, 14)
    if (frame === keyFrames + endFrames - 1) this.#key = undefined
    this.#sent(packet, to)
    return true
  }

  /** @param type payload type with the marker bit */
  #headed(type: number, timestamp: number, payload: number): Buffer {
    const packet = Buffer.alloc(12 + payload)
    packet[0] = 0x80
    packet[1] = type
    packet.writeUInt16BE(this.#sequence, 2)
    packet.writeUInt32BE(timestamp, 4)
    packet.writeUInt32BE(this.#source, 8)
    return packet
  }

  #sent(packet: Buffer, { address, port }: Media): void {
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + frameBytes) >>> 0
    this.#socket.send(packet, port, address)
  }
}
