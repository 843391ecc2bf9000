import { createContext, use } from 'react'
import { de } from './de.ts'
import { en, type Messages } from './en.ts'

export type { Messages } from './en.ts'

/** The languages of the pages, each named in itself. */
export const languages = { en: { name: 'English', messages: en }, de: { name: 'Deutsch', messages: de } } as const

export type Language = keyof typeof languages

const storageKey = 'baton.language'

/** The language chosen before, else the first of the browser's that we speak, else English. */
export function initialLanguage(): Language {
  const wanted = [stored(), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())]
  return wanted.find((tag): tag is Language => tag !== undefined && Object.hasOwn(languages, tag)) ?? 'en'
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(storageKey, language)
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
}

function stored(): string | undefined {
  try {
    return localStorage.getItem(storageKey) ?? undefined
  } catch {
    return undefined
  }
}

/** Words and formats of the chosen language. */
export interface Speech {
  readonly language: Language
  readonly t: Messages
  readonly time: (at: number) => string
  readonly dayAndTime: (at: number) => string
  /** As short as it is clear: the time today, else the day with it, and the year when it is another one. */
  readonly when: (at: number) => string
  readonly number: (value: number, digits?: number) => string
  readonly percent: (share: number) => string
}

export function speechOf(language: Language): Speech {
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' })
  const dayAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  const dayOfYear = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
  })
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  return {
    language,
    t: languages[language].messages,
    time: (at) => time.format(at),
    dayAndTime: (at) => dayAndTime.format(at),
    when: (at) => {
      const [day, now] = [new Date(at), new Date()]
      if (day.toDateString() === now.toDateString()) return time.format(at)
      return (day.getFullYear() === now.getFullYear() ? dayOfYear : dayAndTime).format(at)
    },
    number: (value, digits = 0) => value.toLocaleString(language, { maximumFractionDigits: digits }),
    percent: (share) => percent.format(share),
  }
}

export const SpeechContext = createContext<Speech>(speechOf('en'))

/** Words and formats for a component. */
export function useSpeech(): Speech {
  return use(SpeechContext)
}
