import { readFileSync } from 'node:fs'

/**
 * The samples of a WAV file with G.711 μ-law, 8 kHz, one channel; one byte each.
 * @throws Error when the file is something else
 */
export function readVoice(file: URL): Buffer {
  const bytes = readFileSync(file)
  let offset = 12
  let fits = false
  while (offset + 8 <= bytes.length) {
    const name = bytes.toString('latin1', offset, offset + 4)
    const size = bytes.readUInt32LE(offset + 4)
    const start = offset + 8
    // Format 7 is μ-law.
    if (name === 'fmt ')
      fits =
        bytes.readUInt16LE(start) === 7 && bytes.readUInt16LE(start + 2) === 1 && bytes.readUInt32LE(start + 4) === 8000
    if (name === 'data' && fits) return bytes.subarray(start, start + size)
    offset = start + size + (size % 2)
  }
  throw new Error(`${file.pathname} is no WAV file with μ-law, 8 kHz and one channel`)
}
