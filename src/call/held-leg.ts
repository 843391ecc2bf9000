import type { Timer } from '#lib'
import type { Playing, PlayOptions, Recording, RecordOptions, Sound } from '#media'
import type { Core } from './core.ts'
import { callDigits, type DialPart } from './dial-string.ts'
import type { Leg, Party } from './leg.ts'

/** The far end of a held leg has hung up, or the call was ended: what was asked of the leg cannot be had any more. */
export class LegEnded extends Error {
  readonly leg: HeldLeg

  constructor(leg: HeldLeg) {
    super(`${leg.party.station} has hung up`)
    this.leg = leg
  }
}

/** Which keys are waited for. */
export interface DigitsWanted {
  /** As many as this; default 1. */
  readonly count?: number
  /** Ends the input before: `#`. */
  readonly end?: string
  /** How long for the first, and then for each further one, in ms. Without it as long as they are there. */
  readonly waitMs?: number
  /** Ends the wait; what has been pressed is taken. */
  readonly signal?: AbortSignal
}

/**
 * Somebody who has answered and is kept on the line by a service: hears sounds, presses keys, and is joined with somebody else later. What
 * waits for something rejects with {@link LegEnded} when they hang up.
 */
export class HeldLeg {
  readonly leg: Leg
  readonly answeredAt: number
  readonly #core: Core
  readonly #keys: string[] = []
  readonly #onKey = new Set<() => void>()
  readonly #onEnd = new Set<() => void>()
  #playing: Playing | undefined
  #ended = false

  constructor(core: Core, leg: Leg) {
    this.#core = core
    this.leg = leg
    this.answeredAt = core.clock.now()
    leg.keys = (digit) => {
      this.#keys.push(digit)
      for (const listener of [...this.#onKey]) listener()
    }
  }

  get party(): Party {
    return this.leg.party
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Called when the far end hangs up, is lost or is released. Returns an unsubscribe function. */
  onEnd(listener: () => void): () => void {
    this.#onEnd.add(listener)
    return () => this.#onEnd.delete(listener)
  }

  /** Plays a sound, in the place of the one before. */
  play(sound: Sound, options?: PlayOptions): Playing {
    this.#playing = this.#core.anchored.play(this.leg.media, sound, options)
    return this.#playing
  }

  stopPlaying(): void {
    this.#playing?.stop()
    this.#playing = undefined
  }

  /** Plays a sound to its end. One that cannot be played is left out. */
  async say(sound: Sound): Promise<void> {
    await this.while(this.play(sound).ended)
  }

  /** Records what the far end says to a new file. It ends with the leg. */
  record(file: string, options?: RecordOptions): Recording {
    return this.#core.anchored.record(this.leg.media, file, options)
  }

  /** Keys that tones stand for are understood too: for legs to the telephone network. */
  hearTones(): void {
    this.#core.anchored.hearTones(this.leg.media, true)
  }

  /** Forgets keys that were pressed and not asked for. */
  clearDigits(): void {
    this.#keys.length = 0
  }

  /** The keys pressed so far and not taken; those pressed from now on until there are enough, or none comes in time. */
  async digits({ count = 1, end = '', waitMs, signal }: DigitsWanted): Promise<string> {
    let taken = ''
    while (taken.length < count && !signal?.aborted) {
      const key = this.#keys.shift()
      if (key === undefined) {
        if (!(await this.#nextKey(waitMs, signal))) break
      } else if (key === end) break
      else taken += key
    }
    return taken
  }

  /**
   * Presses keys: `1,,2w3` is 1, four seconds, 2, a pause in what the far end says, 3.
   * @throws RangeError with what is allowed
   */
  async sendDigits(dialString: string): Promise<void> {
    for (const part of callDigits(dialString)) await this.#send(part)
  }

  /** Waits until the far end has said something and then paused. */
  async pause(options?: { quietMs?: number; timeoutMs?: number }): Promise<'pause' | 'timeout'> {
    const how = await this.while(this.#core.anchored.pause(this.leg.media, options))
    if (how === 'gone') throw new LegEnded(this)
    return how
  }

  async wait(ms: number): Promise<void> {
    const { clock } = this.#core
    let timer: Timer | undefined
    const passed = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, ms)
    })
    try {
      await this.while(passed)
    } finally {
      clock.clearTimeout(timer)
    }
  }

  /** Waits for something as long as the far end is there. */
  async while<T>(work: Promise<T>): Promise<T> {
    if (this.#ended) throw new LegEnded(this)
    let forget = (): void => {}
    const gone = new Promise<never>((_, reject) => {
      forget = this.onEnd(() => reject(new LegEnded(this)))
    })
    try {
      return await Promise.race([work, gone])
    } finally {
      forget()
    }
  }

  /** The leg is somebody else's now: nothing more is played to it, its keys are its own. */
  letGo(): void {
    this.stopPlaying()
    this.leg.keys = undefined
    this.#core.anchored.hearTones(this.leg.media, false)
  }

  /** Tells everybody who waits that the far end has gone. */
  hungUp(): void {
    if (this.#ended) return
    this.#ended = true
    this.#playing?.stop()
    for (const listener of [...this.#onEnd]) listener()
  }

  async #send(part: DialPart): Promise<void> {
    if (part.kind === 'keys') await this.say({ keys: part.keys })
    else if (part.kind === 'silence') await this.wait(part.ms)
    else await this.pause()
  }

  /** Whether a key was pressed in time. */
  async #nextKey(ms: number | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    const { clock } = this.#core
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const pressed = (): void => resolve(true)
    const given = (): void => resolve(false)
    this.#onKey.add(pressed)
    signal?.addEventListener('abort', given)
    const timer = ms === undefined ? undefined : clock.setTimeout(given, ms)
    try {
      return await this.while(promise)
    } finally {
      this.#onKey.delete(pressed)
      signal?.removeEventListener('abort', given)
      clock.clearTimeout(timer)
    }
  }
}
