import { useEffect, useState } from 'react'

const firstWait = 1000
const longestWait = 30_000

/** Reads something and tries again by itself until it worked; reads it anew when `key` changes, keeping the old value meanwhile. */
export function useRetried<T>(
  read: (signal: AbortSignal) => Promise<T>,
  key: unknown,
): { readonly value: T | undefined; readonly failed: boolean; readonly error: unknown } {
  const [state, setState] = useState<{ value: T | undefined; failed: boolean; error: unknown }>({
    value: undefined,
    failed: false,
    error: undefined,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when to read anew
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const attempt = (wait: number) => {
      read(abort.signal).then(
        (value) => {
          if (!abort.signal.aborted) setState({ value, failed: false, error: undefined })
        },
        (error: unknown) => {
          if (abort.signal.aborted) return
          setState((before) => ({ ...before, failed: true, error }))
          timer = setTimeout(() => attempt(Math.min(wait * 2, longestWait)), wait)
        },
      )
    }
    attempt(firstWait)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [key])
  return state
}
