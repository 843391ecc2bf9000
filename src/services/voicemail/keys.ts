import type { HeldLeg } from '#call'
import type { Sound } from '#media'

/**
 * Plays a sound until somebody presses a key or it ends, and then waits for a key.
 * @param waitMs how long after the sound; 0 = not at all
 * @returns the key, '' where none was pressed
 */
export async function keyDuring(held: HeldLeg, sound: Sound, waitMs: number): Promise<string> {
  const stop = new AbortController()
  const pressed = held.digits({ signal: stop.signal })
  const played = held.play(sound).ended.then(() => undefined)
  const key = await held.while(Promise.race([pressed, played]))
  if (key !== undefined) {
    held.stopPlaying()
    return key
  }
  stop.abort()
  const late = await pressed
  if (late !== '') return late
  return waitMs > 0 ? held.digits({ waitMs }) : ''
}
