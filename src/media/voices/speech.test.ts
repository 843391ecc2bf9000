import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/support/needs.ts'
import { commandSpeech, noSpeech } from './speech.ts'

/** An engine that says as many samples as the text has characters, and its arguments to nobody. */
function engine(code: string) {
  return { command: process.execPath, args: ['-e', code, '--'] }
}
const lengths = `const text = require('fs').readFileSync(0, 'utf8')
const h = Buffer.alloc(44); h.write('RIFF'); h.write('WAVEfmt ', 8); h.writeUInt32LE(16, 16); h.writeUInt16LE(1, 20)
h.writeUInt16LE(1, 22); h.writeUInt32LE(8000, 24); h.writeUInt16LE(16, 34); h.write('data', 36)
if (process.argv.slice(1).join(' ') !== '-v de --stdin --stdout') process.exit(3)
process.stdout.write(Buffer.concat([h, Buffer.alloc(2 * text.length, 1)]))`

describe('text to speech', () => {
  it('speaks by a program, and remembers what it said', async () => {
    const speech = commandSpeech(engine(lengths))
    expect(await speech.say('Guten Tag', 'de')).toHaveLength(9)
    expect(await speech.say('Guten Tag', 'de')).toBe(await speech.say(' Guten Tag\n', 'de'))
    expect(await speech.say('<break/>a\u0000b', 'de')).toHaveLength('break/ a b'.length)
    expect(await speech.say('a'.repeat(5000), 'de')).toHaveLength(500)
  })

  it('says nothing, and why, when it cannot', async () => {
    const told: string[] = []
    const failed = (sentence: string): void => void told.push(sentence)
    const missing = commandSpeech({ command: '/no/such/program', failed })
    expect(await missing.say('hello', 'en')).toBeUndefined()
    expect(await missing.say('hello', 'en')).toBeUndefined()
    expect(await commandSpeech({ ...engine(lengths), failed }).say('hello', 'en')).toBeUndefined()
    expect(await commandSpeech({ ...engine('console.log("no WAV")'), failed }).say('hello', 'en')).toBeUndefined()
    expect(told).toEqual([
      expect.stringMatching(/program does not speak: spawn .* ENOENT/),
      expect.stringMatching(/does not speak: it ended with 3/),
      expect.stringMatching(/does not speak: this is no WAV file/),
    ])
    expect(await commandSpeech(engine(lengths)).say('hello', '-f/etc/passwd')).toBeUndefined()
    expect(await commandSpeech(engine(lengths)).say(' \n', 'de')).toBeUndefined()
    expect(await noSpeech.say('hello', 'en')).toBeUndefined()
  })

  needs('espeak-ng')('with espeak-ng', () => {
    it('speaks names', async () => {
      const samples = await commandSpeech().say('Frau Müller', 'de')
      expect(samples!.length / 8000).toBeGreaterThan(0.5)
      expect(samples!.some((value) => value > 3000)).toBe(true)
    })
  })
})
