import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorage, readTrace, restoreBackup, type Storage } from '../index.ts'
import { aRecord } from '../sample-rows.ts'

let folder: string
let open: Storage[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-folder-'))
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((storage) => storage.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: { folder?: string; thread?: boolean } = {}): Promise<Storage> {
  const storage = await openStorage({ folder, ...options })
  open.push(storage)
  return storage
}

async function stop(storage: Storage): Promise<void> {
  open = open.filter((other) => other !== storage)
  await storage.close()
}

describe('the data folder', () => {
  it('is made for its owner alone, as are the files in it', async () => {
    const made = join(folder, 'a/b')
    const storage = await start({ folder: made })
    await storage.values.put('a', 'b')
    storage.traces.append('c1', 1, Buffer.from('x'))
    await storage.traces.flush()
    expect(statSync(made).mode & 0o777).toBe(0o700)
    const files = readdirSync(made)
    expect(files).toEqual(expect.arrayContaining(['baton.db', 'baton.db-wal', 'traces.db', 'server.pid']))
    for (const file of files) expect([file, statSync(join(made, file)).mode & 0o777]).toEqual([file, 0o600])
  })

  it('that cannot be written is one clear line', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(start({ folder: join(folder, 'file/data') })).rejects.toThrow(
      /^the data folder .*file\/data cannot be written: .*; set BATON_DATA to a folder that the server may write$/,
    )
  })

  it('in memory needs no thread', async () => {
    await expect(start({ folder: ':memory:' })).rejects.toThrow(/thread to false/)
  })

  it.each([true, false])('serves one server at a time (thread: %s)', async (thread) => {
    const first = await start({ thread })
    for (const other of [true, false])
      await expect(start({ thread: other })).rejects.toThrow(
        new RegExp(`in use by another server \\(pid ${process.pid}\\): stop that server, or set BATON_DATA`),
      )
    await first.values.put('still', 'works')
    await stop(first)
    const second = await start({ thread })
    expect(await second.values.get('still')).toBe('works')
  })

  it('of a newer version is refused', async () => {
    await stop(await start())
    const database = new Database(join(folder, 'baton.db'))
    database.exec("INSERT INTO schema_migrations VALUES (999, 'from-the-future', 0)")
    database.close()
    for (const thread of [true, false])
      await expect(start({ thread })).rejects.toThrow(
        /newer Baton \(schema 999, this one knows \d+\): start the newer version/,
      )
  })

  it('with a damaged database is refused, with damaged traces it is not', async () => {
    await stop(await start())
    writeFileSync(join(folder, 'traces.db'), 'these are no traces'.repeat(1_000))
    const storage = await start()
    storage.traces.append('c1', 1, Buffer.from('new'))
    expect((await storage.traces.get('c1')).map(String)).toEqual(['new'])
    expect(readTrace(folder, 'c1').map(String)).toEqual(['new'])
    expect(existsSync(join(folder, 'traces.db.damaged'))).toBe(true)
    await stop(storage)
    writeFileSync(join(folder, 'baton.db'), 'this is no database'.repeat(1_000))
    await expect(start()).rejects.toThrow(/baton.db cannot be opened: .*not a database; restore a backup/)
  })
})

describe('reports', () => {
  it('see only what is committed, while writes go on', async () => {
    const storage = await start()
    const writes: Promise<void>[] = []
    for (let i = 0; i < 300; i++) writes.push(storage.calls.unanswered(aRecord({ id: `r${i}`, startedAt: i })))
    await writes[99]
    const { records } = await storage.records.list({ limit: 1_000 })
    expect(records.length).toBeGreaterThanOrEqual(100)
    await Promise.all(writes)
    expect((await storage.records.list({ limit: 1_000 })).records).toHaveLength(300)
  })
})

describe('backup and restore', () => {
  it('copies while writes go on, and brings the copy back', async () => {
    const storage = await start()
    for (let i = 0; i < 500; i++) void storage.calls.unanswered(aRecord({ id: `old${i}` }))
    const file = join(folder, 'copy.db')
    const later = storage.maintenance.backup(file)
    for (let i = 0; i < 500; i++) void storage.calls.unanswered(aRecord({ id: `new${i}` }))
    await later
    await storage.calls.unanswered(aRecord({ id: 'newest' }))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.partial`)).toBe(false)
    await expect(storage.maintenance.backup(file)).rejects.toThrow(/exists already/)
    await expect(storage.maintenance.backup(join(folder, 'no/such/copy.db'))).rejects.toThrow(/cannot be written/)

    expect(() => restoreBackup(file, folder)).toThrow(/in use by another server/)
    expect(await storage.records.get('newest')).toBeDefined()
    await stop(storage)
    expect(restoreBackup(file, folder)).toEqual({ kept: join(folder, 'baton.db.before-restore') })
    const restored = await start()
    expect(await restored.records.get('old499')).toBeDefined()
    expect(await restored.records.get('newest')).toBeUndefined()
    await stop(restored)

    // What was replaced is whole, and a second restore keeps both.
    const second = restoreBackup(join(folder, 'baton.db.before-restore'), folder)
    expect(second.kept).toBe(join(folder, 'baton.db.before-restore-2'))
    expect(await (await start()).records.get('newest')).toBeDefined()
  })

  it('restores into an empty folder and in place of a damaged database', async () => {
    const storage = await start()
    await storage.values.put('a', 'b')
    const file = join(folder, 'copy.db')
    await storage.maintenance.backup(file)
    await stop(storage)
    const empty = join(folder, 'empty')
    expect(restoreBackup(file, empty)).toEqual({ kept: undefined })
    expect(await (await start({ folder: empty })).values.get('a')).toBe('b')
    truncateSync(join(folder, 'baton.db'), 100)
    restoreBackup(file, folder)
    expect(await (await start()).values.get('a')).toBe('b')
  })

  it('refuses what is no backup and touches nothing', async () => {
    const storage = await start()
    await storage.values.put('a', 'b')
    await stop(storage)
    const file = join(folder, 'other')
    writeFileSync(file, 'no database'.repeat(500))
    expect(() => restoreBackup(file, folder)).toThrow(/is not a backup of Baton/)
    expect(() => restoreBackup(join(folder, 'none'), folder)).toThrow(/does not exist/)
    const empty = new Database(join(folder, 'empty.db'))
    empty.exec('CREATE TABLE t (a)')
    empty.close()
    expect(() => restoreBackup(join(folder, 'empty.db'), folder)).toThrow(/is not a backup of Baton/)
    expect(await (await start()).values.get('a')).toBe('b')
  })

  it('works in memory too', async () => {
    const storage = await start({ folder: ':memory:', thread: false })
    await storage.values.put('a', 'b')
    const file = join(folder, 'copy.db')
    await storage.maintenance.backup(file)
    const target = join(folder, 'target')
    mkdirSync(target)
    restoreBackup(file, target)
    expect(await (await start({ folder: target })).values.get('a')).toBe('b')
  })
})

describe('kill -9', () => {
  it('loses nothing that was acknowledged', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      const prefix = `round${round}`
      const { answered, closed } = await writeUntilKilled([folder, prefix], 300 + 200 * round)
      expect(closed.length).toBeGreaterThanOrEqual(300 + 200 * round)
      const storage = await start()
      const before = new Map<string, string>()
      for (const id of answered) before.set(id, (await storage.records.get(id))?.state ?? 'lost')
      expect([...before].filter(([, state]) => state === 'lost')).toEqual([])
      expect(closed.filter((id) => before.get(id) !== 'ended')).toEqual([])
      // An open call has both its dialogs, a closed one has none.
      const dialogs = await storage.calls.sweep('n1', 1)
      const live = new Set(dialogs.map((dialog) => dialog.callId))
      expect(dialogs).toHaveLength(2 * live.size)
      expect(closed.filter((id) => live.has(id))).toEqual([])
      for (const { callId, role } of dialogs) await storage.calls.dialogEnded(callId, role)
      await stop(storage)
    }
  })
})

/** Lets a process write calls and kills it once it has acknowledged `enough` of them. */
function writeUntilKilled(args: readonly string[], enough: number): Promise<{ answered: string[]; closed: string[] }> {
  const script = new URL('../../../test/support/storage-writer.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const told = { answered: [] as string[], closed: [] as string[] }
  let rest = ''
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      const [what, id] = line.split(' ') as ['answered' | 'closed', string]
      told[what].push(id)
    }
    if (told.closed.length >= enough) child.kill('SIGKILL')
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) =>
      signal === 'SIGKILL' ? resolve(told) : reject(new Error('the writer ended by itself')),
    )
  })
}
