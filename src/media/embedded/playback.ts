import type { Beaten } from './beat.ts'
import type { Player } from './player.ts'
import { toPcma } from './protocol.ts'
import type { RelayLeg } from './relay-leg.ts'

/** How long a sound waits for a way to a peer that has answered, before its time begins to pass. */
const patienceMs = 5000
/** Sources that are players have numbers beyond those of all legs. */
const firstSource = 0x1_0000_0000

/** A sound and the leg it is played to. */
export class Playback implements Beaten {
  readonly leg: RelayLeg
  readonly player: Player
  readonly #done: (how: 'ended' | 'stopped') => void
  #playing = false
  #waitedSince = 0

  constructor(leg: RelayLeg, player: Player, done: (how: 'ended' | 'stopped') => void) {
    this.leg = leg
    this.player = player
    this.#done = done
  }

  beat(now: number): void {
    const { sound } = this.leg
    if (sound === undefined) return
    if (sound === 0) this.#done('stopped')
    else if (this.#playing || this.#begins(now)) {
      const packet = this.player.next(sound & 0x7f, (sound & toPcma) !== 0, this.leg.events)
      if (packet) this.leg.play(packet, firstSource + this.player.id, now)
      else this.#done('ended')
    }
  }

  skipped(beats: number): void {
    if (this.#playing) this.player.pass(beats)
  }

  #begins(now: number): boolean {
    if (this.#waitedSince === 0) this.#waitedSince = now
    this.#playing = this.leg.reachable || now - this.#waitedSince >= patienceMs
    return this.#playing
  }
}
