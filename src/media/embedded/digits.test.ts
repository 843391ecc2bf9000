import { afterEach, describe, expect, it } from 'vitest'
import type { MediaLeg } from '../port.ts'
import { cutsOf } from '../voices/sound.ts'
import { alice, bob, call, clock, engine, g711, good, leg, said, sockets, start, stop } from './fixtures/calls.ts'
import { peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'
import { pcmuOf } from './g711.ts'

afterEach(stop)

type Pressed = [digit: string, durationMs: number, source: string]

function presses(leg: MediaLeg): Pressed[] {
  const pressed: Pressed[] = []
  leg.handlers = { digit: (...press) => void pressed.push(press) }
  return pressed
}

/** A leg that listens to alice, with the port that she sends to. */
async function listening(types: Record<number, string> = g711) {
  await start()
  const caller = await leg()
  good(await caller.remoteOffer(peerSdp(alice, 4000, types)))
  const { port } = said(good(await caller.answer()))
  return { caller, port, pressed: presses(caller) }
}

let sequence = 0

function event(port: number, code: number, timestamp: number, duration: number, end = false, type = 101): void {
  const payload = Uint8Array.of(code, end ? 0x8a : 10, duration >> 8, duration & 255)
  sockets.inject(port, rtpPacket({ type, sequence: sequence++, timestamp, payload }), alice, 4000)
}

describe('keys as events', () => {
  it('are told once each, with their length, however often the end is repeated', async () => {
    const { port, pressed } = await listening()
    for (const [index, code] of [1, 1, 11, 15].entries()) {
      const timestamp = 10_000 + index * 3000
      for (let duration = 160; duration <= 800; duration += 160) event(port, code, timestamp, duration)
      for (let i = 0; i < 3; i++) event(port, code, timestamp, 960, true)
    }
    expect(pressed).toEqual([
      ['1', 120, 'event'],
      ['1', 120, 'event'],
      ['#', 120, 'event'],
      ['D', 120, 'event'],
    ])
    event(port, 16, 90_000, 800, true)
    event(port, 200, 95_000, 800, true)
    expect(pressed).toHaveLength(4)
  })

  it('whose end is lost are told with the next one, or after a while', async () => {
    const { port, pressed } = await listening()
    event(port, 5, 1000, 400)
    event(port, 6, 4000, 160)
    expect(pressed).toEqual([['5', 50, 'event']])
    event(port, 5, 1000, 480, true)
    await clock.advance(150)
    event(port, 6, 4000, 1600)
    await clock.advance(150)
    expect(pressed).toHaveLength(1)
    await clock.advance(200)
    expect(pressed[1]).toEqual(['6', 200, 'event'])
  })

  it('held for long are one press', async () => {
    const { port, pressed } = await listening()
    for (let duration = 8000; duration < 0xffff; duration += 8000) event(port, 9, 5000, duration)
    event(port, 9, 5000, 0xffff)
    event(port, 9, 5000 + 0xffff, 800)
    event(port, 9, 5000 + 0xffff, 1600, true)
    expect(pressed).toEqual([['9', 8392, 'event']])
  })

  it('of a flood are told at a bounded rate', async () => {
    const { port, pressed } = await listening()
    for (let i = 0; i < 500; i++) event(port, i % 10, i * 1000, 800, true)
    expect(pressed).toHaveLength(30)
  })

  it('are counted at the clock of their own type, and passed on as well', async () => {
    await start()
    const { caller, alicePort } = await call(
      peerSdp(alice, 4000, { 107: 'opus/48000/2', 100: 'telephone-event/48000' }),
      peerSdp(bob, 5000, { 111: 'opus/48000/2', 126: 'telephone-event/48000' }),
    )
    const pressed = presses(caller)
    event(alicePort, 3, 1000, 4800, true, 100)
    expect(pressed).toEqual([['3', 100, 'event']])
    expect(sockets.taken().map(({ toAddress, bytes }) => [toAddress, bytes[1]])).toEqual([[bob, 126]])
    event(alicePort, 3, 9000, 4800, true, 101)
    expect(pressed).toHaveLength(1)
  })
})

/** Sends a sound as alice would. */
async function speak(port: number, samples: Int16Array, from = sequence): Promise<void> {
  for (let at = 0; at < samples.length; at += 160) {
    const payload = Uint8Array.from(samples.subarray(at, at + 160), (value) => pcmuOf[value & 0xffff]!)
    sockets.inject(port, rtpPacket({ type: 0, sequence: from + at / 160, payload }), alice, 4000)
    await clock.advance(20)
  }
  sequence = from + samples.length / 160
}

function samplesOf(keys: string): Int16Array {
  const parts = cutsOf({ keys }).flatMap(({ samples, length }) =>
    Array.from({ length }, (_, i) => samples[i % samples.length]!),
  )
  return Int16Array.from(parts)
}

describe('keys as tones', () => {
  it('are told when asked for, and not when the peer sends events', async () => {
    const { caller, port, pressed } = await listening()
    await speak(port, samplesOf('12'))
    expect(pressed).toEqual([])
    engine.hearTones(caller, true)
    engine.hearTones(caller, true)
    await speak(port, samplesOf('3#'))
    expect(pressed.map(([digit, , source]) => digit + source)).toEqual(['3inband', '#inband'])
    event(port, 4, 900_000, 800, true)
    await speak(port, samplesOf('4'))
    expect(pressed.map(([digit]) => digit).join('')).toBe('3#4')
    engine.hearTones(caller, false)
  })
})

describe('a pause', () => {
  const speech = Int16Array.from({ length: 8000 }, (_, i) => 6000 * Math.sin(i) * Math.abs(Math.sin(i / 900)))
  const hiss = Int16Array.from({ length: 16_000 }, (_, i) => 20 * Math.sin(i * i))

  it('is waited for until somebody has spoken', async () => {
    const { caller, port } = await listening()
    let how = ''
    void engine.pause(caller, { quietMs: 600 }).then((result) => {
      how = result
    })
    await speak(port, hiss)
    expect(how).toBe('')
    await speak(port, speech)
    await speak(port, hiss.subarray(0, 3200))
    expect(how).toBe('')
    await speak(port, hiss.subarray(0, 2400))
    expect(how).toBe('pause')
  })

  it('comes also when packets stop, in time, or never', async () => {
    const { caller, port } = await listening()
    const first = engine.pause(caller, { quietMs: 500 })
    await speak(port, speech)
    await clock.advance(600)
    expect(await first).toBe('pause')
    const second = engine.pause(caller, { timeoutMs: 3000 })
    await clock.advance(3100)
    expect(await second).toBe('timeout')
    const third = engine.pause(caller)
    await caller.close()
    expect(await third).toBe('gone')
    expect(await engine.pause(caller)).toBe('gone')
  })
})

describe('keys that we press', () => {
  it('are events where the peer takes them: begun with a marker, ended three times', async () => {
    const { caller } = await listening({ 0: 'PCMU/8000', 97: 'telephone-event/8000' })
    const playing = engine.play(caller, [new Int16Array(200), { keys: '5#', ms: 60, gapMs: 100 }])
    await clock.advance(600)
    expect(await playing.ended).toBe('ended')
    const sent = sockets.taken().map(({ bytes }) => bytes)
    expect(sent.map((bytes) => bytes[1]! & 0x7f)).toEqual([
      0,
      0,
      ...[97, 97, 97, 97, 97, 0, 0, 0],
      ...[97, 97, 97, 97, 97, 0, 0, 0],
    ])
    const events = sent.filter((bytes) => (bytes[1]! & 0x7f) === 97)
    expect(events.map((bytes) => [...bytes.subarray(12)])).toEqual([
      [5, 10, 0, 160],
      [5, 10, 1, 64],
      [5, 0x8a, 1, 224],
      [5, 0x8a, 1, 224],
      [5, 0x8a, 1, 224],
      [11, 10, 0, 160],
      [11, 10, 1, 64],
      [11, 0x8a, 1, 224],
      [11, 0x8a, 1, 224],
      [11, 0x8a, 1, 224],
    ])
    expect(events.map((bytes) => bytes[1]! >= 0x80)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
    ])
    const stamps = sent.map((bytes) => (bytes.readUInt32BE(4) - sent[0]!.readUInt32BE(4)) / 160)
    expect(stamps).toEqual([0, 1, 2, 2, 2, 2, 2, 7, 8, 9, 10, 10, 10, 10, 10, 15, 16, 17])
    expect(sent.map((bytes) => (bytes.readUInt16BE(2) - sent[0]!.readUInt16BE(2)) & 0xffff)).toEqual(
      sent.map((_, i) => i),
    )
  })

  it('are understood by ourselves, as events and as tones', async () => {
    for (const types of [{ 0: 'PCMU/8000' }, g711]) {
      const { caller, port, pressed } = await listening(types)
      const far = await leg()
      good(await far.remoteOffer(peerSdp(bob, 5000, types)))
      good(await far.answer())
      engine.hearTones(caller, true)
      engine.play(far, { keys: '0123456789*#abcd' })
      await clock.advance(5000)
      for (const { bytes } of sockets.taken()) sockets.inject(port, bytes, alice, 4000)
      sockets.inject(
        port,
        rtpPacket({ type: 0, sequence: 60_000, payload: new Uint8Array(960).fill(0xff) }),
        alice,
        4000,
      )
      expect(pressed.map(([digit]) => digit).join('')).toBe('0123456789*#ABCD')
      await engine.close()
    }
  })

  it('must be keys', () => {
    expect(() => cutsOf({ keys: '1x' })).toThrow("'X' is no key; keys are 0123456789*#ABCD")
    expect(() => cutsOf({ keys: '1', ms: 5 })).toThrow('a key and the gap behind it last 40 to 5000 ms each, not 5')
    expect(cutsOf({ keys: '' })).toEqual([])
  })
})
