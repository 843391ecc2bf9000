import { useWords } from '../../context.tsx'

/** How an attempt ended, or why there is none, in words. */
export function useOutcome(): (outcome: string) => string {
  const { callbacks } = useWords()
  return (outcome) => callbacks.outcome[outcome] ?? callbacks.otherOutcome
}
