import type { GermanJoint, PromptLanguage, PromptName } from './texts.ts'

export type SpokenPart = PromptName | GermanJoint

/**
 * The prompts that say a whole number from 0 to 999,999.
 * @throws RangeError for any other
 */
export function sayNumber(number: number, language: PromptLanguage): SpokenPart[] {
  if (!Number.isInteger(number) || number < 0 || number > 999_999)
    throw new RangeError(`only whole numbers from 0 to 999999 can be said, not ${number}`)
  return language === 'de' ? german(number) : english(number)
}

/** A time in whole minutes, at least one, as people say it. */
export function sayMinutes(minutes: number, language: PromptLanguage): SpokenPart[] {
  return minutes === 1 ? ['one-minute'] : [...sayNumber(minutes, language), 'minutes']
}

/** A telephone number or extension key by key; what cannot be said (spaces, dashes) is left out. */
export function sayKeys(number: string): PromptName[] {
  const said: PromptName[] = []
  for (const key of number) {
    if (key >= '0' && key <= '9') said.push(key as PromptName)
    else if (key === '+') said.push('plus')
    else if (key === '*') said.push('star')
    else if (key === '#') said.push('hash')
  }
  return said
}

function word(number: number): PromptName {
  return String(number) as PromptName
}

function english(number: number): SpokenPart[] {
  if (number >= 1000) {
    const rest = number % 1000
    return [...english(Math.floor(number / 1000)), 'thousand', ...(rest === 0 ? [] : joined(rest))]
  }
  if (number >= 100) {
    const rest = number % 100
    return [word(Math.floor(number / 100)), 'hundred', ...(rest === 0 ? [] : joined(rest))]
  }
  if (number <= 20 || number % 10 === 0) return [word(number)]
  return [word(number - (number % 10)), word(number % 10)]
}

/** One hundred *and* one, one thousand one hundred. */
function joined(rest: number): SpokenPart[] {
  return rest < 100 ? ['and', ...english(rest)] : english(rest)
}

function german(number: number): SpokenPart[] {
  if (number >= 1000) return [...before(Math.floor(number / 1000)), 'thousand', ...after(number % 1000)]
  if (number >= 100) return [...before(Math.floor(number / 100)), 'hundred', ...after(number % 100)]
  if (number <= 20 || number % 10 === 0) return [word(number)]
  return [`${number % 10}-and` as GermanJoint, word(number - (number % 10))]
}

/** Ein(hundert), (einhundertund)ein(tausend): without the s that stands at the end only. */
function before(number: number): SpokenPart[] {
  const said = german(number)
  return said.at(-1) === '1' ? [...said.slice(0, -1), 'one-joined'] : said
}

function after(rest: number): SpokenPart[] {
  return rest === 0 ? [] : german(rest)
}
