import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createHttpServer } from '#api'
import { CallTrace } from '#call'
import { silentLog, systemClock } from '#lib'
import { openStorage } from '#storage'
import { FakeCalls, FakeRecords, fakeRecord } from '../test/support/fake-calls.ts'
import { freePort } from '../test/support/ports.ts'

const closers: (() => void | Promise<void>)[] = []

afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.()
})

/** Runs the command as `npm run ladder` does. */
function ladder(
  environment: Record<string, string>,
  ...words: string[]
): Promise<{ code: number; out: string; error: string }> {
  const script = resolve(import.meta.dirname, 'ladder.ts')
  const env = { PATH: process.env.PATH ?? '', ...environment }
  return new Promise((done) => {
    execFile(process.execPath, [script, ...words], { env }, (failure, out, error) =>
      done({ code: Number(failure?.code ?? 0), out, error }),
    )
  })
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'baton-ladder-'))
  closers.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('asks the running server', async () => {
  const calls = new FakeCalls()
  const records = new FakeRecords()
  records.rows.push(fakeRecord({ id: 'over-1', startedAt: 1000, cause: 'busy', calleeName: 'Bob\u001b[2J' }))
  calls.put('live-1', { startedAt: 2000, caller: { number: '101', name: 'Alice', personId: 'a' } })
  calls.message('live-1', 2000, 'in', 'udp 127.0.0.1:5070', 'INVITE sip:102@baton.local SIP/2.0', 'CSeq: 1 INVITE')
  const server = await createHttpServer({
    address: '127.0.0.1',
    port: 0,
    demo: true,
    version: '1',
    calls,
    storage: records.storage,
    health: async () => ({ ready: true, details: {} }),
    metrics: async () => '',
    staticFolder: '/nonexistent',
    log: silentLog,
    clock: systemClock,
  })
  closers.push(() => server.close())
  const environment = { BATON_HTTP: `127.0.0.1:${server.port}` }

  const list = await ladder(environment)
  expect(list.out.split('\n').slice(0, 2)).toEqual([
    '1970-01-01 00:00:02  live-1  Alice (101) -> anonymous      ringing',
    '1970-01-01 00:00:01  over-1  Alice (101) -> Bob·[2J (102)  busy',
  ])
  expect((await ladder(environment, 'live-1')).out).toContain('--INVITE')
  expect((await ladder(environment, 'over-1')).out).toBe('The messages of this call are not kept any more.\n')
  expect(await ladder(environment, 'nothing')).toEqual({
    code: 1,
    out: '',
    error: 'there is no call "nothing": npm run ladder lists the last calls with their ids\n',
  })
})

test('reads the data folder of a server that is down', async () => {
  const data = folder()
  const storage = await openStorage({ folder: data })
  await storage.calls.unanswered(fakeRecord({ id: 'call-1', startedAt: 1000, endedAt: 2000 }))
  const trace = new CallTrace()
  trace.add(
    1000,
    'in',
    'udp 127.0.0.1:5070',
    Buffer.from('INVITE sip:102@baton.local SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n'),
  )
  storage.traces.append('call-1', 1000, trace.take() as Buffer)
  await storage.close()
  const environment = { BATON_HTTP: `127.0.0.1:${await freePort()}`, BATON_DATA: data }
  expect((await ladder(environment)).out).toContain('call-1  Alice (101) -> Bob (102)  no-answer')
  expect((await ladder({}, 'call-1', '--data', data)).out).toMatch(/0 +\|--INVITE-+>\|/)
})

test('says what to do when there is nothing to read', async () => {
  const port = await freePort()
  const data = folder()
  expect(await ladder({ BATON_HTTP: `127.0.0.1:${port}`, BATON_DATA: data })).toEqual({
    code: 1,
    out: '',
    error:
      `no server answers at http://127.0.0.1:${port}, and the data folder ${data} holds no database: ` +
      `set BATON_HTTP to the server's address, or name its folder with --data\n`,
  })
  expect((await ladder({}, 'a', 'b')).error).toMatch(/^usage: npm run ladder/)
  expect((await ladder({}, '--wrong')).error).toMatch(/^Unknown option '--wrong'/)
})
