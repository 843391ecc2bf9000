import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDirectory, digestSecrets, seedDemo } from '#directory'
import { seededRandom, silentLog, systemClock } from '#lib'
import { openStorage, type RecordRow, type Storage } from '#storage'
import { callbackRow } from '../test/support/callbacks.ts'
import { postgresMissing, startPostgres } from '../test/support/postgres.ts'

const root = resolve(import.meta.dirname, '..')
let folder: string
let data: string
let open: Storage | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-operator-'))
  data = join(folder, 'data')
})
afterEach(async () => {
  await open?.close()
  open = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** Holds the data folder as a server does, with the demo people in it. */
async function serve(): Promise<Storage> {
  open = await openStorage({ folder: data })
  await seed(open)
  return open
}

async function seed(storage: Storage): Promise<void> {
  const parts = { storage, clock: systemClock, random: seededRandom(1), log: silentLog, demo: true }
  const directory = await createDirectory(parts)
  await seedDemo(directory)
  directory.close()
}

async function stop(): Promise<void> {
  await open?.close()
  open = undefined
}

function path(name: string): string {
  return join(folder, name)
}

/** Runs a command as npm does. */
function command(name: string, ...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const environment = Object.entries(process.env).filter(([key]) => !key.startsWith('BATON_'))
  return new Promise((done) => {
    execFile(
      process.execPath,
      [`scripts/${name}.ts`, ...args],
      { cwd: root, env: { ...Object.fromEntries(environment), BATON_DATA: data } },
      (error, out, errors) => done({ code: error ? Number(error.code) : 0, out, error: errors.trim() }),
    )
  })
}

function aRecord(id: string, more: Partial<RecordRow> = {}): RecordRow {
  return {
    ...{ id, node: 'node-1', state: 'ended', direction: 'in', callerNumber: '+12025550199', callerName: 'Erin' },
    ...{ callerId: '', dialled: '101', calleeName: 'Alice', calleeId: 'demo-alice', trunk: 'demo' },
    ...{ startedAt: 1, answeredAt: 2, endedAt: 3, answeredById: 'demo-alice', answeredStation: 'phone' },
    ...{ cause: 'answered', status: 200, endedBy: 'caller', branches: '[]', quality: '{}' },
    ...more,
  }
}

describe('npm run organisation', () => {
  const organisation = [
    'people:',
    '  - {login: erin, name: Erin, extension: 105, numbers: ["+12025550105"], devices: [{password: "a-long-secret"}]}',
    'groups:',
    '  - {name: back, extension: 201, members: [erin]}',
    '',
  ].join('\n')

  it('brings the people of a file in, with passwords for the domain that is set', async () => {
    writeFileSync(path('people.yaml'), organisation)
    writeFileSync(path('baton.yaml'), `data: ${data}\nsip: {domain: phones.example}\n`)
    const done = await command('organisation', path('people.yaml'), '--config', path('baton.yaml'))
    expect(done).toMatchObject({ code: 0, error: '' })
    expect(done.out).toContain('1 people, 1 devices, 1 groups, 1 numbers, 0 trunks (domain phones.example)')
    const storage = await openStorage({ folder: data })
    open = storage
    const rows = await storage.directory.load()
    expect(rows.people).toMatchObject([{ login: 'erin', extension: '105' }])
    const { ha1Md5 } = digestSecrets('erin', 'phones.example', 'a-long-secret')
    expect(rows.devices).toMatchObject([{ username: 'erin', ha1Md5 }])
    expect(rows.groups).toMatchObject([{ name: 'back', members: JSON.stringify([rows.people[0]!.id]) }])
  })

  it('names the file and the entry that is wrong, and writes nothing', async () => {
    writeFileSync(path('people.yaml'), organisation.replace('[erin]', '[erin, fred]'))
    expect(await command('organisation', path('people.yaml'))).toEqual({
      code: 1,
      out: '',
      error: `${path('people.yaml')}: groups.0.members.1: nobody has the log-in "fred"`,
    })
    open = await openStorage({ folder: data })
    expect((await open.directory.load()).people).toEqual([])
  })

  it('is refused while a server runs on the folder, with what to do', async () => {
    writeFileSync(path('people.yaml'), organisation)
    await serve()
    expect(await command('organisation', path('people.yaml'))).toEqual({
      code: 1,
      out: '',
      error: `a server (pid ${process.pid}) runs on the data folder ${data}: stop it, run this command again, then start it again`,
    })
  })

  it('says how it is used, and which file is missing', async () => {
    expect((await command('organisation')).error).toBe('usage: npm run organisation -- FILE.yaml [--config baton.yaml]')
    expect((await command('organisation', '--all')).error).toMatch(/^Unknown option '--all'\nusage: /)
    expect((await command('organisation', path('none.yaml'))).error).toBe(
      `cannot read ${path('none.yaml')}: there is no such file`,
    )
  })
})

describe('npm run backup and restore', () => {
  it('copies what a running server has stored, and brings it back', async () => {
    const server = await serve()
    await server.calls.unanswered(aRecord('before'))
    const copy = path('copy.db')
    expect(await command('backup', copy)).toMatchObject({ code: 0, error: '' })
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    await server.calls.unanswered(aRecord('after'))

    const tooEarly = await command('restore', copy)
    expect(tooEarly.code).toBe(1)
    expect(tooEarly.error).toMatch(/^a server \(pid \d+\) runs on the data folder .*: stop it/)
    await stop()
    const done = await command('restore', copy)
    expect(done).toMatchObject({ code: 0, error: '' })
    expect(done.out).toContain('baton.db.before-restore')
    const restored = await serve()
    expect(await restored.records.get('before')).toEqual(aRecord('before'))
    expect(await restored.records.get('after')).toBeUndefined()
  })

  it('says what stands in the way', async () => {
    const nothing = await command('backup', path('copy.db'))
    expect(nothing.error).toBe(`the data folder ${data} holds no database (baton.db): name the server's folder`)
    expect(existsSync(data)).toBe(false)
    await serve()
    writeFileSync(path('taken'), 'x')
    expect((await command('backup', path('taken'))).error).toMatch(/^the backup file .*taken exists already/)
    expect((await command('restore', path('none'))).error).toBe(`the backup ${path('none')} does not exist`)
    expect((await command('restore', path('taken'))).error).toMatch(/taken is not a backup of Baton/)
  })

  it('names the tools of PostgreSQL', async () => {
    writeFileSync(path('baton.yaml'), 'database: {url: "postgres://nobody@127.0.0.1:1/none"}\n')
    const copied = await command('backup', 'x.dump', '--config', path('baton.yaml'))
    expect(copied.error).toContain('pg_dump --format=custom --file=x.dump "$BATON_DATABASE_URL"')
    const restored = await command('restore', 'x.dump', '--config', path('baton.yaml'))
    expect(restored.error).toContain('pg_restore --clean')
  })
})

/** A request of alice's with a recording, one of bob's by mail to be connected with her, and messages for both. */
async function fillRequests({ callbacks, voicemail }: Storage): Promise<void> {
  const [alice, bob] = [
    { dial: '101', name: 'Alice' },
    { dial: '102', name: 'Bob' },
  ]
  const asker = { numbers: '[]', language: 'en', timeZone: 'UTC', createdAt: 1, seenAt: 1 }
  await callbacks.askers.put({ ...asker, id: 'asker', personId: 'demo-alice', name: 'Alice', email: '' }, ['cookie:c'])
  const far = { dueAt: 9e12 }
  await callbacks.accept(callbackRow('hers', bob, alice, { ...far, personId: 'demo-alice', askerId: 'asker' }), [])
  const thread = JSON.stringify({ to: 'bob@example.org', subject: 'Call', references: [] })
  const mail = { ...far, personId: 'demo-bob', channel: 'mail', thread }
  await callbacks.accept(callbackRow('bobs', alice, bob, mail), [])
  const recording = { id: 'a1', callbackId: 'hers', number: 1, state: 'recording', node: 'n', at: 1, ms: 0 } as const
  await callbacks.recordings.begin({ ...recording, partial: 0 })
  const message = { state: 'kept', node: 'n', callId: '', callerNumber: '', callerName: '', at: 1, ms: 9 } as const
  const rest = { ...message, callerId: '', partial: 0, heardAt: null, mail: '' } as const
  await voicemail.begin({ ...rest, id: 'v1', ownerId: 'demo-alice' })
  await voicemail.begin({ ...rest, id: 'v2', ownerId: 'demo-bob' })
}

async function expectErased({ callbacks, directory }: Storage): Promise<void> {
  expect((await directory.load()).people.map(({ login }) => login)).not.toContain('alice')
  expect(await callbacks.due(9.1e12, 10)).toEqual([])
  expect(await callbacks.get('hers')).toBeUndefined()
  expect(await callbacks.askers.byKey('cookie:c')).toBeUndefined()
  expect(await callbacks.get('bobs')).toMatchObject({ state: 'cancelled', personId: 'demo-bob' })
  expect((await callbacks.get('bobs'))?.called).not.toContain('Alice')
  const [told, ...more] = await callbacks.outbox.due(9e12, 10)
  expect(more).toEqual([])
  expect(told).toMatchObject({ callbackId: 'bobs', channel: 'mail', state: 'waiting' })
  expect(JSON.parse(told?.body ?? '')).toMatchObject({ thread: { to: 'bob@example.org' } })
}

describe('npm run person', () => {
  it('exports everything about a person while the server runs, without secrets', async () => {
    const server = await serve()
    await server.calls.unanswered(aRecord('hers'))
    await server.calls.unanswered(aRecord('his', { calleeId: 'demo-bob', answeredById: 'demo-bob' }))
    const printed = await command('person', 'export', 'alice')
    expect(printed).toMatchObject({ code: 0, error: '' })
    const everything = JSON.parse(printed.out)
    expect(everything).toMatchObject({
      person: { login: 'alice', extension: '101' },
      devices: [{ username: 'alice' }],
      numbers: [{ number: '+12025550101' }],
      records: [{ id: 'hers' }],
    })
    expect(printed.out).not.toContain(digestSecrets('alice', 'baton.local', 'alice-demo').ha1Md5)

    expect((await command('person', 'export', 'alice', path('alice.json'))).code).toBe(0)
    expect(JSON.parse(readFileSync(path('alice.json'), 'utf8'))).toEqual(everything)
    expect(statSync(path('alice.json')).mode & 0o777).toBe(0o600)
    expect((await command('person', 'export', 'alice', path('alice.json'))).error).toMatch(/exists already/)
  })

  it('erases a person once the server is stopped; the others stay', async () => {
    const server = await serve()
    await server.calls.unanswered(aRecord('hers'))
    expect((await command('person', 'erase', 'alice')).error).toMatch(/^a server \(pid \d+\) runs on the data folder/)
    await stop()
    const done = await command('person', 'erase', 'alice')
    expect(done).toMatchObject({ code: 0, error: '' })
    expect(done.out).toMatch(/^alice is erased; 1 call records are anonymous now/)
    const after = await serve()
    const rows = await after.directory.load()
    expect(rows.people.map((person) => person.login).sort()).toEqual(['admin', 'bob', 'carol', 'dave'])
    expect(JSON.stringify(rows)).not.toContain('demo-alice')
    const record = await after.records.get('hers')
    expect(record).toMatchObject({ callerNumber: '+12025550199', callerName: 'Erin', calleeName: '', calleeId: '' })
    expect((await command('person', 'export', 'alice')).error).toMatch(/^nobody has the log-in "alice"/)
  })

  it('calls off what she asked for and what was asked of her, tells the other asker, and takes the files away', async () => {
    const server = await serve()
    await fillRequests(server)
    const printed = JSON.parse((await command('person', 'export', 'alice')).out)
    expect(printed).toMatchObject({ callbacks: [{ id: 'hers' }, { id: 'bobs' }], askers: [{ name: 'Alice' }] })
    const files = ['callbacks/a1.wav', 'callbacks/other.wav', 'voicemail/messages/v1.wav', 'voicemail/messages/v2.wav']
    files.push('voicemail/greetings/demo-alice.wav')
    for (const file of files) {
      mkdirSync(dirname(join(data, file)), { recursive: true })
      writeFileSync(join(data, file), 'x')
    }
    await stop()
    const done = await command('person', 'erase', 'alice')
    expect(done).toMatchObject({ code: 0, error: '' })
    expect(done.out).toContain('0 call records are anonymous now, 1 requested calls are deleted')
    expect(files.filter((file) => existsSync(join(data, file)))).toEqual([
      'callbacks/other.wav',
      'voicemail/messages/v2.wav',
    ])
    await expectErased(await serve())
  })

  const missing = postgresMissing()
  it.skipIf(missing !== undefined)(
    'does the same in PostgreSQL',
    async () => {
      const postgres = await startPostgres()
      try {
        writeFileSync(path('baton.yaml'), `data: ${data}\ndatabase: {url: "${postgres.url}"}\n`)
        open = await openStorage({ folder: data, url: postgres.url })
        await seed(open)
        await fillRequests(open)
        const config = ['--config', path('baton.yaml')]
        const printed = JSON.parse((await command('person', 'export', 'alice', ...config)).out)
        expect(printed).toMatchObject({ callbacks: [{ id: 'hers' }, { id: 'bobs' }], askers: [{ name: 'Alice' }] })
        const done = await command('person', 'erase', 'alice', ...config)
        expect(done).toMatchObject({ code: 0, error: '' })
        expect(done.out).toContain('A server that runs on this database sees the change when it is started again.')
        await expectErased(open)
        await stop()
      } finally {
        await stop()
        await postgres.stop()
      }
    },
    60_000,
  )

  it('says how it is used', async () => {
    for (const words of [[], ['erase'], ['remove', 'alice'], ['erase', 'alice', 'bob']]) {
      const { code, error } = await command('person', ...words)
      expect(code).toBe(1)
      expect(error).toMatch(/^usage: npm run person -- export LOGIN/)
    }
  })
})
