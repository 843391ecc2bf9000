import { sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, so that none of them is begun when all else is done. Not being named here costs a run some seconds. */
const long = [
  'test/browser/desk-in-call',
  'test/browser/desk-pages',
  'test/browser/desk-phones',
  'test/browser/desk-forms',
  'test/torture/torture',
  'test/crash/callback',
  'test/crash/crash',
  'test/interop/pickup-keys',
  'test/interop/callback-xmpp',
  'test/interop/voices',
  'test/interop/in-call',
  'test/interop/callback',
  'test/interop/centre',
  'test/system/start',
  'test/scenarios/voicemail',
  'test/scenarios/loss',
  'test/scenarios/pickup-interleavings',
  'src/services/callback/intake',
  'src/storage/postgres/postgres',
  'src/storage/storage',
  'scripts/ladder',
]

/** Within a group of projects: the longest files first, then the larger ones. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = moduleId.replaceAll(sep, '/')
      const at = long.findIndex((name) => path.endsWith(`/${name}.test.ts`))
      return at < 0 ? long.length : at
    }
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    return sorted.toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}
