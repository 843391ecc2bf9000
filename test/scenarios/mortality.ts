import type { Storage } from '#storage'

/** What changes the database. */
const writes = new Set([
  'ringing',
  'answered',
  'dialog',
  'closed',
  'unanswered',
  'dialogEnded',
  'accept',
  'change',
  'begin',
  'attempt',
  'ended',
  'wait',
  'left',
])

/**
 * The life of a server's process, as its database sees it: once it has died, nothing of it is written or read any more, and whoever waits
 * for the database waits for ever.
 */
export class Mortality {
  /** Writes so far, by name. */
  readonly written: string[] = []
  /** Dies at the write with this number, just before it is made, or just after: then nobody hears of it. */
  dieAt: { readonly write: number; readonly when: 'before' | 'after' } | undefined
  /** Called when it has died of {@link dieAt}. */
  died: () => void = () => {}
  #life = { dead: false }

  dies(): void {
    this.#life.dead = true
  }

  lives(): void {
    this.#life = { dead: false }
    this.dieAt = undefined
  }

  /** The storage of the process that lives now. */
  readonly of = (storage: Storage): Storage => this.#mortal(storage, this.#life)

  #mortal<T extends object>(target: T, life: { dead: boolean }): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name)
        if (isMethod(value)) return (...given: unknown[]) => this.#call(target, String(name), value, given, life)
        return typeof value === 'object' && value !== null ? this.#mortal(value, life) : value
      },
    })
  }

  #call(
    target: object,
    name: string,
    method: (...given: unknown[]) => unknown,
    given: unknown[],
    life: { dead: boolean },
  ) {
    const never = new Promise<never>(() => {})
    if (life.dead) return never
    if (!writes.has(name)) return method.apply(target, given)
    this.written.push(name)
    const fatal = this.dieAt?.write === this.written.length ? this.dieAt.when : undefined
    if (fatal === undefined) return method.apply(target, given)
    life.dead = true
    const done = fatal === 'after' ? Promise.resolve(method.apply(target, given)) : Promise.resolve()
    void done.then(() => this.died())
    return never
  }
}

function isMethod(value: unknown): value is (...given: unknown[]) => unknown {
  return typeof value === 'function'
}
