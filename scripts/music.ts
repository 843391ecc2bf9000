/**
 * Makes the music on hold: `node scripts/music.ts` writes src/media/voices/music/hold.wav (µ-law, 8 kHz), a loop of half a minute made of
 * sines. It was composed for Baton, so no licence is needed to play it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { writeWav } from '#media'

const rate = 8000
const beat = 0.5
/** Semitones above A3 (220 Hz): F, C, G, A minor, F, C, D minor, G. */
const chords = [
  [-4, 0, 3, 8],
  [-9, -5, 3, 7],
  [-2, 2, 5, 10],
  [0, 3, 7, 12],
  [-4, 0, 3, 8],
  [-9, -5, 3, 7],
  [-7, -4, 0, 5],
  [-2, 2, 5, 10],
]
/** Which note of the chord sounds on which of eight half beats. */
const figure = [0, 2, 1, 3, 2, 1, 3, 2]
const melody = [
  12,
  undefined,
  10,
  8,
  7,
  undefined,
  5,
  3,
  5,
  undefined,
  7,
  undefined,
  3,
  undefined,
  undefined,
  undefined,
]

const length = chords.length * figure.length * beat * rate
const mix = new Float64Array(length)

/** A plucked note; its tail runs over into the loop's beginning. */
function note(semitones: number, at: number, seconds: number, level: number): void {
  const hertz = 220 * 2 ** (semitones / 12)
  for (let i = 0; i < seconds * rate; i++) {
    const time = i / rate
    const envelope = Math.min(1, time / 0.012) * Math.exp(-2.4 * time) * Math.min(1, (seconds - time) / 0.05)
    const wave =
      Math.sin(2 * Math.PI * hertz * time) +
      0.35 * Math.exp(-3 * time) * Math.sin(4 * Math.PI * hertz * time) +
      0.12 * Math.exp(-6 * time) * Math.sin(6 * Math.PI * hertz * time)
    const index = (Math.round(at * rate) + i) % length
    mix[index] = mix[index]! + level * envelope * wave
  }
}

chords.forEach((chord, bar) => {
  const start = bar * figure.length * beat
  const bass = chord[0]!
  // Telephones cut what lies lower.
  note(bass < -6 ? bass + 12 : bass, start, 3.5, 0.5)
  figure.forEach((which, step) => {
    note(chord[which]!, start + step * beat, 1.8, 0.34)
  })
})
melody.forEach((semitones, step) => {
  if (semitones === undefined) return
  note(semitones, step * 4 * beat * 0.5, 2.2, 0.3)
  note(semitones, length / rate / 2 + step * 4 * beat * 0.5, 2.2, 0.22)
})

const loudest = mix.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
const folder = new URL('../src/media/voices/music/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(
  new URL('hold.wav', folder),
  writeWav(Int16Array.from(mix, (value) => Math.round((12_000 * value) / loudest))),
)
