import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { secondsOf, tonesIn } from '../../../test/support/tone.ts'
import { createDirectEngine } from '../direct.ts'
import type { MediaLeg } from '../port.ts'
import { repairWav } from '../voices/repair.ts'
import { readWav, wavHeader } from '../voices/wav.ts'
import { alice, bob, call, clock, engine, g711, good, leg, said, sockets, start, stop } from './fixtures/calls.ts'
import { peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'
import { pcmaOf, pcmuOf } from './g711.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recording-'))
  file = join(folder, 'message.wav')
  await start()
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true })
})

function tone(hertz: number, samples: number, from = 0): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hertz * (from + i)) / 8000)),
  )
}

/** Sends a tone in packets of 20 ms; those in `lost` are not sent, those in `swapped` change place with the next. */
async function sing(
  port: number,
  peer: [string, number],
  hertz: number,
  packets: number,
  options: { from?: number; ssrc?: number; law?: Uint8Array; type?: number; lost?: number[]; swapped?: number[] } = {},
): Promise<void> {
  const { from = 0, ssrc = 1, law = pcmuOf, type = 0, lost = [], swapped = [] } = options
  const order = Array.from({ length: packets }, (_, i) => i)
  for (const i of swapped) [order[i], order[i + 1]] = [order[i + 1]!, order[i]!]
  for (const i of order) {
    const payload = Uint8Array.from(tone(hertz, 160, i * 160), (value) => law[value & 0xffff]!)
    if (!lost.includes(i)) sockets.inject(port, rtpPacket({ type, sequence: from + i, ssrc, payload }), ...peer)
    await clock.advance(20)
  }
}

async function listening(): Promise<{ caller: MediaLeg; port: number }> {
  const caller = await leg()
  good(await caller.remoteOffer(peerSdp(alice, 4000, g711)))
  return { caller, port: said(good(await caller.answer())).port }
}

/** The seconds of each tone, to a tenth. */
function heard(samples: Int16Array): Record<number, number> {
  const tones = tonesIn({ rate: 8000, samples: Float32Array.from(samples, (value) => value / 32_768) })
  const frequencies = [...new Set(tones.map(({ frequency }) => frequency))]
  return Object.fromEntries(frequencies.map((hertz) => [hertz, Math.round(10 * secondsOf(hertz, tones)) / 10]))
}

const home: [string, number] = [alice, 4000]

describe('a recording', () => {
  it.each(['pcm', 'pcmu'] as const)(
    'holds what the peer said, as %s, with pauses and losses as silence',
    async (law) => {
      const { caller, port } = await listening()
      const recording = engine.record(caller, file, { law })
      await clock.advance(500)
      await sing(port, home, 440, 50, { lost: [20, 21, 22, 23, 24], swapped: [30, 40] })
      await clock.advance(1000)
      await sing(port, home, 800, 25, { from: 5000, ssrc: 2, law: pcmaOf, type: 8 })
      expect(await recording.stop()).toEqual({ how: 'stopped', ms: 3000 })
      const bytes = readFileSync(file)
      expect(bytes.subarray(0, 44)).toEqual(wavHeader(law, 1, (law === 'pcm' ? 2 : 1) * 24_000).subarray(0, 44))
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const samples = readWav(bytes)
      expect(samples).toHaveLength(24_000)
      expect(samples.subarray(0, 4000).every((value) => Math.abs(value) < 9)).toBe(true)
      expect(samples.subarray(4000 + 20 * 160, 4000 + 25 * 160).every((value) => Math.abs(value) < 9)).toBe(true)
      expect(heard(samples)).toEqual({ 440: 0.9, 800: 0.5 })
      // Swapped packets are back in their places: the sine goes on without a step.
      const again = samples.subarray(4000 + 29 * 160, 4000 + 43 * 160)
      for (let i = 1; i < again.length; i++) expect(Math.abs(again[i]! - again[i - 1]!)).toBeLessThan(3500)
    },
  )

  it('of both sides has the peer left and what it was sent right, prompts too', async () => {
    const { caller, alicePort, bobPort } = await call(
      peerSdp(alice, 4000, g711),
      peerSdp(bob, 5000, { 8: 'PCMA/8000' }),
    )
    const recording = engine.record(caller, file, { both: true })
    const playing = engine.play(caller, tone(1000, 8000))
    await Promise.all([playing.ended, clock.advance(1060)])
    sockets.taken()
    for (let i = 0; i < 50; i++) {
      const payload = (hertz: number) => Uint8Array.from(tone(hertz, 160, i * 160), (value) => pcmaOf[value & 0xffff]!)
      sockets.inject(alicePort, rtpPacket({ type: 8, sequence: i, payload: payload(440) }), ...home)
      sockets.inject(bobPort, rtpPacket({ type: 8, sequence: i, ssrc: 9, payload: payload(600) }), bob, 5000)
      await clock.advance(20)
    }
    await caller.close()
    expect((await recording.ended).how).toBe('closed')
    const bytes = readFileSync(file)
    expect(bytes.readUInt16LE(22)).toBe(2)
    const frames = Array.from({ length: (bytes.length - 44) / 4 }, (_, i) => 44 + 4 * i)
    expect(heard(Int16Array.from(frames, (at) => bytes.readInt16LE(at)))).toEqual({ 440: 1 })
    expect(heard(Int16Array.from(frames, (at) => bytes.readInt16LE(at + 2)))).toEqual({ 600: 1, 1000: 1 })
  })

  it('is silent after what was said, however long, and knows what is sent by its own number', async () => {
    const callee = await leg()
    good(await callee.offer())
    good(await callee.remoteAnswer(peerSdp(bob, 5000, { 99: 'PCMU/8000' })))
    const recording = engine.record(callee, file, { both: true, law: 'pcmu' })
    const playing = engine.play(callee, tone(1000, 8000))
    await Promise.all([playing.ended, clock.advance(10_000)])
    await recording.stop()
    const bytes = readFileSync(file)
    expect(bytes.readUInt16LE(22)).toBe(2)
    const sent = bytes.subarray(46).filter((_, i) => i & 1)
    expect(sent).toHaveLength(80_000)
    const loud = Array.from(sent.keys()).filter((i) => sent[i] !== 0xff && sent[i] !== 0x7f)
    expect(loud.length).toBeGreaterThan(5900)
    expect(loud.at(-1)! - loud[0]!).toBeLessThan(8000)
  })

  it('ends by itself at its greatest length', async () => {
    const { caller, port } = await listening()
    const recording = engine.record(caller, file, { mostMs: 1200 })
    await sing(port, home, 440, 100)
    expect(await recording.ended).toEqual({ how: 'full', ms: 1200 })
    expect(readWav(readFileSync(file))).toHaveLength(9600)
  })

  it('grows as time goes by, so that a crash costs a second', async () => {
    const { caller, port } = await listening()
    const recording = engine.record(caller, file)
    await sing(port, home, 440, 250)
    // What a crash would leave: everything but the last second, sizes still 0.
    await new Promise<void>((resolve, reject) => {
      const look = (tries: number): void => {
        const bytes = readFileSync(file)
        if (bytes.length >= 44 + 2 * 32_000 && bytes.readUInt32LE(40) === 0) resolve()
        else if (tries === 0) reject(new Error(`only ${bytes.length} bytes are on the disk`))
        else setImmediate(look, tries - 1)
      }
      look(10_000)
    })
    writeFileSync(join(folder, 'crashed.wav'), readFileSync(file))
    await recording.stop()
    const crashed = join(folder, 'crashed.wav')
    expect(heard(readWav(readFileSync(crashed)))[440]).toBeGreaterThan(3.9)
    expect(await repairWav(crashed)).toBe(true)
    const bytes = readFileSync(crashed)
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
    expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44)
    expect(await repairWav(crashed)).toBe(false)
    truncateSync(crashed, 1001)
    expect(await repairWav(crashed)).toBe(true)
    expect(readWav(readFileSync(crashed))).toHaveLength(478)
    expect(await repairWav(file)).toBe(false)
    writeFileSync(crashed, 'no WAV file')
    expect(await repairWav(crashed)).toBe(false)
  })

  it('never overwrites, and says why it failed', async () => {
    const { caller } = await listening()
    writeFileSync(file, 'precious')
    const taken = await engine.record(caller, file).ended
    expect(taken).toMatchObject({ how: 'failed', reason: expect.stringContaining('EEXIST') })
    expect(readFileSync(file, 'utf8')).toBe('precious')
    const nowhere = await engine.record(caller, join(folder, 'no', 'where.wav')).ended
    expect(nowhere).toMatchObject({ how: 'failed', reason: expect.stringContaining('ENOENT') })
    expect(() => engine.record(caller, file, { mostMs: 0 })).toThrow('at most 1 to 86400000 ms, not 0')
    await caller.close()
    expect(engine.record(caller, file).refused).toBe('gone')
    const direct = good(await createDirectEngine().createLeg())
    expect(engine.record(direct, file).refused).toBe('unsupported')
  })

  it('of a leg that agreed G.711 alone is never of Opus', async () => {
    const types = { 111: 'opus/48000/2', 8: 'PCMA/8000', 101: 'telephone-event/8000' }
    const partner = await leg()
    good(await partner.remoteOffer(peerSdp(alice, 4000, types)))
    const talking = good(await engine.createLeg())
    good(await talking.remoteOffer(peerSdp(bob, 5000, types)))
    expect(said(good(await talking.answer(partner))).formats).toBe('8 111 101')
    expect(talking.onlyG711).toBe(false)
    expect(said(good(await talking.offer(undefined, 'g711'))).formats).toBe('0 8 101')
    // What the peer may say changes with its answer, not with our offer.
    expect(talking.onlyG711).toBe(false)
    good(await talking.remoteAnswer(peerSdp(bob, 5000, { 8: 'PCMA/8000', 101: 'telephone-event/8000' })))
    expect(talking.onlyG711).toBe(true)
    const asking = good(await engine.createLeg())
    good(await asking.remoteOffer(peerSdp(bob, 6000, types)))
    expect(said(good(await asking.answer())).formats).toBe('8 101')
    expect(asking.onlyG711).toBe(true)
  })
})
