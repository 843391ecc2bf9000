import { commandSpeech, Prompts, type Speech } from '#media'
import type { Announcer } from './types.ts'

/** Names are cut at so many characters: nobody listens to more. */
const mostCharacters = 60

export interface AnnouncerParts {
  /** The data folder, with prompts of one's own. */
  readonly folder: string
  readonly failed: (sentence: string) => void
  /** Default: espeak-ng, where the machine has it. */
  readonly speech?: Speech
}

/** Speaks to who is rung for a requested call: recorded prompts, and names by text-to-speech where there is a program for it. */
export function callbackAnnouncer({ folder, failed, speech = commandSpeech({ failed }) }: AnnouncerParts): Announcer {
  const prompts = new Prompts({ folder, failed })
  return {
    say: (language, parts) => prompts.say(language, parts),
    async speak(name, language) {
      const text = spokenName(name)
      return text === '' ? undefined : speech.say(text, language)
    },
  }
}

/**
 * What is spoken of a name, which may be anybody's text: its words in one line, without what engines read as markup or phonemes; '' for a
 * name without a letter.
 */
export function spokenName(name: string): string {
  const words = name
    .normalize('NFC')
    .slice(0, 500)
    .replaceAll(/[^\p{L}\p{M}\p{N}.,' -]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .trim()
  if (!/\p{L}/u.test(words)) return ''
  if (words.length <= mostCharacters) return words
  const cut = words.slice(0, mostCharacters + 1)
  return cut.slice(0, cut.includes(' ') ? cut.lastIndexOf(' ') : mostCharacters)
}
