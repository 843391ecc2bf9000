import { describe, expect, it } from 'vitest'
import { convert, decodePcma, decodePcmu, pcmaOf, pcmaToPcmu, pcmuOf, pcmuToPcma } from './g711.ts'

const octets = Array.from({ length: 256 }, (_, octet) => octet)

/** G.711 table 2: y = sign · (2^segment · (2·step + 33) − 33), 14 bits, inverted on the line; here in 16 bits. */
function pcmuByFormula(octet: number): number {
  const inverted = 255 - octet
  const segment = Math.floor((inverted % 128) / 16)
  const magnitude = 2 ** segment * (2 * (inverted % 16) + 33) - 33
  return (inverted >= 128 ? -magnitude : magnitude) * 4
}

/** G.711 table 1: 13 bits, even bits inverted on the line; here in 16 bits. */
function pcmaByFormula(octet: number): number {
  const plain = octet ^ 0b0101_0101
  const segment = Math.floor((plain % 128) / 16)
  const step = plain % 16
  const magnitude = segment === 0 ? 2 * step + 1 : 2 ** (segment - 1) * (2 * step + 33)
  return (plain >= 128 ? magnitude : -magnitude) * 8
}

describe('G.711', () => {
  it('decodes as the recommendation says', () => {
    for (const octet of octets) {
      expect(decodePcmu(octet) + 0).toBe(pcmuByFormula(octet) + 0)
      expect(decodePcma(octet)).toBe(pcmaByFormula(octet))
    }
    expect(decodePcmu(0x80)).toBe(32124)
    expect(decodePcma(0xaa)).toBe(32256)
    expect(decodePcma(0xd5)).toBe(8)
  })

  it('converts every octet to the nearest one of the other law', () => {
    for (const octet of octets) {
      const [u, a] = [pcmuByFormula(octet), pcmaByFormula(octet)]
      expect(Math.abs(pcmaByFormula(pcmuToPcma[octet]!) - u)).toBe(
        Math.min(...octets.map((o) => Math.abs(pcmaByFormula(o) - u))),
      )
      expect(Math.abs(pcmuByFormula(pcmaToPcmu[octet]!) - a)).toBe(
        Math.min(...octets.map((o) => Math.abs(pcmuByFormula(o) - a))),
      )
    }
  })

  it('converts only the octets asked for', () => {
    const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff)
    convert(bytes, 1, 3, pcmuToPcma)
    expect([...bytes]).toEqual([0xff, 0xd5, 0xd5, 0xff])
  })
})

describe('encoding', () => {
  it('finds the octet of every octet’s own value, and a near one for every value', () => {
    for (const octet of octets) {
      // Negative zero of µ-law is said as zero.
      if (octet !== 0x7f) expect(pcmuOf[decodePcmu(octet) & 0xffff]).toBe(octet)
      expect(pcmaOf[decodePcma(octet) & 0xffff]).toBe(octet)
    }
    for (let value = -32_768; value < 32_768; value++) {
      const size = Math.abs(value)
      const [u, a] = [decodePcmu(pcmuOf[value & 0xffff]!), decodePcma(pcmaOf[value & 0xffff]!)]
      // Half a step: 1/33 of what it is, at least 4 or 8; beyond the last octet there is no nearer one.
      if (Math.abs(u - value) > Math.max(4, (size + 132) / 32) && size < 32_124)
        expect.fail(`µ-law of ${value} is ${u}`)
      if (Math.abs(a - value) > Math.max(8, size / 32) && size < 32_256) expect.fail(`A-law of ${value} is ${a}`)
    }
  })
})
