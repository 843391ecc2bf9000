import { createContext, use } from 'react'
import type { Colleague, DeviceShape, PersonShape } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { de } from './words/de.ts'
import { type DeskWords, en } from './words/en.ts'

/** What every part of the desk may need. */
export interface DeskContextValue {
  readonly me: PersonShape
  readonly demo: boolean
  /** What this browser dials to take a colleague's call; '' until it is known. */
  readonly pickupCode: string
  /** What phones dial to hear messages. */
  readonly voicemailCode: string
  readonly people: readonly Colleague[]
  /** My devices. */
  readonly devices: readonly DeviceShape[]
  /** Reads people and devices anew. */
  readonly refresh: () => void
}

export const DeskContext = createContext<DeskContextValue | undefined>(undefined)

export function useDesk(): DeskContextValue {
  const value = use(DeskContext)
  if (!value) throw new Error('the desk is used outside of itself')
  return value
}

/** The desk's words in the chosen language. */
export function useWords(): DeskWords {
  return useSpeech().language === 'de' ? de : en
}
