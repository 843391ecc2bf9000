import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { needs } from '../../../test/support/needs.ts'
import { callbackAnnouncer, spokenName } from './announcer.ts'

describe('what is spoken of a name', () => {
  test.each([
    ['Anna Berg', 'Anna Berg'],
    ["Zoë O'Brien-Müller", "Zoë O'Brien-Müller"],
    ['Acme, Inc. (Sales)', 'Acme, Inc. Sales'],
    ['--voices -f /etc/passwd', 'voices -f etc passwd'],
    ['$(reboot) `id`; rm -rf /', 'reboot id rm -rf'],
    ['<speak>Anna</speak>', 'speak Anna speak'],
    ["[[h@'loU]] Anna", "h 'loU Anna"],
    ['Anna\r\nBcc: x', 'Anna Bcc x'],
    ['+49 30 1234', ''],
    ['🙂🙂', ''],
    ['', ''],
  ])('%j', (name, spoken) => expect(spokenName(name)).toBe(spoken))

  test('is of a bounded length', () => {
    expect(spokenName('Anna '.repeat(5_000))).toBe('Anna '.repeat(12).trim())
    expect(spokenName('a'.repeat(100_000))).toHaveLength(60)
  })
})

needs('espeak-ng')('names by espeak-ng', () => {
  const folder = temporaryFolder('announcer')
  const failures: string[] = []
  const { speak } = callbackAnnouncer({ folder, failed: (sentence) => failures.push(sentence) })
  /** The loudest sample and the length in seconds of what is said. */
  const heard = async (name: string, language = 'en') => {
    const samples = (await speak?.(name, language)) as Int16Array | undefined
    if (!samples) return undefined
    return { loudest: Math.max(...samples.map(Math.abs)), seconds: samples.length / 8_000 }
  }

  test('are heard, in both languages, each its own', async () => {
    for (const language of ['en', 'de']) {
      const { loudest, seconds } = (await heard('Anna Berg', language)) ?? { loudest: 0, seconds: 0 }
      expect(loudest).toBeGreaterThan(2_000)
      expect(seconds).toBeGreaterThan(0.3)
      expect((await heard('Anna Berg-Oppenheimer the Second', language))?.seconds).toBeGreaterThan(seconds)
    }
    expect(failures).toEqual([])
  })

  test('are text and nothing else: no shell, no option, no endless speech', async () => {
    const trap = join(folder, 'trap')
    for (const name of [`$(touch ${trap})`, `\`touch ${trap}\``, `-w ${trap}`, `--path=${trap}`, `x; touch ${trap}`]) {
      expect((await heard(name))?.seconds, name).toBeGreaterThan(0.3)
    }
    expect(existsSync(trap)).toBe(false)
    expect((await heard('Anna '.repeat(5_000)))?.seconds).toBeLessThan(20)
    expect(await heard('+49 30 1234')).toBeUndefined()
    expect(await heard('Anna', `-w${trap}`)).toBeUndefined()
  })

  test('are spoken once and remembered', async () => {
    expect(await speak?.('Otto', 'de')).toBe(await speak?.('Otto', 'de'))
  })
})
