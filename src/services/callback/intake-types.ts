import type { IncomingMessage } from '#channels'
import type { Directory } from '#directory'
import type { Clock, Log, Random } from '#lib'
import type { CallbackRow, Storage } from '#storage'
import { type Caps, defaultCaps } from './caps.ts'
import type { Open } from './draft.ts'
import type { PublicEntries } from './entries.ts'
import type { NoticeMaker } from './notices.ts'
import type { CallbackService } from './service.ts'
import type { RefusalCode } from './texts.ts'

export interface IntakeSettings {
  /** Own name in addresses: `baton.local`. */
  readonly domain: string
  readonly timeZone: string
  readonly language: 'en' | 'de'
  /** Local parts of addresses that are for nobody in particular. */
  readonly general: readonly string[]
  /** Whether people who are not of ours may ask at all, and for whom. */
  readonly outsiders: boolean
  readonly shown: PublicEntries
  /** Whether who cannot prove the address gets a link to confirm by; else such messages are ignored. */
  readonly confirmUnproven: boolean
  /** Person on whose account outside numbers are dialled for askers who are not of ours; '' for nobody's. */
  readonly account: string
  readonly caps: Caps
}

export const defaultIntakeSettings: IntakeSettings = {
  ...{ domain: 'baton.local', timeZone: 'UTC', language: 'en', general: ['callback', 'rueckruf'] },
  ...{ outsiders: true, shown: 'groups-and-numbers', confirmUnproven: false, account: '', caps: defaultCaps },
}

export interface IntakeParts {
  readonly service: CallbackService
  readonly storage: Pick<Storage, 'callbacks' | 'contacts'>
  readonly directory: Directory
  readonly notices: NoticeMaker
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Told when a message waits to go out. */
  readonly wake?: () => void
  readonly settings?: Partial<IntakeSettings>
}

/** What somebody asks for by a form or program, in their own words. */
export interface Wish {
  readonly message: IncomingMessage
  readonly called: string
  readonly caller: string
  /** ms since 1970, or words; left out for now. */
  readonly at?: number | string
  readonly note: string
  /** They prove by a link sent there that it is they who ask. */
  readonly confirmBy?: string
}

export type Granted =
  | { readonly kind: 'taken'; readonly request: CallbackRow; readonly code: string }
  | { readonly kind: 'ask'; readonly open: Open; readonly request: CallbackRow }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly what: string; readonly request: CallbackRow }
