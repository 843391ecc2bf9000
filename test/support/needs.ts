import { describe } from 'vitest'
import { findProgram, programs } from './programs.ts'

/**
 * `describe` for a suite that starts these programs. When one is missing, the suite is skipped and its name says why.
 *
 *     needs('baresip')('two phones', () => { … })
 */
export function needs(...names: string[]): (name: string, body: () => void) => void {
  const missing = names.filter((name) => !findProgram(name))
  if (missing.length === 0) return describe
  const packages = missing.map((name) => programs.find((program) => program.name === name)?.debian ?? name)
  const reason = `${missing.join(' and ')} not installed (Debian: ${packages.join(' ')})`
  return (name, body) => describe.skip(`${name} [skipped: ${reason}]`, body)
}
