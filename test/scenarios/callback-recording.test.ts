import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Recording, readWav, writeWav } from '#media'
import { eventually } from '../interop/eventually.ts'
import { CallbackHouse, nothing, provided } from './callback-house.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-recordings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const minute = 60_000
const mostMs = 30_000
const keepMs = 180 * minute
const outside = '+12125551234'

/** What the centre says: a tone of 400 Hz. */
const spoken = (ms: number) => Int16Array.from({ length: 8 * ms }, (_, i) => 8_000 * Math.sin((Math.PI * i) / 10))

/** A centre that is walked by 1; what it says is written once the recording has ended, as the engine does. */
async function house({ on = true, sound = spoken } = {}) {
  const callbacks = await CallbackHouse.start({}, { recordings: { folder, on, mostMs, keepMs } })
  const { scenario } = callbacks
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
  const provider = await provided(scenario)
  const files: string[] = []
  scenario.media.record = (_leg, file, options): Recording => {
    files.push(file)
    const { promise, resolve } = Promise.withResolvers<Awaited<Recording['ended']>>()
    const begun = scenario.clock.now()
    const end = (how: 'stopped' | 'full') => {
      const ms = scenario.clock.now() - begun
      if (!existsSync(file)) writeFileSync(file, writeWav(sound(ms)))
      resolve({ how, ms })
      return promise
    }
    scenario.clock.setTimeout(() => void end('full'), options?.mostMs ?? 0)
    return { ended: promise, stop: () => end('stopped') }
  }
  await callbacks.ask({ dial: outside, name: 'Centre' }, '101', { personId: 'demo-alice', keys: '1' })
  await scenario.pass(300)
  provider.answer()
  await scenario.pass(1_000)
  const { recordings } = scenario.storage.callbacks
  if (on)
    await eventually(async () => {
      await scenario.pass(10)
      expect(files).toHaveLength(1)
    })
  /** Files take real time: goes on when nothing is being recorded any more. */
  const kept = async () => {
    await eventually(async () => {
      await scenario.pass(10)
      expect(await recordings.recording('node-1')).toEqual([])
    })
    await scenario.pass(10)
    return recordings.of('request-1')
  }
  return { callbacks, scenario, alice, provider, files, recordings, kept }
}

describe('what a centre says once its keys were pressed', () => {
  it('is recorded for so long, offered to the asker while the line is held, and listened to by the link until it is over', async () => {
    const { callbacks, scenario, recordings, files, kept: keeps } = await house()
    const [begun] = await recordings.recording('node-1')
    expect(begun).toMatchObject({ callbackId: 'request-1', number: 1, state: 'recording' })
    expect(files).toEqual([join(folder, `${begun?.id}.wav`)])
    expect(await recordings.of('request-1')).toEqual([])
    await scenario.pass(mostMs + 1_000)
    const [kept] = await keeps()
    expect(await callbacks.sent()).toEqual(['heard'])
    expect(kept).toMatchObject({ id: begun?.id, state: 'kept', ms: mostMs, partial: 0 })
    const told = callbacks.told.at(-1)
    expect(told).toMatchObject({ what: 'heard', request: { state: 'ringing' }, recording: { number: 1 } })
    expect(callbacks.views.at(-1)).toMatchObject({ request: { state: 'ringing' }, phase: 'sending-keys' })

    const service = scenario.house.callbacks.recordings
    const code = told?.recording?.code ?? ''
    const row = await service?.byCode(code)
    expect(readWav((row && (await service?.audio(row))) as Buffer)).toHaveLength(8 * mostMs)
    const forged = code.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    for (const wrong of [forged, `x${code}`, `${code}.1`, code.split('.')[0] ?? '', ''])
      expect(await service?.byCode(wrong), wrong).toBeUndefined()
    await scenario.pass(keepMs - mostMs - minute)
    expect(await service?.byCode(code)).toBeDefined()
    await scenario.pass(2 * minute)
    expect(await service?.byCode(code)).toBeUndefined()
    await scenario.pass(60 * minute)
    await eventually(() => expect(readdirSync(folder)).toEqual([]))
    expect(await recordings.of('request-1')).toEqual([])
  })

  it('ends where a person begins: when 1 is pressed', async () => {
    const { callbacks, scenario, alice, provider, kept: keeps } = await house()
    await scenario.pass(4_000)
    await callbacks.press(provider, '1')
    await scenario.pass(500)
    expect(alice.rung).toHaveLength(1)
    const [kept] = await keeps()
    expect(kept?.ms).toBeGreaterThan(4_000)
    expect(kept?.ms).toBeLessThan(7_000)
    alice.answer()
    await scenario.pass(3_000)
    expect(await callbacks.sent()).toEqual(['heard', 'connected'])
    alice.dialog?.bye()
    expect(await callbacks.left()).toEqual(nothing)
  })

  it.each([
    ['nothing is recorded where that is not set', { on: false }],
    ['silence is not offered', { sound: (ms: number) => new Int16Array(8 * ms) }],
  ])('%s', async (_, options) => {
    const { callbacks, scenario, files, kept } = await house(options)
    await scenario.pass(mostMs + 1_000)
    expect(await kept()).toEqual([])
    expect(files).toHaveLength('on' in options ? 0 : 1)
    await eventually(() => expect(readdirSync(folder)).toEqual([]))
    expect(await callbacks.sent()).toEqual([])
  })

  it('is kept as far as it came when the server is killed, and says so; what belongs to nobody is deleted', async () => {
    const { callbacks, recordings, files } = await house()
    const [begun] = await recordings.recording('node-1')
    // The sizes in the header of a file that was not closed are wrong.
    const cut = writeWav(spoken(3_000)).fill(0, 42, 46).fill(0, 4, 8)
    await writeFile(files[0] ?? '', cut)
    await writeFile(join(folder, 'nobodys.wav'), cut)
    await callbacks.crash()
    expect(await recordings.of('request-1')).toMatchObject([{ id: begun?.id, state: 'kept', ms: 3_000, partial: 1 }])
    expect(await callbacks.sent()).toEqual(['heard', 'again'])
    expect(readdirSync(folder)).toEqual([`${begun?.id}.wav`])
  })

  it('is over with its request', async () => {
    const { callbacks, scenario, kept } = await house()
    await scenario.pass(mostMs + 1_000)
    await kept()
    const code = callbacks.told.at(-1)?.recording?.code ?? ''
    const service = scenario.house.callbacks.recordings
    expect(await service?.byCode(code)).toBeDefined()
    await scenario.during(scenario.house.callbacks.cancel('request-1'))
    const { outbox } = scenario.storage.callbacks
    for (const row of await outbox.of('request-1')) await scenario.during(outbox.put({ ...row, state: 'sent' }))
    await scenario.during(scenario.storage.maintenance.retain({ callbacks: scenario.clock.now() + minute }))
    expect(await service?.byCode(code)).toBeUndefined()
    await scenario.pass(61 * minute)
    await eventually(() => expect(readdirSync(folder)).toEqual([]))
  })

  it('leaves nothing when the server is killed before the file begins', async () => {
    const { callbacks, recordings } = await house()
    await callbacks.crash()
    expect(await recordings.recording('node-1')).toEqual([])
    expect(await recordings.of('request-1')).toEqual([])
    expect(await callbacks.sent()).toEqual(['again'])
  })
})
