import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sayNumber } from './numbers.ts'
import { Prompts } from './prompts.ts'
import { cutsOf } from './sound.ts'
import { promptLanguages, promptTexts } from './texts.ts'
import { WavError, writeWav } from './wav.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const beep = Int16Array.from({ length: 800 }, (_, i) => 8031 * Math.sign(Math.sin(i)))

describe('prompts', () => {
  it('are all there, audible and of sensible length, and no file is left over', async () => {
    const prompts = new Prompts({ folder })
    for (const language of promptLanguages) {
      const names = Object.keys(promptTexts[language])
      for (const name of names) {
        const samples = await prompts.prompt(language, name)
        const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length
        expect(samples.length / 8000, name).toBeGreaterThan(0.1)
        expect(samples.length / 8000, name).toBeLessThan(7)
        expect(10 * Math.log10(power / 32_768 ** 2), name).toBeGreaterThan(-32)
        expect(10 * Math.log10(power / 32_768 ** 2), name).toBeLessThan(-16)
      }
      const files = readdirSync(new URL(`./prompts/${language}/`, import.meta.url))
      expect(files.sort()).toEqual(names.map((name) => `${name}.wav`).sort())
    }
  })

  it('are put in a row with other sounds', async () => {
    const prompts = new Prompts({ folder })
    const sound = await prompts.say('de', ['your-place-is', ...sayNumber(21, 'de'), { silence: 100 }, beep])
    expect(
      cutsOf(sound)
        .map(({ length }) => length)
        .slice(-2),
    ).toEqual([800, 800])
    expect(cutsOf(sound)).toHaveLength(5)
  })

  it('are replaced by an upload at once, and restored', async () => {
    const prompts = new Prompts({ folder })
    const own = await prompts.prompt('de', 'goodbye')
    await prompts.replace('de', 'goodbye', writeWav(beep))
    expect(await prompts.prompt('de', 'goodbye')).toHaveLength(800)
    expect((await prompts.list('de')).filter(({ replaced }) => replaced)).toEqual([
      { name: 'goodbye', text: 'Auf Wiederhören.', replaced: true },
    ])
    expect(await prompts.prompt('en', 'goodbye')).not.toHaveLength(800)
    await prompts.replace('de', 'goodbye', writeWav(beep.slice(0, 400)))
    expect(await prompts.prompt('de', 'goodbye')).toHaveLength(400)
    await prompts.restore('de', 'goodbye')
    expect(await prompts.prompt('de', 'goodbye')).toBe(own)
  })

  it('of a language without any are English, unless uploaded', async () => {
    const prompts = new Prompts({ folder })
    const english = await prompts.prompt('en', 'busy')
    expect(await prompts.prompt('fr', 'busy')).toBe(english)
    expect(await prompts.prompt('de-AT', 'busy')).toBe(await prompts.prompt('de', 'busy'))
    await prompts.replace('fr', 'busy', writeWav(beep))
    expect(await prompts.prompt('fr', 'busy')).toHaveLength(800)
    expect(await prompts.prompt('fr-CA', 'busy')).toHaveLength(800)
  })

  it('that are broken on the disk are told of once, and our own is played', async () => {
    const told: string[] = []
    const prompts = new Prompts({ folder, failed: (sentence) => told.push(sentence) })
    await prompts.replace('de', 'busy', writeWav(beep))
    writeFileSync(join(folder, 'prompts', 'de', 'busy.wav'), 'no sound at all')
    const own = await new Prompts({ folder: join(folder, 'none') }).prompt('de', 'busy')
    expect(await prompts.prompt('de', 'busy')).toEqual(own)
    expect(await prompts.prompt('de', 'busy')).toEqual(own)
    expect(told).toEqual([expect.stringMatching(/busy\.wav cannot be played: this is no WAV file; allowed are/)])
  })

  it('refuse what is no sound, no language or no name, and never leave their folder', async () => {
    const prompts = new Prompts({ folder })
    await expect(prompts.replace('de', 'busy', Buffer.from('mp3'))).rejects.toThrow(WavError)
    await expect(prompts.replace('..', 'busy', writeWav(beep))).rejects.toThrow(
      "a language is written like de or pt-BR, not '..'",
    )
    await expect(prompts.replace('de', '../busy', writeWav(beep))).rejects.toThrow(
      "small letters, digits and dashes, not '../busy'",
    )
    await expect(prompts.prompt('de', 'nothing')).rejects.toThrow(/no prompt 'nothing'; there are 0, 1/)
    await expect(prompts.prompt('de', '../en/busy')).rejects.toThrow(/no prompt/)
    expect(readdirSync(folder)).toEqual([])
  })

  it('have music beside them, a loop that does not click', async () => {
    const prompts = new Prompts({ folder })
    const music = await prompts.music()
    expect(music.length / 8000).toBeGreaterThan(20)
    expect(Math.abs(music.at(-1)! - music[0]!)).toBeLessThan(600)
  })
})
