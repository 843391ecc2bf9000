import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { silentLog } from '#lib'
import {
  createEmbeddedEngine,
  type LegOptions,
  type MediaEngine,
  type MediaLeg,
  type MediaResult,
  Prompts,
  readWav,
  sayNumber,
} from '#media'
import { Baresip, type BaresipOptions } from '../support/baresip.ts'
import { launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { SipClient } from '../support/sip-client.ts'
import { secondsOf, type Tone, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { ScriptedCall } from './scripted-call.ts'

// The engine alone, in its real thread, with real phones at it: their SIP is answered by a script.

const home = '127.0.0.1'
const cleanups: (() => unknown)[] = []
let engine: MediaEngine
let folder: string

function onClear(clean: () => unknown): void {
  cleanups.push(clean)
}

async function startEngine(): Promise<void> {
  const from = await freePorts(20)
  engine = await createEmbeddedEngine({ address: home, ports: { from, to: from + 19 }, restMs: 100, log: silentLog })
  folder = mkdtempSync(join(tmpdir(), 'voices-'))
}

async function clear(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean()
}

async function stopEngine(): Promise<void> {
  expect((await engine.counters()).legs).toBe(0)
  await engine.close()
  rmSync(folder, { recursive: true })
}

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

async function newLeg(options?: LegOptions): Promise<MediaLeg> {
  const leg = good(await engine.createLeg(options))
  onClear(() => leg.close())
  return leg
}

/** What was pressed on a leg, in order. */
function presses(leg: MediaLeg): string[] {
  const pressed: string[] = []
  leg.handlers = { digit: (digit, _ms, source) => void pressed.push(`${digit} ${source}`) }
  return pressed
}

needs('baresip')('voices at a phone', () => {
  beforeAll(startEngine)
  afterEach(clear)
  afterAll(stopEngine)

  async function newPhone(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const phone = await Baresip.start({ user: 'phone', tone: 440, ...options })
    onClear(() => phone.stop())
    return phone
  }

  /** A phone that has answered our call, with our leg. */
  async function talking(options: Partial<BaresipOptions> = {}, legOptions?: LegOptions, like?: MediaLeg) {
    const phone = await newPhone({ answerMode: 'auto', ...options })
    const client = await SipClient.open({ server: `${phone.address}:${phone.port}`, user: 'voices' })
    onClear(() => client.close())
    const leg = await newLeg(legOptions)
    const body = good(await leg.offer(like))
    const callId = 'voices@test'
    client.send(client.request({ method: 'INVITE', uri: phone.uri, callId, cseq: 1, body }))
    const answer = await client.expect({ method: 'INVITE', status: 200 })
    const call = ScriptedCall.calling(client, answer)
    client.send(call.request('ACK', { cseq: 1 }))
    good(await leg.remoteAnswer(answer.body))
    await phone.event('CALL_ESTABLISHED')
    onClear(() => client.send(call.request('BYE')))
    return { phone, leg }
  }

  test('a tone is heard before the call is answered, and ends when it is stopped', async () => {
    const phone = await newPhone()
    const client = await SipClient.open({ server: `${phone.address}:${phone.port}`, user: 'voices' })
    onClear(() => client.close())
    await phone.dial(`sip:voices@${client.host}`)
    const invite = await client.expect({ method: 'INVITE' })
    const leg = await newLeg()
    good(await leg.remoteOffer(invite.body))
    const body = good(await leg.answer())
    client.send(client.response(invite, 183, 'Session Progress', { body }))
    const playing = engine.play(leg, { tone: 'ringback', country: 'us' })
    await phone.hears(440, 1)
    await phone.hears(480, 0.5)
    playing.stop()
    expect(await playing.ended).toBe('stopped')
    engine.play(leg, { tone: 'busy', country: 'gb' })
    await phone.hears(400, 1)
    client.send(client.response(invite, 486, 'Busy Here'))
    await phone.event('CALL_CLOSED')
  })

  test.each([['PCMU/8000/1'], ['PCMA/8000/1']])('prompts and a beep are heard in %s', async (codec) => {
    const { phone, leg } = await talking({ codecs: [codec] })
    const prompts = new Prompts({ folder })
    const sound = await prompts.say('de', ['your-place-is', ...sayNumber(21, 'de'), { tone: 'beep' }])
    expect(await engine.play(leg, sound).ended).toBe('ended')
    await eventually(async () => expect(secondsOf(1000, await phone.heard())).toBeGreaterThanOrEqual(0.2))
    const tones = await phone.heard()
    const beep = tones.find(({ frequency, to, from }) => frequency === 1000 && to - from >= 0.2) as Tone
    const before = tones.filter(({ to }) => to <= beep.from + 0.05)
    // Speech has many frequencies, and it lasted longer than two seconds.
    expect(new Set(before.map(({ frequency }) => frequency)).size).toBeGreaterThan(10)
    expect(beep.from - Math.min(...before.map(({ from }) => from))).toBeGreaterThan(2)
    expect(beep.level).toBeGreaterThan(-24)
  })

  test('music goes round while the other side waits, and gives way to the other side', async () => {
    const { phone, leg } = await talking()
    const prompts = new Prompts({ folder })
    const music = await prompts.music()
    // The last half second, so that the loop's seam is passed.
    const playing = engine.play(leg, [music.slice(-4000), { silence: 100 }], { loop: true })
    await eventually(() => expect(phone.heardSeconds()).toBeGreaterThan(2))
    const other = await newPhone({ user: 'other', tone: 880, answerMode: 'auto' })
    const client = await SipClient.open({ server: `${other.address}:${other.port}`, user: 'voices' })
    onClear(() => client.close())
    const otherLeg = await newLeg()
    const body = good(await otherLeg.offer(leg))
    client.send(client.request({ method: 'INVITE', uri: other.uri, callId: 'other@test', cseq: 1, body }))
    const answer = await client.expect({ method: 'INVITE', status: 200 })
    const call = ScriptedCall.calling(client, answer)
    client.send(call.request('ACK', { cseq: 1 }))
    onClear(() => client.send(call.request('BYE')))
    good(await otherLeg.remoteAnswer(answer.body))
    expect(await engine.bridge(leg, otherLeg)).toBe('bridged')
    await other.hears(440)
    expect(secondsOf(880, await phone.heard())).toBeLessThan(0.1)
    playing.stop()
    await phone.hears(880)
  })

  test('a sound is heard in a call of two phones with Opus, and the other phone again afterwards', async () => {
    const caller = await newPhone({ codecs: ['opus/48000/1', 'PCMU/8000/1'], tone: 600 })
    const client = await SipClient.open({ server: `${caller.address}:${caller.port}`, user: 'voices' })
    onClear(() => client.close())
    await caller.dial(`sip:voices@${client.host}`)
    const invite = await client.expect({ method: 'INVITE' })
    const callerLeg = await newLeg()
    good(await callerLeg.remoteOffer(invite.body))
    const { phone: callee, leg } = await talking({ codecs: ['opus/48000/1'], tone: 880 }, {}, callerLeg)
    const body = good(await callerLeg.answer(leg))
    expect(body).toMatch(/opus[\s\S]*PCMU/)
    expect(await engine.bridge(callerLeg, leg)).toBe('bridged')
    client.send(client.response(invite, 200, 'OK', { body }))
    await caller.event('CALL_ESTABLISHED')
    await callee.hears(600)
    await caller.hears(880)
    const playing = engine.play(callerLeg, { tone: 'dial', country: 'at' })
    await caller.hears(420, 1)
    playing.stop()
    await caller.hears(880, 1)
    await caller.hangup()
  })

  test('keys of the phone are told', async () => {
    const { phone, leg } = await talking()
    const pressed = presses(leg)
    await phone.dtmf('12#')
    await eventually(() => expect(pressed).toEqual(['1 event', '2 event', '# event']))
  })

  test('keys that we press reach the phone', async () => {
    const { phone, leg } = await talking()
    const { ended } = engine.play(leg, { keys: '70#' })
    for (const key of '70#') expect((await phone.event('CALL_DTMF_START')).param).toBe(key)
    expect(await ended).toBe('ended')
  })

  test('a phone is recorded', async () => {
    const { phone, leg } = await talking({ tone: 600 })
    const file = join(folder, 'both.wav')
    const recording = engine.record(leg, file, { both: true })
    engine.play(leg, { tone: 'dial', country: 'fr' })
    await phone.hears(440, 1.5)
    const { how, ms } = await recording.stop()
    expect(how).toBe('stopped')
    const bytes = readFileSync(file)
    const side = (channel: 0 | 1): Float32Array =>
      Float32Array.from(
        { length: (bytes.length - 44) / 4 },
        (_, i) => bytes.readInt16LE(44 + 4 * i + 2 * channel) / 32_768,
      )
    const [said, heard] = [side(0), side(1)]
    expect(Math.abs(said.length / 8 - ms)).toBeLessThan(1)
    for (const [hertz, samples] of [
      [600, said],
      [440, heard],
    ] as const) {
      const tones = tonesIn({ rate: 8000, samples })
      expect(secondsOf(hertz, tones)).toBeGreaterThan(ms / 1000 - 0.6)
      expect(tones.filter(({ frequency }) => Math.abs(frequency - hertz) > 20)).toEqual([])
    }
    expect(readWav(bytes)).toHaveLength(said.length)
  })
})

/** Two WebRTC peers in one page: `a` and `b`, each with a tone for a microphone and an ear for frequencies. */
const peersOfPage = `
const context = new AudioContext()
window.peers = {}
for (const [name, hertz] of [['a', 700], ['b', 900]]) {
  const pc = new RTCPeerConnection()
  const tone = context.createOscillator()
  tone.frequency.value = hertz
  const out = context.createMediaStreamDestination()
  tone.connect(out)
  tone.start()
  const sender = pc.addTrack(out.stream.getAudioTracks()[0], out.stream)
  const analyser = context.createAnalyser()
  analyser.fftSize = 4096
  analyser.smoothingTimeConstant = 0
  pc.ontrack = ({ track }) => {
    const stream = new MediaStream([track])
    const player = new Audio()
    player.muted = true
    player.srcObject = stream
    player.play()
    context.createMediaStreamSource(stream).connect(analyser)
  }
  window.peers[name] = {
    async offer() {
      await pc.setLocalDescription(await pc.createOffer())
      return pc.localDescription.sdp
    },
    async answer(sdp) {
      await pc.setRemoteDescription({ type: 'offer', sdp })
      await pc.setLocalDescription(await pc.createAnswer())
      return pc.localDescription.sdp
    },
    take: (sdp) => pc.setRemoteDescription({ type: 'answer', sdp }),
    press: (keys) => sender.dtmf.insertDTMF(keys),
    loudest() {
      const bins = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(bins)
      const best = bins.indexOf(Math.max(...bins))
      return bins[best] < -60 ? 0 : Math.round((best * context.sampleRate) / analyser.fftSize)
    },
  }
}
`

needs('chromium')('voices in an Opus call of browsers', () => {
  let browser: Browser
  beforeAll(async () => {
    await startEngine()
    browser = await launchChromium()
  })
  afterEach(clear)
  afterAll(async () => {
    await browser?.close()
    await stopEngine()
  })

  async function peers(): Promise<{ page: Page; a: MediaLeg; b: MediaLeg }> {
    const page = await browser.newPage()
    onClear(() => page.close())
    await page.evaluate(peersOfPage)
    const [a, b] = [await newLeg(), await newLeg({ kind: 'webrtc' })]
    const call = <T>(peer: string, what: string, argument = ''): Promise<T> =>
      page.evaluate(`window.peers.${peer}.${what}(${JSON.stringify(argument)})`)
    good(await a.remoteOffer(await call('a', 'offer')))
    good(await b.remoteAnswer(await call('b', 'answer', good(await b.offer(a)))))
    const answer = good(await a.answer(b))
    expect(answer).toMatch(/opus[\s\S]*PCMU/)
    await call('a', 'take', answer)
    expect(await engine.bridge(a, b)).toBe('bridged')
    return { page, a, b }
  }

  async function hears(page: Page, peer: 'a' | 'b', hertz: number): Promise<void> {
    let alike = 0
    await eventually(async () => {
      const heard = await page.evaluate<number>(`window.peers.${peer}.loudest()`)
      alike = Math.abs(heard - hertz) <= 15 ? alike + 1 : 0
      if (alike < 5) throw new Error(`${peer} hears ${heard} Hz, not ${hertz}`)
    })
  }

  test('a sound is heard by one alone, and the other again afterwards, in one stream', async () => {
    const { page, a } = await peers()
    await hears(page, 'a', 900)
    await hears(page, 'b', 700)
    const playing = engine.play(a, { tone: 'dial', country: 'at' })
    await hears(page, 'a', 420)
    await hears(page, 'b', 700)
    playing.stop()
    await hears(page, 'a', 900)
    expect(await engine.play(a, { tone: 'beep', ms: 400 }).ended).toBe('ended')
    await hears(page, 'a', 900)
  })

  test('a prompt before anything was said begins when the browser is there', async () => {
    const page = await browser.newPage()
    onClear(() => page.close())
    await page.evaluate(peersOfPage)
    const leg = await newLeg()
    good(await leg.remoteOffer(await page.evaluate<string>('window.peers.a.offer()')))
    const answer = good(await leg.answer())
    const playing = engine.play(leg, { tone: 'dial', country: 'at', ms: 3000 })
    await page.evaluate(`window.peers.a.take(${JSON.stringify(answer)})`)
    await hears(page, 'a', 420)
    expect(await playing.ended).toBe('ended')
    // Nothing was lost before the handshake was over.
    expect((await leg.statistics()).packetsSent).toBe(150)
  })

  test('keys of a browser are told', async () => {
    const { page, a } = await peers()
    const pressed = presses(a)
    await hears(page, 'a', 900)
    await page.evaluate(`window.peers.a.press('15#')`)
    await eventually(() => expect(pressed).toEqual(['1 event', '5 event', '# event']))
  })
})
