/**
 * Makes Baton's own prompts: `node scripts/prompts.ts` speaks every text of src/media/voices/texts.ts with espeak-ng into
 * src/media/voices/prompts/LANGUAGE/NAME.wav (µ-law, 8 kHz), all equally loud, without silence around them. The files are in the
 * repository; nothing is spoken while the server runs.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promptTexts, readWav, writeWav } from '#media'

const voices = { en: 'en-gb', de: 'de' } as const
const folder = new URL('../src/media/voices/prompts/', import.meta.url)

/** Loudness of speech: the RMS that G.711 carries well, some 18 dB below overload. */
const rms = 3600
const peak = 28_000

/** Cut where the sound begins and ends, with a breath before and behind. */
function trimmed(samples: Int16Array, before = 160, behind = 560): Int16Array {
  const loud = (value: number): boolean => Math.abs(value) > 160
  const first = samples.findIndex(loud)
  const last = samples.findLastIndex(loud)
  if (first < 0) throw new Error('nothing was spoken')
  return samples.slice(Math.max(0, first - before), last + behind)
}

function levelled(samples: Int16Array): Int16Array {
  const voiced = samples.filter((value) => Math.abs(value) > 160)
  const power = voiced.reduce((sum, value) => sum + value * value, 0) / voiced.length
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const gain = Math.min(rms / Math.sqrt(power), peak / loudest)
  return samples.map((value) => Math.round(value * gain))
}

let bytes = 0
let count = 0
for (const [language, texts] of Object.entries(promptTexts)) {
  mkdirSync(new URL(`${language}/`, folder), { recursive: true })
  for (const [name, text] of Object.entries(texts)) {
    const voice = voices[language as keyof typeof voices]
    const spoken = execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-g', '2', '--stdin', '--stdout'], {
      input: text,
    })
    const wav = writeWav(levelled(trimmed(readWav(spoken))))
    writeFileSync(new URL(`${language}/${name}.wav`, folder), wav)
    bytes += wav.length
    count++
  }
}
console.log(`${count} prompts, ${Math.round(bytes / 1024)} KB`)
