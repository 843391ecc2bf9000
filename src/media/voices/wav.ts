import { decodePcma, decodePcmu, pcmuOf } from '../embedded/g711.ts'
import { resample } from './resample.ts'
import { sampleRate } from './samples.ts'

/** A file that is no WAV file that we can play; the message says why and what is allowed. */
export class WavError extends Error {}

/** Half an hour at the dearest rate. Longer files are no prompts. */
const mostSeconds = 1800
const allowed = 'allowed are 16-bit PCM and G.711 with 8 to 48 kHz, one or two channels'

interface Format {
  readonly code: number
  readonly channels: number
  readonly rate: number
  readonly bits: number
}

/**
 * The sound of a WAV file (16-bit PCM, µ-law or A-law; one or two channels; 8 to 48 kHz) as samples of 8 kHz. Two channels become one.
 * A file whose sizes were never filled in is read to its end.
 * @throws WavError
 */
export function readWav(bytes: Buffer): Int16Array {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new WavError(`this is no WAV file; ${allowed}`)
  let format: Format | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const start = at + 8
    if (name === 'fmt ') format = formatOf(bytes.subarray(start, start + size))
    if (name === 'data') {
      if (!format) throw new WavError('the WAV file is broken: its data come before its format')
      const open = size === 0 || size === 0xffff_ffff || start + size > bytes.length
      return samplesOf(bytes.subarray(start, open ? bytes.length : start + size), format)
    }
    at = start + size + (size & 1)
  }
  throw new WavError('the WAV file is broken: it has no data')
}

function formatOf(bytes: Buffer): Format {
  if (bytes.length < 16) throw new WavError('the WAV file is broken: its format is cut off')
  const [channels, rate, bits] = [bytes.readUInt16LE(2), bytes.readUInt32LE(4), bytes.readUInt16LE(14)]
  const outer = bytes.readUInt16LE(0)
  // WAVE_FORMAT_EXTENSIBLE: the real format begins its GUID.
  const code = outer === 0xfffe && bytes.length >= 26 ? bytes.readUInt16LE(24) : outer
  const fits = code === 1 ? bits === 16 : (code === 6 || code === 7) && bits === 8
  if (!fits || (channels !== 1 && channels !== 2) || rate < 8000 || rate > 48_000)
    throw new WavError(`the WAV file has format ${code}, ${bits} bits, ${channels} channels, ${rate} Hz; ${allowed}`)
  return { code, channels, rate, bits }
}

function samplesOf(bytes: Buffer, { code, channels, rate, bits }: Format): Int16Array {
  const count = Math.floor(bytes.length / (channels * (bits / 8)))
  if (count > mostSeconds * rate) throw new WavError(`the WAV file is longer than ${mostSeconds} s`)
  const value = (i: number): number =>
    code === 1 ? bytes.readInt16LE(2 * i) : code === 7 ? decodePcmu(bytes[i]!) : decodePcma(bytes[i]!)
  const samples = new Int16Array(count)
  for (let i = 0; i < count; i++)
    samples[i] = channels === 1 ? value(i) : Math.round((value(2 * i) + value(2 * i + 1)) / 2)
  return rate === sampleRate ? samples : resample(samples, rate, sampleRate)
}

/** The first 44 or 46 bytes of a WAV file of 8 kHz. @param dataBytes how long the data behind it are */
export function wavHeader(law: 'pcm' | 'pcmu', channels: 1 | 2, dataBytes: number): Buffer {
  const pcm = law === 'pcm'
  const width = channels * (pcm ? 2 : 1)
  const header = Buffer.alloc(pcm ? 44 : 46)
  header.write('RIFF')
  header.writeUInt32LE(header.length - 8 + dataBytes + (dataBytes & 1), 4)
  header.write('WAVEfmt ', 8)
  // Formats other than PCM have an extension, an empty one here.
  header.writeUInt32LE(pcm ? 16 : 18, 16)
  header.writeUInt16LE(pcm ? 1 : 7, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(sampleRate, 24)
  header.writeUInt32LE(sampleRate * width, 28)
  header.writeUInt16LE(width, 32)
  header.writeUInt16LE(pcm ? 16 : 8, 34)
  header.write('data', header.length - 8)
  header.writeUInt32LE(dataBytes, header.length - 4)
  return header
}

/** A WAV file of one channel with µ-law, half the size of PCM and all that G.711 can carry. */
export function writeWav(samples: Int16Array): Buffer {
  const data = Buffer.alloc(samples.length + (samples.length & 1), pcmuOf[0])
  for (let i = 0; i < samples.length; i++) data[i] = pcmuOf[(samples[i] as number) & 0xffff] as number
  return Buffer.concat([wavHeader('pcmu', 1, samples.length), data])
}
