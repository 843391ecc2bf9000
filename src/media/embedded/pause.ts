import type { Clock, Timer } from '#lib'
import type { Listener } from './listener.ts'

/** Sound above this can be speech: some 40 dB below a full sine. */
const quietest = 0.5 * 32_768 ** 2 * 1e-4
/** How far speech rises above the noise of the line: 9 dB. */
const above = 8
/** Sound of so many ms in all is speech; less is a click. */
const spokenMs = 200
const lookMs = 50

/** Waits until somebody has spoken and then pauses. Music counts as speech, and for some seconds so does a steady tone or noise. */
export class PauseWait implements Listener {
  readonly #clock: Clock
  readonly #now: () => number
  readonly #quietMs: number
  readonly #done: (how: 'pause' | 'timeout' | 'gone') => void
  readonly #endsAt: number
  #timer: Timer | undefined
  #noise = quietest / above
  #loudMs = 0
  #loudAt = 0

  constructor(
    clock: Clock,
    now: () => number,
    quietMs: number,
    timeoutMs: number,
    done: (how: 'pause' | 'timeout' | 'gone') => void,
  ) {
    this.#clock = clock
    this.#now = now
    this.#quietMs = quietMs
    this.#done = done
    this.#endsAt = now() + timeoutMs
    this.#arm()
  }

  hear(samples: Int16Array, _timestamp: number, _ssrc: number, now: number): void {
    let power = 0
    for (const sample of samples) power += sample * sample
    power /= samples.length || 1
    // The floor follows what is quiet at once, and what has become louder within some seconds.
    this.#noise = Math.min(power, this.#noise * 1.01)
    if (power < quietest || power < this.#noise * above) return
    this.#loudMs += samples.length / 8
    this.#loudAt = now
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#done('gone')
  }

  #arm(): void {
    this.#timer = this.#clock.setTimeout(() => this.#look(), lookMs)
  }

  #look(): void {
    const now = this.#now()
    if (this.#loudMs >= spokenMs && now - this.#loudAt >= this.#quietMs) this.#done('pause')
    else if (now >= this.#endsAt) this.#done('timeout')
    else this.#arm()
  }
}
