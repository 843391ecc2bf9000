import { describe, expect, it } from 'vitest'
import { threadHandshakes } from './handshakes.ts'

describe("the handshakes' thread", () => {
  it('finishes its certificate before it ends, because Node aborts when a key is made in a thread that is terminated', async () => {
    let gone = false
    const handshakes = threadHandshakes(() => {
      gone = true
    })
    await handshakes.close()
    expect(await handshakes.fingerprint).toMatch(/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(gone).toBe(false)
  })
})
