import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SpokenPart } from './numbers.ts'
import { shared } from './samples.ts'
import type { Sound } from './sound.ts'
import { type PromptLanguage, promptLanguages, promptTexts } from './texts.ts'
import { readWav } from './wav.ts'

export interface PromptsOptions {
  /** The data folder: `prompts/LANGUAGE/NAME.wav` in it is played in the place of Baton's own. */
  readonly folder: string
  /** Told of a file that cannot be played; Baton's own is played then. */
  readonly failed?: (sentence: string) => void
}

const own = fileURLToPath(new URL('./prompts/', import.meta.url))
const music = fileURLToPath(new URL('./music/hold.wav', import.meta.url))

/** The prompts of an organisation: its own recordings where it has some, else Baton's. */
export class Prompts {
  readonly #folder: string
  readonly #failed: (sentence: string) => void
  #uploads = 0
  readonly #known = new Map<string, { readonly stamp: string; readonly samples: Int16Array | undefined }>()

  constructor({ folder, failed = () => {} }: PromptsOptions) {
    this.#folder = join(folder, 'prompts')
    this.#failed = failed
  }

  /** Prompts and other sounds in a row, ready to be played. @param parts names of prompts, and sounds as they are */
  async say(language: string, parts: readonly (SpokenPart | Sound)[]): Promise<Sound> {
    const sounds = parts.map((part) => (typeof part === 'string' ? this.prompt(language, part) : part))
    return Promise.all(sounds)
  }

  /** One prompt; a language without recordings of its own is spoken to in English. @throws RangeError for an unknown name */
  async prompt(language: string, name: string): Promise<Int16Array> {
    const [base = ''] = language.split('-')
    const spoken = promptLanguages.find((known) => known === base) ?? 'en'
    if (isName(name)) {
      for (const one of new Set([language, base])) {
        const uploaded = isLanguage(one) ? await this.#load(this.#path(one, name), true) : undefined
        if (uploaded) return uploaded
      }
      const samples = await this.#load(join(own, spoken, `${name}.wav`), false)
      if (samples) return samples
    }
    throw new RangeError(`there is no prompt '${name}'; there are ${names(spoken).join(', ')}`)
  }

  /** Music for who waits: the organisation's `prompts/music.wav`, else a loop of our own. Play it with `loop`. */
  async music(): Promise<Int16Array> {
    return (await this.#load(join(this.#folder, 'music.wav'), true)) ?? ((await this.#load(music, false)) as Int16Array)
  }

  /**
   * Puts a recording in the place of a prompt.
   * @throws WavError when it cannot be played @throws RangeError for a language or name that cannot be
   */
  async replace(language: string, name: string, wav: Buffer): Promise<void> {
    if (!isLanguage(language)) throw new RangeError(`a language is written like de or pt-BR, not '${language}'`)
    if (!isName(name)) throw new RangeError(`a prompt's name has small letters, digits and dashes, not '${name}'`)
    readWav(wav)
    const path = this.#path(language, name)
    await mkdir(join(this.#folder, language), { recursive: true })
    // Written beside and renamed: nobody ever plays half a file.
    const beside = `${path}.${process.pid}-${++this.#uploads}.new`
    await writeFile(beside, wav)
    await rename(beside, path)
  }

  /** Takes a recording away: Baton's own is played again. */
  async restore(language: string, name: string): Promise<void> {
    if (isLanguage(language) && isName(name)) await rm(this.#path(language, name), { force: true })
  }

  /** Every prompt of a language with its text, and whether the organisation has replaced it. */
  async list(language: PromptLanguage): Promise<{ name: string; text: string; replaced: boolean }[]> {
    const files = await readdir(join(this.#folder, language)).catch((): string[] => [])
    return names(language).map((name) => ({
      name,
      text: (promptTexts[language] as Readonly<Record<string, string>>)[name] as string,
      replaced: files.includes(`${name}.wav`),
    }))
  }

  #path(language: string, name: string): string {
    return join(this.#folder, language, `${name}.wav`)
  }

  /** @param changes whether the file may be another tomorrow */
  async #load(path: string, changes: boolean): Promise<Int16Array | undefined> {
    const known = this.#known.get(path)
    if (known && !changes) return known.samples
    try {
      const { mtimeMs, size } = await stat(path)
      const stamp = `${mtimeMs} ${size}`
      if (known?.stamp === stamp) return known.samples
      try {
        const samples = shared(readWav(await readFile(path)))
        this.#known.set(path, { stamp, samples })
        return samples
      } catch (error) {
        this.#known.set(path, { stamp, samples: undefined })
        this.#failed(`${path} cannot be played: ${(error as Error).message}`)
        return undefined
      }
    } catch {
      this.#known.delete(path)
      return undefined
    }
  }
}

function names(language: PromptLanguage): string[] {
  return Object.keys(promptTexts[language])
}

function isLanguage(text: string): boolean {
  return /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/.test(text)
}

function isName(text: string): boolean {
  return /^[a-z0-9](-?[a-z0-9]){0,39}$/.test(text)
}
