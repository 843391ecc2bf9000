import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Log, silentLog, VirtualClock } from '#lib'
import { parseSdp } from '#sdp'
import type { MediaEngine, MediaResult } from '../port.ts'
import { readWav } from '../voices/wav.ts'
import { createEmbeddedEngine, type EmbeddedEngineOptions } from './engine.ts'
import { peerSdp, rtpPacket } from './fixtures/memory-sockets.ts'

const home = '127.0.0.1'
const g711 = { 0: 'PCMU/8000', 8: 'PCMA/8000', 101: 'telephone-event/8000' }
const toEnd: (() => unknown)[] = []

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

async function started(from: number, options: Partial<EmbeddedEngineOptions> = {}): Promise<MediaEngine> {
  const ports = { from, to: from + 199 }
  const engine = await createEmbeddedEngine({ address: home, ports, restMs: 200, log: silentLog, ...options })
  toEnd.push(() => engine.close())
  return engine
}

/** A station's RTP socket that waits for packets one by one. */
class Phone {
  readonly socket: Socket = createSocket('udp4')
  readonly #heard: Buffer[] = []
  #waiting: ((bytes: Buffer) => void) | undefined

  constructor() {
    this.socket.on('message', (bytes) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting) waiting(bytes)
      else this.#heard.push(bytes)
    })
    toEnd.push(() => this.socket.close())
  }

  async bind(): Promise<number> {
    this.socket.bind(0, home)
    await once(this.socket, 'listening')
    return this.socket.address().port
  }

  send(bytes: Buffer, port: number): void {
    this.socket.send(bytes, port, home)
  }

  heard(): Promise<Buffer> {
    const next = this.#heard.shift()
    if (next) return Promise.resolve(next)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}

function portOf(sdp: string): number {
  const parsed = parseSdp(sdp)
  return (parsed.ok && parsed.value.media[0]?.port) || 0
}

async function call(engine: MediaEngine, aliceTypes: Record<number, string>, bobTypes: Record<number, string>) {
  const [alice, bob] = [new Phone(), new Phone()]
  const caller = good(await engine.createLeg())
  const callee = good(await engine.createLeg())
  good(await caller.remoteOffer(peerSdp(home, await alice.bind(), aliceTypes)))
  const bobPort = portOf(good(await callee.offer(caller)))
  good(await callee.remoteAnswer(peerSdp(home, await bob.bind(), bobTypes)))
  const alicePort = portOf(good(await caller.answer(callee)))
  const joined = await engine.bridge(caller, callee)
  // Commands and packets come by different ways: an answer says that all commands before it are done.
  await engine.counters()
  return { alice, bob, caller, callee, alicePort, bobPort, joined }
}

describe('the engine in its own thread', () => {
  it('carries two phones’ sound and keys, keeps a third out, and counts what is missing', async () => {
    const engine = await started(46000)
    const { alice, bob, caller, callee, alicePort, bobPort, joined } = await call(
      engine,
      { 0: 'PCMU/8000', 96: 'telephone-event/8000' },
      { 8: 'PCMA/8000', 120: 'telephone-event/8000' },
    )
    expect(joined).toBe('converted')
    alice.send(rtpPacket({ type: 0, sequence: 1, payload: Uint8Array.of(0xff, 0x80) }), alicePort)
    expect([...(await bob.heard()).subarray(1)].filter((_, i) => i === 0 || i > 10)).toEqual([8, 0xd5, 0xaa])
    const thief = new Phone()
    await thief.bind()
    for (let sequence = 2; sequence < 9; sequence++) thief.send(rtpPacket({ type: 0, sequence, ssrc: 9 }), alicePort)
    alice.send(rtpPacket({ type: 96, sequence: 3, payload: Uint8Array.of(1, 10, 0, 160) }), alicePort)
    const key = await bob.heard()
    expect([key[1], ...key.subarray(12)]).toEqual([120, 1, 10, 0, 160])
    bob.send(rtpPacket({ type: 8, sequence: 50 }), bobPort)
    expect((await alice.heard())[1]).toBe(0)
    const numbers = await caller.close()
    expect(numbers).toMatchObject({ packetsReceived: 2, packetsSent: 1, lost: 1, codec: 'PCMU/8000' })
    expect(await callee.close()).toMatchObject({ packetsReceived: 1, packetsSent: 2, lost: 0, codec: 'PCMA/8000' })
    expect(await engine.counters()).toMatchObject({ legs: 0, portsUsed: 0, relayed: 3, dropped: 7 })
  })

  it('plays a sound and tells when it is over', async () => {
    const engine = await started(46100)
    const { alice, caller } = await call(engine, g711, g711)
    const playing = engine.play(caller, new Int16Array(480).fill(4000))
    const heard = [await alice.heard(), await alice.heard(), await alice.heard()]
    expect(heard.map((bytes) => [bytes.length, bytes[1], bytes[12]])).toEqual([
      [172, 0x80, heard[0]?.[12]],
      [172, 0, heard[0]?.[12]],
      [172, 0, heard[0]?.[12]],
    ])
    expect(await playing.ended).toBe('ended')
    expect((await caller.statistics()).packetsSent).toBe(3)
  })

  it('relays RTCP and nothing to a phone on hold', async () => {
    const engine = await started(46200)
    const { alice, bob, caller, callee, alicePort, bobPort } = await call(engine, g711, g711)
    const control = new Phone()
    const controlPort = await control.bind()
    const held = `a=sendonly\r\na=rtcp:${controlPort}\r\n`
    good(await caller.remoteOffer(peerSdp(home, alice.socket.address().port, g711, held)))
    expect(good(await caller.answer(callee))).toContain('a=recvonly')
    await engine.counters()
    bob.send(rtpPacket({ type: 0, sequence: 1 }), bobPort)
    alice.send(rtpPacket({ type: 0, sequence: 1 }), alicePort)
    expect((await bob.heard()).readUInt16BE(2)).toBe(1)
    // Bob's RTCP comes from the RTP host: its port is learnt with the first report.
    bob.send(Buffer.from('80c90001000000aa', 'hex'), bobPort + 1)
    expect((await control.heard()).toString('hex')).toBe('80c90001000000aa')
    expect(await caller.statistics()).toMatchObject({ packetsSent: 0, packetsReceived: 1 })
  })

  it('closes with complete recordings', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'closed-'))
    toEnd.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'message.wav')
    const engine = await started(46500)
    const { caller } = await call(engine, g711, g711)
    const recording = engine.record(caller, file)
    await engine.close()
    expect(await recording.ended).toMatchObject({ how: 'closed' })
    expect(readWav(readFileSync(file))).toBeInstanceOf(Int16Array)
  })

  it('tells legs that the relay crashed, starts it again and serves', async () => {
    const lines: string[] = []
    let isReady = () => {}
    const ready = new Promise<void>((resolve) => {
      isReady = resolve
    })
    const keep = (_: object, sentence: string) => {
      lines.push(sentence)
      if (sentence.includes('ready again')) isReady()
    }
    const clock = new VirtualClock()
    const log: Log = { debug: keep, info: keep, warn: keep, error: keep }
    const engine = await started(46400, {
      log,
      clock,
      program: new URL('./fixtures/crashing-worker.ts', import.meta.url),
    })
    const leg = good(await engine.createLeg())
    const gone = new Promise<void>((resolve) => {
      leg.handlers = { gone: resolve }
    })
    const playing = engine.play(leg, { tone: 'comfort' })
    const recording = engine.record(leg, join(tmpdir(), `never-written-${process.pid}`, 'a.wav'))
    const pause = engine.pause(leg)
    // The fixture dies of the request for the second leg.
    expect(await engine.createLeg()).toEqual({ ok: false, refusal: 'engine-gone' })
    await gone
    expect(await playing.ended).toBe('stopped')
    expect(await recording.ended).toMatchObject({ how: 'failed' })
    expect(await pause).toBe('gone')
    expect(engine.play(leg, { tone: 'comfort' }).refused).toBe('gone')
    expect(await leg.offer()).toEqual({ ok: false, refusal: 'engine-gone' })
    expect((await leg.close()).packetsReceived).toBe(0)
    await clock.advance(1000)
    await ready
    good(await engine.createLeg())
    expect(lines).toContain('the RTP relay is gone with all its legs, it is started again')
  })
})
