import type { CallbackStorage } from '#storage'
import type { RefusalCode } from './texts.ts'

/** How many requests are taken. */
export interface Caps {
  /** From one who asks. */
  readonly sourcePerHour: number
  readonly sourcePerDay: number
  /** For one number or person that did not ask. */
  readonly targetPerHour: number
  readonly targetPerDay: number
  /** For a number that nobody has confirmed yet. */
  readonly unconfirmedPerDay: number
  /** From everybody together. */
  readonly perHour: number
}

export const defaultCaps: Caps = {
  sourcePerHour: 5,
  sourcePerDay: 20,
  targetPerHour: 3,
  targetPerDay: 6,
  unconfirmedPerDay: 1,
  perHour: 1_000,
}

export const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Which cap one more request from this source would break; `undefined` when it may be taken. */
export async function sourceCap(
  storage: CallbackStorage,
  source: string,
  now: number,
  caps: Caps,
): Promise<RefusalCode | undefined> {
  if ((await storage.count({ source }, now - hourMs)) >= caps.sourcePerHour) return 'too-many-from-you'
  if ((await storage.count({ source }, now - dayMs)) >= caps.sourcePerDay) return 'too-many-from-you'
  if ((await storage.count({}, now - hourMs)) >= caps.perHour) return 'too-many'
  return undefined
}

/** The same for whom it bothers. @param unconfirmed nobody has pressed the key on that number yet */
export async function targetCap(
  storage: CallbackStorage,
  target: string,
  unconfirmed: boolean,
  now: number,
  caps: Caps,
): Promise<RefusalCode | undefined> {
  if (target === '') return undefined
  const today = await storage.count({ target }, now - dayMs)
  if (unconfirmed && today >= caps.unconfirmedPerDay) return 'number-not-confirmed'
  if (today >= caps.targetPerDay) return 'too-many-to-number'
  if ((await storage.count({ target }, now - hourMs)) >= caps.targetPerHour) return 'too-many-to-number'
  return undefined
}
