import { createSocket, type Socket } from 'node:dgram'
import type { Clock, Random, Timer } from '#lib'

const frameMs = 20
const frameBytes = 160
/** μ-law silence. */
const silence = Buffer.alloc(frameBytes, 0xff)

/** Plays μ-law samples as RTP (RFC 3550, payload type 0), and takes what comes back without looking at it. */
export class RtpPlayer {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #packet: Buffer
  #sequence: number
  #timestamp: number
  #timer: Timer | undefined
  #closed = false
  /** Packets that came from the other side. */
  heard = 0

  private constructor(socket: Socket, clock: Clock, random: Random) {
    this.#socket = socket
    this.#clock = clock
    this.#packet = Buffer.alloc(12 + frameBytes)
    this.#packet[0] = 0x80
    this.#packet.writeUInt32BE(random.integer(0xffffffff), 8)
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

  /** Plays the samples a number of times with a pause before each, then calls `done`. */
  play(
    samples: Buffer,
    to: { readonly address: string; readonly port: number },
    times: number,
    done: () => void,
  ): void {
    this.#clock.clearTimeout(this.#timer)
    const pauseFrames = 50
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
        this.#send(sound, to, sent === 0)
      }
      if (sent >= round * times) {
        done()
        return
      }
      this.#timer = this.#clock.setTimeout(next, startedAt + sent * frameMs - this.#clock.now())
    }
    next()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#clock.clearTimeout(this.#timer)
    this.#socket.close()
  }

  #send(sound: Buffer, { address, port }: { readonly address: string; readonly port: number }, first: boolean): void {
    const packet = this.#packet
    packet[1] = first ? 0x80 : 0
    packet.writeUInt16BE(this.#sequence, 2)
    packet.writeUInt32BE(this.#timestamp, 4)
    packet.fill(0xff, 12)
    sound.copy(packet, 12)
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + frameBytes) >>> 0
    this.#socket.send(Buffer.from(packet), port, address)
  }
}
