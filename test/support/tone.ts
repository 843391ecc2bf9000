import { readFileSync, writeFileSync } from 'node:fs'

/** Mono sound: samples from -1 to 1. */
export type Sound = { readonly rate: number; readonly samples: Float32Array }

/** A tone that was heard: its frequency in Hz (to the nearest 20), when (seconds), and its level in dB below full scale. */
export type Tone = {
  readonly frequency: number
  readonly from: number
  readonly to: number
  readonly level: number
}

/** Seconds of one analysed window; 50 ms make neighbouring multiples of 20 Hz independent of each other. */
const window = 0.05
const step = 20
const lowest = 200
const highest = 3_400
/** A window quieter than this holds no tone. */
const quietest = -45

/** A steady sine tone. */
export function makeTone(frequency: number, seconds: number, { rate = 8_000, level = -10 } = {}): Sound {
  const amplitude = 10 ** (level / 20) * Math.SQRT2
  const samples = new Float32Array(Math.round(seconds * rate))
  for (let i = 0; i < samples.length; i++) samples[i] = amplitude * Math.sin((2 * Math.PI * frequency * i) / rate)
  return { rate, samples }
}

/** Writes a 16 bit mono WAV file. */
export function writeWav(path: string, { rate, samples }: Sound): void {
  const file = Buffer.alloc(44 + samples.length * 2)
  file.write('RIFF', 0)
  file.writeUInt32LE(36 + samples.length * 2, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt32LE(rate * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples.length * 2, 40)
  samples.forEach((sample, i) => {
    file.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), 44 + i * 2)
  })
  writeFileSync(path, file)
}

/** Reads a 16 bit mono WAV file. One that is still being written, whose sizes are not filled in, is read to its end. */
export function readWav(path: string): Sound {
  const file = readFileSync(path)
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error(`${path} is no WAV file`)
  let rate = 0
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4)
    const size = file.readUInt32LE(at + 4)
    if (name === 'fmt ') {
      const [format, channels, bits] = [
        file.readUInt16LE(at + 8),
        file.readUInt16LE(at + 10),
        file.readUInt16LE(at + 22),
      ]
      if (![1, 0xfffe].includes(format) || channels !== 1 || bits !== 16)
        throw new Error(`${path} is not 16 bit mono (format ${format}, ${channels} channels, ${bits} bits)`)
      rate = file.readUInt32LE(at + 12)
    }
    if (name === 'data') {
      const bytes = size === 0 || at + 8 + size > file.length ? file.length - at - 8 : size
      const samples = new Float32Array(bytes >> 1)
      for (let i = 0; i < samples.length; i++) samples[i] = file.readInt16LE(at + 8 + i * 2) / 32_768
      return { rate, samples }
    }
    at += 8 + size + (size % 2)
  }
  throw new Error(`${path} has no data`)
}

/** One sound after the other; all have the same rate. */
export function concatenate(sounds: readonly Sound[]): Sound {
  const samples = new Float32Array(sounds.reduce((sum, sound) => sum + sound.samples.length, 0))
  let at = 0
  for (const sound of sounds) {
    if (sound.rate !== sounds[0]!.rate) throw new Error(`sounds of ${sounds[0]!.rate} and ${sound.rate} Hz`)
    samples.set(sound.samples, at)
    at += sound.samples.length
  }
  return { rate: sounds[0]?.rate ?? 8_000, samples }
}

/** The power of one frequency in `samples[from … from + length)`, of a scale where a sine's is its mean square (Goertzel). */
export function powerAt(frequency: number, { rate, samples }: Sound, from = 0, length = samples.length): number {
  const factor = 2 * Math.cos((2 * Math.PI * frequency) / rate)
  let before = 0
  let last = 0
  for (let i = from; i < from + length; i++) {
    const now = samples[i]! + factor * last - before
    before = last
    last = now
  }
  return (2 * (last * last + before * before - factor * last * before)) / (length * length)
}

/**
 * The tones of a sound, in the order they begin, each for as long as it lasted; several may sound at once.
 * A tone counts in a window when it holds a tenth of the window's power; it may be missing for one window within.
 */
export function tonesIn(sound: Sound): Tone[] {
  const length = Math.round(window * sound.rate)
  const found: { frequency: number; first: number; last: number; power: number; windows: number }[] = []
  for (let at = 0; (at + 1) * length <= sound.samples.length; at++) {
    for (const { frequency, power } of peaksIn(sound, at * length, length)) {
      const known = found.find((tone) => at - tone.last <= 2 && Math.abs(tone.frequency - frequency) <= step)
      if (!known) found.push({ frequency, first: at, last: at, power, windows: 1 })
      else if (known.last < at) {
        known.last = at
        known.power += power
        known.windows++
      }
    }
  }
  return found.map(({ frequency, first, last, power, windows }) => ({
    frequency,
    from: first * window,
    to: (last + 1) * window,
    level: Math.round(10 * Math.log10(power / windows)),
  }))
}

function peaksIn(sound: Sound, from: number, length: number): { frequency: number; power: number }[] {
  let total = 0
  for (let i = from; i < from + length; i++) total += sound.samples[i]! ** 2
  total /= length
  if (10 * Math.log10(total) < quietest) return []
  const powers: number[] = []
  for (let frequency = lowest - step; frequency <= highest + step; frequency += step)
    powers.push(powerAt(frequency, sound, from, length))
  const peaks: { frequency: number; power: number }[] = []
  for (let i = 1; i < powers.length - 1; i++) {
    const power = powers[i]!
    if (power >= total / 10 && power > powers[i - 1]! && power >= powers[i + 1]!)
      peaks.push({ frequency: lowest + (i - 1) * step, power })
  }
  return peaks
}

/** How long a frequency was heard in all, in seconds. */
export function secondsOf(frequency: number, tones: readonly Tone[]): number {
  const ours = tones.filter((tone) => Math.abs(tone.frequency - frequency) <= step)
  return ours.reduce((sum, tone) => sum + tone.to - tone.from, 0)
}

/** The longest silence of a frequency between two times that it was heard, in seconds; 0 when it never paused. */
export function longestGap(frequency: number, tones: readonly Tone[]): number {
  const ours = tones.filter((tone) => Math.abs(tone.frequency - frequency) <= step)
  return ours.slice(1).reduce((gap, tone, i) => Math.max(gap, tone.from - ours[i]!.to), 0)
}
