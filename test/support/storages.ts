import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { openStorage, type Storage } from '#storage'
import { postgresMissing, startPostgres, type TestPostgres } from './postgres.ts'

/** What each test of the suite is given: an empty storage of its own. */
export interface Given {
  storage: Storage
  /** Whether what was closed is there again after `reopen`. */
  readonly lasts: boolean
  /** Opens the same database once more, after it was closed. */
  reopen(): Promise<Storage>
}

interface Implementation {
  readonly name: string
  readonly skip?: string | undefined
  readonly lasts: boolean
  open(folder: string): Promise<Storage>
}

/** Runs tests over every implementation of the storage port. */
export function describeStorages(tests: (given: Given) => void): void {
  let postgres: TestPostgres | undefined
  let databases = 0
  let url = ''
  const missing = postgresMissing()
  if (missing) console.warn(`storage over PostgreSQL is not tested: ${missing}`)

  const implementations: readonly Implementation[] = [
    { name: 'SQLite in threads', lasts: true, open: (folder) => openStorage({ folder }) },
    {
      name: 'SQLite inline in memory',
      lasts: false,
      open: () => openStorage({ folder: ':memory:', thread: false }),
    },
    { name: 'PostgreSQL', lasts: true, skip: missing, open: (folder) => openStorage({ url, folder }) },
  ]

  for (const { name, skip, lasts, open } of implementations) {
    describe.skipIf(skip)(`storage: ${name}`, () => {
      const overPostgres = name === 'PostgreSQL'
      let folder: string
      const given: Given = { storage: undefined as unknown as Storage, lasts, reopen: () => open(folder) }

      beforeAll(async () => {
        if (overPostgres) postgres = await startPostgres()
      }, 60_000)
      afterAll(async () => {
        if (overPostgres) await postgres?.stop()
      })
      beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'baton-storage-'))
        if (overPostgres) url = await (postgres as TestPostgres).createDatabase(`suite_${databases++}`)
        given.storage = await open(folder)
      })
      afterEach(async () => {
        await given.storage.close()
        rmSync(folder, { recursive: true, force: true })
      })
      tests(given)
    })
  }
}
