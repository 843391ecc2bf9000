import type { HeldLeg } from '#call'
import type { Clock, Timer } from '#lib'
import type { Sound } from '#media'

/**
 * Whether 1 is pressed while the sound is played or within `waitMs` after it; other keys mean nothing. A mailbox presses none.
 * @param enough ends the waiting before
 * @throws LegEnded when they hang up
 */
export async function pressesOne(
  held: HeldLeg,
  sound: Sound,
  clock: Clock,
  waitMs: number,
  enough?: AbortSignal,
): Promise<boolean> {
  const over = new AbortController()
  const giveUp = (): void => over.abort()
  enough?.addEventListener('abort', giveUp, { once: true })
  const asked = held.play(sound)
  let patience: Timer | undefined
  asked.ended.then(() => {
    if (!over.signal.aborted) patience = clock.setTimeout(giveUp, waitMs)
  })
  try {
    while (!over.signal.aborted) if ((await held.digits({ signal: over.signal })) === '1') return true
    return false
  } finally {
    clock.clearTimeout(patience)
    enough?.removeEventListener('abort', giveUp)
    over.abort()
    asked.stop()
  }
}
