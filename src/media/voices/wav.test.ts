import { describe, expect, it } from 'vitest'
import { makeTone, powerAt } from '../../../test/support/tone.ts'
import { decodePcmu } from '../embedded/g711.ts'
import { resample } from './resample.ts'
import { readWav, WavError, wavHeader, writeWav } from './wav.ts'

/** A WAV file with 16-bit PCM; channels of the same sound. */
function pcm(rate: number, samples: Float32Array, channels = 1, chunks: Buffer[] = []): Buffer {
  const data = Buffer.alloc(2 * channels * samples.length)
  samples.forEach((value, i) => {
    for (let c = 0; c < channels; c++) data.writeInt16LE(Math.round(value * 32_767), 2 * (i * channels + c))
  })
  const format = Buffer.alloc(24)
  format.write('fmt ')
  format.writeUInt32LE(16, 4)
  format.writeUInt16LE(1, 8)
  format.writeUInt16LE(channels, 10)
  format.writeUInt32LE(rate, 12)
  format.writeUInt16LE(16, 22)
  const head = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1')
  return Buffer.concat([head, ...chunks, format, Buffer.from('data'), size(data.length), data])
}

function size(bytes: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(bytes)
  return buffer
}

function sound(samples: Int16Array) {
  return { rate: 8000, samples: Float32Array.from(samples, (value) => value / 32_768) }
}

describe('a WAV file', () => {
  it.each([8000, 11_025, 16_000, 22_050, 44_100, 48_000])('of %d Hz is read at 8 kHz with its tone', (rate) => {
    const tone = makeTone(1000, 1, { rate, level: -12 })
    for (const channels of [1, 2]) {
      const read = readWav(pcm(rate, tone.samples, channels))
      expect(read).toHaveLength(8000)
      const middle = sound(read.subarray(1000, 7000))
      // -12 dBFS with the peak √2 above: a power of -12 dB.
      expect(10 * Math.log10(powerAt(1000, middle))).toBeCloseTo(-12, 0)
      expect(powerAt(1100, middle)).toBeLessThan(1e-6)
    }
  })

  it('loses what 8 kHz cannot carry instead of mirroring it', () => {
    const read = readWav(pcm(48_000, makeTone(5000, 1, { rate: 48_000, level: -6 }).samples))
    const loudest = read.subarray(500, 7500).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(loudest).toBeLessThan(20)
    expect(
      10 *
        Math.log10(
          powerAt(
            3400,
            sound(
              resample(
                Int16Array.from(makeTone(3400, 1, { rate: 16_000 }).samples, (v) => v * 32_767),
                16_000,
                8000,
              ),
            ),
          ),
        ),
    ).toBeCloseTo(-10, 0)
  })

  it('may have other chunks first, odd ones too, and sizes never filled in', () => {
    const { samples } = makeTone(440, 0.1)
    const list = Buffer.concat([Buffer.from('LIST'), size(3), Buffer.from('abc\0')])
    const whole = pcm(8000, samples, 1, [list])
    const expected = readWav(whole)
    expect(expected).toHaveLength(800)
    for (const unfinished of [0, 0xffff_ffff]) {
      const broken = Buffer.from(whole)
      broken.writeUInt32LE(unfinished, broken.indexOf('data') + 4)
      expect(readWav(broken)).toEqual(expected)
    }
  })

  it('of ours is µ-law and reads back as what µ-law makes of it', () => {
    const samples = Int16Array.from({ length: 256 }, (_, octet) => decodePcmu(octet))
    const file = writeWav(samples)
    expect(file.subarray(0, 46)).toEqual(wavHeader('pcmu', 1, 256))
    expect(file.readUInt32LE(4)).toBe(file.length - 8)
    expect([...readWav(file)].map((value) => value + 0)).toEqual([...samples].map((value) => value + 0))
    const odd = writeWav(samples.slice(0, 3))
    expect(odd.length).toBe(50)
    expect(readWav(odd)).toHaveLength(3)
  })

  it.each([
    [Buffer.from('ID3 this is an mp3 file'), /no WAV file; allowed are 16-bit PCM and G.711/],
    [Buffer.alloc(0), /no WAV file/],
    [Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), /has no data/],
    [Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEdata\0\0\0\0', 'latin1')]), /data come before its format/],
    [Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt \u0004\0\0\0abcd', 'latin1')]), /format is cut off/],
    [pcm(96_000, new Float32Array(8)), /96000 Hz; allowed are/],
    [pcm(8000, new Float32Array(8), 6), /6 channels/],
  ])('that cannot be played is refused with what is allowed', (bytes, words) => {
    expect(() => readWav(bytes)).toThrow(WavError)
    expect(() => readWav(bytes)).toThrow(words)
  })
})
