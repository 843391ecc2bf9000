import type { Listener } from './listener.ts'

/**
 * Finds keys that are pressed as tones in the sound (ITU-T Q.23, Q.24): eight Goertzel filters over blocks of 12.75 ms, a new one each
 * 6.4 ms. A tone of 40 ms is found, one of 24 ms or speech that comes near a tone for a moment is not.
 */

const rows = [697, 770, 852, 941] as const
const columns = [1209, 1336, 1477, 1633] as const
const names = ['123A', '456B', '789C', '*0#D'] as const
const blockSamples = 102
const hopSamples = 51
/** As many blocks in a row must be alike; those at the ends may lie in the tone by two thirds only: 30 ms at least. */
const hits = 5
/** As many blocks without end a key; a drop-out of 10 ms does not. */
const misses = 4
/** Mean square of the weaker tone: -36 dB below a full sine. */
const quietest = 0.5 * 32_768 ** 2 * 10 ** -3.6
/** How much stronger the upper and the lower tone may be than the other: 4 and 8 dB, and for what one filter takes of the other tone. */
const upperTwist = 10 ** 0.5
const lowerTwist = 10 ** 1.1
/** How far the tones stand out from the others of their group: 6 dB. */
const peak = 10 ** 0.6
/** How much of all the power lies in the two tones; speech spreads. */
const purity = 0.68

const factors = [...rows, ...columns].map((hertz) => 2 * Math.cos((2 * Math.PI * hertz) / 8000))

export class InbandKeys implements Listener {
  readonly #pressed: (digit: string, durationMs: number) => void
  readonly #block = new Float64Array(blockSamples)
  #filled = 0
  #candidate = ''
  #alike = 0
  /** The key that is held, '' for none. */
  #held = ''
  #heldBlocks = 0
  #missed = 0

  constructor(pressed: (digit: string, durationMs: number) => void) {
    this.#pressed = pressed
  }

  hear(samples: Int16Array): void {
    for (const sample of samples) {
      this.#block[this.#filled++] = sample
      if (this.#filled < blockSamples) continue
      this.#judge(keyIn(this.#block))
      this.#block.copyWithin(0, hopSamples)
      this.#filled = blockSamples - hopSamples
    }
  }

  close(): void {}

  #judge(key: string): void {
    if (key !== '' && key === this.#candidate) this.#alike++
    else {
      this.#candidate = key
      this.#alike = 1
    }
    if (this.#held !== '') {
      if (key === this.#held) {
        this.#heldBlocks += 1 + this.#missed
        this.#missed = 0
        return
      }
      this.#missed++
      const another = key !== '' && this.#alike >= hits
      if (this.#missed < misses && !another) return
      const ms = Math.round(((this.#heldBlocks - 1) * hopSamples + blockSamples) / 8)
      this.#pressed(this.#held, ms)
      this.#held = ''
    }
    if (key === '' || this.#alike < hits) return
    this.#held = key
    this.#heldBlocks = this.#alike
    this.#missed = 0
  }
}

/** The key of a block, '' for none. */
function keyIn(block: Float64Array): string {
  let total = 0
  for (const sample of block) total += sample * sample
  total /= block.length
  if (total < 2 * quietest) return ''
  const powers = factors.map((factor) => powerOf(block, factor))
  const row = strongest(powers, 0)
  const column = strongest(powers, 4)
  if (row < 0 || column < 0) return ''
  const low = powers[row] as number
  const high = powers[column] as number
  if (low < quietest || high < quietest || high > low * upperTwist || low > high * lowerTwist) return ''
  return low + high < purity * total ? '' : (names[row]?.[column - 4] as string)
}

/** Index of the strongest of four, when it stands out; else -1. */
function strongest(powers: readonly number[], from: number): number {
  let best = from
  for (let i = from + 1; i < from + 4; i++) if ((powers[i] as number) > (powers[best] as number)) best = i
  for (let i = from; i < from + 4; i++)
    if (i !== best && (powers[i] as number) * peak > (powers[best] as number)) return -1
  return best
}

/** Mean square of the sine of one frequency in the block. */
function powerOf(block: Float64Array, factor: number): number {
  let before = 0
  let last = 0
  for (let i = 0; i < block.length; i++) {
    const now = (block[i] as number) + factor * last - before
    before = last
    last = now
  }
  return (2 * (last * last + before * before - factor * last * before)) / (block.length * block.length)
}
