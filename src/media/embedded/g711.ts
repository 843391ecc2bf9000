/** PCMU ⇄ PCMA by table (ITU-T G.711). */

/** Linear value, 16 bits, of a µ-law octet. */
export function decodePcmu(octet: number): number {
  const bits = ~octet & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84
  return bits & 0x80 ? -magnitude : magnitude
}

/** Linear value, 16 bits, of an A-law octet. */
export function decodePcma(octet: number): number {
  const bits = octet ^ 0x55
  const segment = (bits & 0x70) >> 4
  const base = ((bits & 0x0f) << 4) + 8
  const magnitude = segment === 0 ? base : (base + 0x100) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

/** Each octet of one law becomes the octet of the other that sounds nearest; of two as near the louder one, zero keeps its sign. */
function table(from: (octet: number) => number, to: (octet: number) => number): Uint8Array {
  const result = new Uint8Array(256)
  for (let octet = 0; octet < 256; octet++) {
    const value = from(octet)
    // The upper bit is set for positive values in both laws.
    const sign = octet & 0x80
    let best = sign
    for (let candidate = sign; candidate < sign + 128; candidate++) {
      const distance = Math.abs(to(candidate) - value) - Math.abs(to(best) - value)
      if (distance < 0 || (distance === 0 && Math.abs(to(candidate)) > Math.abs(to(best)))) best = candidate
    }
    result[octet] = best
  }
  return result
}

export const pcmuToPcma: Uint8Array = table(decodePcmu, decodePcma)
export const pcmaToPcmu: Uint8Array = table(decodePcma, decodePcmu)

/** Converts the octets from `start` to `end` in place. */
export function convert(octets: Uint8Array, start: number, end: number, conversion: Uint8Array): void {
  for (let i = start; i < end; i++) octets[i] = conversion[octets[i] as number] as number
}

/** The G.711 octet of a linear value of 16 bits, by the value's 16 bits as an index. */
function encoder(encode: (value: number) => number): Uint8Array {
  const result = new Uint8Array(0x1_0000)
  for (let bits = 0; bits < 0x1_0000; bits++) result[bits] = encode(bits < 0x8000 ? bits : bits - 0x1_0000)
  return result
}

function encodePcmu(value: number): number {
  const magnitude = Math.min(32_635, Math.abs(value)) + 0x84
  const exponent = 31 - Math.clz32(magnitude) - 7
  return ~((value < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff
}

function encodePcma(value: number): number {
  // Negative values lie below zero by one step: -1 to -16 are the first step (G.711 table 1).
  const magnitude = Math.min(32_767, value < 0 ? -value - 1 : value)
  const exponent = Math.max(0, 31 - Math.clz32(magnitude | 1) - 7)
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f
  return ((value < 0 ? 0 : 0x80) | (exponent << 4) | mantissa) ^ 0x55
}

export const pcmuOf: Uint8Array = encoder(encodePcmu)
export const pcmaOf: Uint8Array = encoder(encodePcma)
