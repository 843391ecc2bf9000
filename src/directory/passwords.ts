import { hash, verify } from '@node-rs/argon2'

/** What argon2id costs: memory in KiB and passes. */
export interface PasswordCosts {
  readonly memoryCost: number
  readonly timeCost: number
}

/** Too many passwords are being checked at once: try again in a moment. */
export class PasswordsBusy extends Error {}

/** OWASP's least for argon2id: 19 MiB, two passes. */
const usual: PasswordCosts = { memoryCost: 19_456, timeCost: 2 }
/** Each takes a core for some 20 ms; more at once would only slow down everything else. */
const mostAtOnce = 2
const mostWaiting = 100

/** Hashes and checks passwords with argon2id, a few at a time. */
export function createPasswords(costs: PasswordCosts = usual) {
  // argon2id is the library's default.
  const options = { ...costs, parallelism: 1, outputLen: 32 }
  let running = 0
  const waiting: (() => void)[] = []
  /** Stands in where there is no hash, so that unknown people take as long as known ones. */
  let nobody: Promise<string> | undefined

  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (running >= mostAtOnce) {
      if (waiting.length >= mostWaiting) throw new PasswordsBusy('too many log-ins at once')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    /** Makes what stands in for missing hashes, so that not even the first unknown person takes longer. */
    async prepare(): Promise<void> {
      nobody ??= hash('nobody has this password', options)
      await nobody
    },
    hash: (password: string): Promise<string> => inTurn(() => hash(password, options)),
    /** @param stored the person's hash; without one the answer is no, after the same time */
    verify: (stored: string | undefined, password: string): Promise<boolean> =>
      inTurn(async () => {
        nobody ??= hash('nobody has this password', options)
        const right = await verify(stored ?? (await nobody), password)
        return stored !== undefined && right
      }),
  }
}
