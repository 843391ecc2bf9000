import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `look` returns without throwing, and returns what it returned; for what tells nobody when it changes.
 * @throws what `look` threw last, after `timeout` ms
 */
export async function eventually<T>(look: () => T | Promise<T>, timeout = 45_000): Promise<T> {
  const late = AbortSignal.timeout(timeout)
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (late.aborted) throw error
    }
    await sleep(50)
  }
}
