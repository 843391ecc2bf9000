import { randomFillSync } from 'node:crypto'

/** Randomness as an argument, so that tests can repeat what chance did. */
export interface Random {
  /** A token of `bytes` random bytes as lower-case hex; 16 bytes make 128 bits. */
  token(bytes?: number): string
  /** A whole number from 0 to `below - 1`. */
  integer(below: number): number
}

const pool = Buffer.alloc(8192)
let used = pool.length

function take(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const start = used
  used += bytes
  return start
}

/** The machine's cryptographic randomness, drawn in blocks because single draws are dear. */
export const systemRandom: Random = {
  token(bytes = 16) {
    const start = take(bytes)
    const text = pool.toString('hex', start, start + bytes)
    pool.fill(0, start, start + bytes)
    return text
  },
  integer(below) {
    return pool.readUInt32LE(take(4)) % below
  },
}

/** A repeatable source for tests (mulberry32); never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    token(bytes = 16) {
      let text = ''
      for (let i = 0; i < bytes; i++) text += (next() & 0xff).toString(16).padStart(2, '0')
      return text
    },
    integer: (below) => next() % below,
  }
}
