/** A timer that was started by a {@link Clock}; opaque to everybody else. */
export type Timer = { readonly timer: unique symbol } | object

/** Time as an argument: nothing below `main.ts` reads the machine's clock itself, so tests can run hours in milliseconds. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  now(): number
  /** Runs `run` once after `ms` milliseconds. */
  setTimeout(run: () => void, ms: number): Timer
  /** Stops a timer; `undefined` and timers that have already run are fine. */
  clearTimeout(timer: Timer | undefined): void
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
}
