import type { PersonalSettings } from '#api/contract.ts'

/** A part of my settings: as the server has them, and how a change gets there. */
export interface SettingsPartProps {
  readonly settings: PersonalSettings
  /** Rejects with the server's refusal. */
  readonly save: (change: Partial<PersonalSettings>) => Promise<void>
}
