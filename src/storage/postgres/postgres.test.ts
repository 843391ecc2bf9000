import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { postgresMissing, startPostgres, type TestPostgres } from '../../../test/support/postgres.ts'
import { openStorage, type Storage } from '../index.ts'
import { aContext, aDialog, aRecord } from '../sample-rows.ts'
import {
  addParticipant,
  closeRecord,
  dropContext,
  putContext,
  putDialog,
  putDirectory,
  putValue,
} from '../statements.ts'
import { groupSteps, rowsAsJson } from './groups.ts'

const dialog = (id: string, role: string, state = ''): (string | number)[] => [putDialog, id, role, 'n', 'd', state]

describe('grouping for PostgreSQL', () => {
  it('writes rows of one statement together and keeps the order of each key', () => {
    const groups = groupSteps([
      [putValue, 'a', '1', dropContext, 'x'],
      [putValue, 'b', '1', dropContext, 'y'],
      [putValue, 'a', '2'],
      [dropContext, 'a', putValue, 'c', '3'],
    ])
    expect(groups.map(({ statement, rows }) => [statement, ...rows])).toEqual([
      [putValue, ['a', '1'], ['b', '1']],
      [dropContext, ['x'], ['y']],
      [putValue, ['a', '2'], ['c', '3']],
      [dropContext, ['a']],
    ])
  })

  it('takes both dialogs of a call together, but no dialog twice', () => {
    const groups = groupSteps([
      [...dialog('c', 'caller'), ...dialog('c', 'callee'), addParticipant, 'p', 'c', addParticipant, 'q', 'c'],
      [...dialog('c', 'callee', 'new')],
    ])
    expect(groups.map(({ statement, rows }) => [statement, rows.length])).toEqual([
      [putDialog, 2],
      [addParticipant, 2],
      [putDialog, 1],
    ])
  })

  it('moves nothing across a directory row', () => {
    const groups = groupSteps([
      [putValue, 'a', '1'],
      [putDirectory.trunks, 't', 'name', '{}'],
      [putValue, 'b', '1'],
    ])
    expect(groups.map((group) => group.statement)).toEqual([putValue, putDirectory.trunks, putValue])
  })

  it('counts the width of every statement right', () => {
    const unit = [closeRecord, 1, 'c', 'e', 'q', null, null, null, 'id', putContext, ...Array(13).fill('x')]
    expect(groupSteps([unit]).map((group) => group.rows[0]?.length)).toEqual([8, 13])
  })

  it('gives PostgreSQL text that it can hold', () => {
    expect(rowsAsJson([['a\0b', 'half \ud800', '\\u0000', 1, null]])).toBe(
      JSON.stringify([['a\ufffdb', 'half \ufffd', '\\u0000', 1, null]]),
    )
  })
})

const missing = postgresMissing()
if (missing) console.warn(`PostgreSQL is not tested: ${missing}`)

describe.skipIf(missing)('storage over PostgreSQL', () => {
  let postgres: TestPostgres
  let url: string
  let databases = 0
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres?.stop())
  beforeEach(async () => {
    url = await postgres.createDatabase(`own_${databases++}`)
  })

  it('says what to change when it cannot be opened', async () => {
    const opening = (wrong: string): Promise<Storage> => openStorage({ folder: '', url: wrong })
    await expect(opening('mysql://localhost/x')).rejects.toThrow(
      /BATON_DATABASE_URL is not a PostgreSQL address: write postgres:/,
    )
    await expect(opening('nonsense')).rejects.toThrow(/BATON_DATABASE_URL is not a PostgreSQL address/)
    await expect(opening('postgres://u:secret@127.0.0.1:1/baton')).rejects.toThrow(
      /^PostgreSQL at 127.0.0.1:1\/baton cannot be used: .*ECONNREFUSED.*start the server, or correct BATON_DATABASE_URL$/,
    )
    await expect(opening(url.replace(/own_\d+/, 'missing'))).rejects.toThrow(/does not exist; create the database/)
    await expect(opening('postgres://u:secret@127.0.0.1:1/baton')).rejects.not.toThrow(/secret/)
  })

  it('serves several nodes at once, also when they start together', async () => {
    const nodes = await Promise.all(['n1', 'n2', 'n3'].map(() => openStorage({ folder: '', url })))
    await Promise.all(
      nodes.map(async (storage, i) => {
        for (let call = 0; call < 20; call++) {
          const id = `n${i}-${call}`
          await storage.calls.ringing(aContext({ callId: id, node: `n${i}` }))
          await storage.calls.answered(aRecord({ id, node: `n${i}`, state: 'live' }), [
            { ...aDialog(id, 'caller'), node: `n${i}` },
          ])
        }
      }),
    )
    expect(await nodes[0]?.calls.sweep('n1', 5)).toHaveLength(20)
    expect((await nodes[1]?.records.list({ limit: 100, state: 'live' }))?.records).toHaveLength(40)
    await Promise.all(nodes.map((storage) => storage.close()))
  })

  it('refuses a backup with the command to run', async () => {
    const storage = await openStorage({ folder: '', url })
    await expect(storage.maintenance.backup('x')).rejects.toThrow(/pg_dump --format=custom/)
    await storage.close()
  })

  it('lets writes wait while the server is away, and loses none', { timeout: 60_000 }, async () => {
    const warned: string[] = []
    const note = (_: object, sentence: string): void => void warned.push(sentence)
    const storage = await openStorage({ folder: '', url, log: { debug: note, info: note, warn: note, error: note } })
    await storage.calls.ringing(aContext({ callId: 'before' }))
    expect(await storage.healthy()).toBe(true)
    await postgres.crash()
    expect(await storage.healthy()).toBe(false)
    const writes = Array.from({ length: 30 }, (_, i) => storage.calls.unanswered(aRecord({ id: `r${i}` })))
    writes.push(storage.calls.ringing(aContext({ callId: 'meanwhile' })))
    await expect(storage.records.get('r1')).rejects.toThrow()
    await postgres.start()
    await Promise.all(writes)
    expect((await storage.records.list({ limit: 100 })).records).toHaveLength(30)
    expect((await storage.calls.contexts()).map((context) => context.callId).sort()).toEqual(['before', 'meanwhile'])
    expect(await storage.healthy()).toBe(true)
    storage.traces.append('r1', 1, Buffer.from('after'))
    expect((await storage.traces.get('r1')).map(String)).toEqual(['after'])
    expect(warned).toEqual(
      expect.arrayContaining(['PostgreSQL does not answer: writes wait', 'PostgreSQL answers again']),
    )
    await storage.close()
  })

  it('keeps what was acknowledged through a crash of the server in mid-stream', { timeout: 60_000 }, async () => {
    const storage = await openStorage({ folder: '', url })
    const acknowledged: string[] = []
    let crash: Promise<void> | undefined
    const writes: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 20; j++) {
        const id = `r${i}-${j}`
        writes.push(storage.calls.unanswered(aRecord({ id })).then(() => acknowledged.push(id)))
      }
      if (i === 10) crash = postgres.crash().then(() => postgres.start())
      await Promise.race([writes.at(-1), crash ?? writes.at(-1)])
    }
    await crash
    await Promise.all(writes)
    expect(acknowledged).toHaveLength(800)
    expect((await storage.records.list({ limit: 1_000 })).records).toHaveLength(800)
    await storage.close()
  })
})
