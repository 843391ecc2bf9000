import type { Random } from '#lib'
import { type Playing, type PlayOptions, refusedPlaying } from '../port.ts'
import { cutsOf, type Sound } from '../voices/sound.ts'
import type { EmbeddedLeg } from './leg.ts'
import type { Command } from './protocol.ts'
import { soundOf } from './routes.ts'

/** The sounds that are being played, as the main thread knows them. */
export class Playings {
  readonly #send: (command: Command) => void
  readonly #random: Random
  /** By leg: a leg hears one at a time. */
  readonly #ends = new Map<number, { readonly playing: number; readonly end: (how: 'ended' | 'stopped') => void }>()
  #last = 0

  constructor(send: (command: Command) => void, random: Random) {
    this.#send = send
    this.#random = random
  }

  /** @param leg a live leg of this engine */
  play(leg: EmbeddedLeg, sound: Sound, { loop = false }: PlayOptions): Playing {
    const cuts = cutsOf(sound)
    if (leg.session && soundOf(leg.session.codecs) === 0) return refusedPlaying('no-g711')
    this.over(leg.number)
    const playing = ++this.#last
    const { promise, resolve } = Promise.withResolvers<'ended' | 'stopped'>()
    this.#ends.set(leg.number, { playing, end: resolve })
    this.#send({ op: 'play', leg: leg.number, playing, cuts, loop, seed: this.#random.integer(0xffff_ffff) })
    return {
      ended: promise,
      stop: () => {
        if (this.#ends.get(leg.number)?.playing !== playing) return
        this.#send({ op: 'stop', leg: leg.number, playing })
        this.over(leg.number)
      },
    }
  }

  /** The relay says that a sound is over. */
  played(leg: number, playing: number, how: 'ended' | 'stopped'): void {
    const known = this.#ends.get(leg)
    if (known?.playing !== playing) return
    this.#ends.delete(leg)
    known.end(how)
  }

  /** Whatever is played to the leg has ended. */
  over(leg: number): void {
    const known = this.#ends.get(leg)
    this.#ends.delete(leg)
    known?.end('stopped')
  }
}
