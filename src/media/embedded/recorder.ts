import type { Clock, Timer } from '#lib'
import { pcmuOf } from './g711.ts'
import type { Listener } from './listener.ts'
import { WavFile } from './wav-file.ts'

const rate = 8 // samples per ms
export const flushMs = 500
/** Packets may come so much later than their neighbours and still find their place. */
const lateMs = 400
/** What is held in memory: more than ever waits between two flushes. */
const windowSamples = 32_000
/** A stream that is further than this from the clock begins a new place. */
const drift = 8000

/** One direction: samples laid out along the time of the recording, silent where nothing came. */
class Track implements Listener {
  readonly #recorder: Recorder
  readonly #window = new Int16Array(windowSamples)
  #ssrc = -1
  /** What is added to a timestamp to get the place. */
  #offset = 0

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  hear(samples: Int16Array, timestamp: number, ssrc: number, now: number): void {
    const here = this.#recorder.placeOf(now)
    let place = (timestamp + this.#offset) | 0
    if (ssrc !== this.#ssrc || Math.abs(place - here) > drift) {
      this.#ssrc = ssrc
      place = here
      this.#offset = (here - timestamp) | 0
    }
    const { written } = this.#recorder
    for (let i = 0; i < samples.length; i++) {
      const at = place + i
      if (at >= written && at < written + windowSamples) this.#window[at % windowSamples] = samples[i] as number
    }
  }

  /** Moves the samples from `place` on into each `step`th of `samples`, beginning with `first`. */
  moveTo(samples: Int16Array, first: number, step: number, place: number): void {
    const window = this.#window
    let from = place % windowSamples
    for (let to = first; to < samples.length; to += step) {
      samples[to] = window[from] as number
      window[from] = 0
      from = from + 1 === windowSamples ? 0 : from + 1
    }
  }

  close(): void {
    void this.#recorder.end('closed')
  }
}

export interface Recorded {
  readonly how: 'stopped' | 'full' | 'closed' | 'failed'
  readonly ms: number
  readonly reason?: string
}

export interface RecorderOptions {
  readonly path: string
  readonly law: 'pcm' | 'pcmu'
  /** Also what is sent to the peer, as the second channel. */
  readonly both: boolean
  readonly mostMs: number
  /** When it is written for the first time; recordings begun together are better not written together. Up to {@link flushMs}. */
  readonly firstMs: number
  readonly clock: Clock
  readonly now: () => number
  /** Nothing more is taken. */
  readonly ended: () => void
  /** Told once, when the file is complete. */
  readonly done: (recorded: Recorded) => void
}

/** Writes what a leg says, and what it hears, to a WAV file in the order of time. */
export class Recorder {
  readonly peer: Track
  readonly sent: Track | undefined
  readonly #options: RecorderOptions
  readonly #file: WavFile
  readonly #startedAt: number
  #timer: Timer | undefined
  #ending: Promise<void> | undefined
  #reason: string | undefined
  /** Samples of each channel that were handed to the file. */
  written = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#startedAt = options.now()
    this.peer = new Track(this)
    this.sent = options.both ? new Track(this) : undefined
    this.#file = new WavFile(options.path, options.law, options.both ? 2 : 1, (reason) => {
      this.#reason = reason
      void this.end('failed')
    })
    this.#arm(options.firstMs)
  }

  /** Where in the recording a moment is, in samples. */
  placeOf(now: number): number {
    return Math.round((now - this.#startedAt) * rate)
  }

  /** Takes nothing more. @returns resolves when the file is complete */
  end(how: Recorded['how']): Promise<void> {
    if (this.#ending) return this.#ending
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ending = promise
    void this.#finish(how).then(resolve)
    return promise
  }

  async #finish(how: Recorded['how']): Promise<void> {
    this.#options.clock.clearTimeout(this.#timer)
    this.#options.ended()
    this.#write(this.placeOf(this.#options.now()))
    await this.#file.close()
    const ms = Math.round(this.written / rate)
    this.#options.done(this.#reason === undefined ? { how, ms } : { how: 'failed', ms, reason: this.#reason })
  }

  #arm(ms: number = flushMs): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      const now = this.#options.now()
      this.#write(this.placeOf(now - lateMs))
      if (now - this.#startedAt >= this.#options.mostMs) void this.end('full')
      else this.#arm()
    }, ms)
  }

  #write(upTo: number): void {
    const { law, mostMs } = this.#options
    const end = Math.min(upTo, mostMs * rate)
    // After a stall the places beyond the window are silent; they are written in pieces all the same.
    while (this.written < end) {
      const count = Math.min(end - this.written, windowSamples)
      const tracks = this.sent ? [this.peer, this.sent] : [this.peer]
      const samples = new Int16Array(count * tracks.length)
      tracks.forEach((track, channel) => {
        track.moveTo(samples, channel, tracks.length, this.written)
      })
      this.written += count
      // Every machine that Node runs on today is little-endian, as WAV files are.
      if (law === 'pcm') this.#file.write(Buffer.from(samples.buffer))
      else this.#file.write(Buffer.from(samples.map((value) => pcmuOf[value & 0xffff] as number)))
    }
  }
}
