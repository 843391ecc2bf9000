import { describe, expect, test } from 'vitest'
import { seededRandom, silentLog, VirtualClock } from '#lib'
import { openStorage, type Storage } from '#storage'
import { Accounts, idleSessionMs, longestSessionMs } from './accounts.ts'
import { demoPassword, hasDemoPasswords, seedDemo } from './demo.ts'
import { createDirectory } from './directory.ts'
import type { Directory, DirectoryAdmin } from './types.ts'

const cheap = { memoryCost: 64, timeCost: 1 }
const minute = 60_000

interface Scene {
  readonly clock: VirtualClock
  readonly storage: Storage
  readonly directory: Directory & DirectoryAdmin
  readonly accounts: Accounts
  reopen(): Promise<Accounts>
}

async function scene(): Promise<Scene> {
  const clock = new VirtualClock()
  const storage = await openStorage({ folder: ':memory:', thread: false, clock })
  const parts = { storage, clock, random: seededRandom(1), log: silentLog }
  const directory = await createDirectory({ ...parts, demo: true })
  const reopen = () => Accounts.open({ ...parts, directory, costs: cheap })
  const accounts = await reopen()
  await seedDemo(directory, accounts)
  return { clock, storage, directory, accounts, reopen }
}

async function logIn({ accounts }: Pick<Scene, 'accounts'>, login = 'alice', source = '192.0.2.1') {
  const result = await accounts.logIn(login, demoPassword(login), source)
  if (!result.ok) throw new Error(result.refusal)
  return result
}

describe('log-ins', () => {
  test('demo people have their passwords once, and keep one they changed', async () => {
    const { accounts, directory } = await scene()
    expect(await hasDemoPasswords(directory, accounts)).toBe(true)
    await accounts.setPassword('demo-alice', 'another one')
    await seedDemo(directory, accounts)
    expect(await accounts.checkPassword('demo-alice', 'another one')).toBe(true)
    expect(await accounts.checkPassword('demo-alice', 'alice-demo')).toBe(false)
    for (const login of ['bob', 'carol', 'dave', 'admin'])
      await accounts.setPassword(`demo-${login}`, `${login} has another`)
    expect(await hasDemoPasswords(directory, accounts)).toBe(false)
  })

  test('unknown people, people without a password and wrong passwords look alike', async () => {
    const { accounts, directory } = await scene()
    await directory.putPerson({ id: 'erin', login: 'erin', name: 'Erin' })
    for (const login of ['nobody', 'erin', 'alice', ''])
      expect(await accounts.logIn(login, 'wrong password', '192.0.2.1')).toEqual({ ok: false, refusal: 'wrong' })
  })

  test('a session outlives a restart; the database holds no token', async () => {
    const { accounts, storage, reopen } = await scene()
    const { token, session } = await logIn({ accounts })
    expect(JSON.stringify(await storage.accounts.load())).not.toContain(token)
    const again = await reopen()
    expect(again.session(token)).toEqual(session)
    expect(again.session(`${token}0`)).toBeUndefined()
    expect(again.apiToken(token)).toBeUndefined()
  })

  test('a session ends when nobody uses it, and at last however much it is used', async () => {
    const { accounts, clock, storage } = await scene()
    const ended: string[] = []
    accounts.onEnd((id) => ended.push(id))
    const idle = await logIn({ accounts })
    await clock.advance(idleSessionMs)
    expect(accounts.session(idle.token)).toBeUndefined()
    const busy = await logIn({ accounts })
    const begun = clock.now()
    while (clock.now() - begun + idleSessionMs / 2 < longestSessionMs) {
      await clock.advance(idleSessionMs / 2)
      expect(accounts.session(busy.token)?.personId).toBe('demo-alice')
    }
    await clock.advance(idleSessionMs / 2)
    expect(accounts.session(busy.token)).toBeUndefined()
    expect(ended).toEqual([idle.session.id, busy.session.id])
    await clock.advance(0)
    expect((await storage.accounts.load()).sessions).toEqual([])
  })

  test('logging out here, everywhere, and by a new password', async () => {
    const { accounts } = await scene()
    const [first, second, third] = [await logIn({ accounts }), await logIn({ accounts }), await logIn({ accounts })]
    const bobs = await logIn({ accounts }, 'bob')
    await accounts.logOut(first.session.id)
    expect(accounts.session(first.token)).toBeUndefined()
    await accounts.setPassword('demo-alice', 'a new password', third.session.id)
    expect(accounts.session(second.token)).toBeUndefined()
    expect(accounts.session(third.token)).toBeDefined()
    await accounts.logOutEverywhere('demo-alice')
    expect(accounts.session(third.token)).toBeUndefined()
    expect(accounts.stands(third.session.id)).toBe(false)
    expect(accounts.session(bobs.token)).toBeDefined()
  })
})

describe('guessing', () => {
  test('ten wrong passwords from one source lock the account for that source only', async () => {
    const { accounts, clock } = await scene()
    const tries = await Promise.all(
      Array.from({ length: 15 }, () => accounts.logIn('alice', 'wrong one', '192.0.2.66')),
    )
    expect(tries.filter((result) => !result.ok && result.refusal === 'wrong')).toHaveLength(10)
    expect(await accounts.logIn('alice', demoPassword('alice'), '192.0.2.66')).toEqual({
      ok: false,
      refusal: 'locked',
      retryAfterMs: 15 * minute,
    })
    expect((await logIn({ accounts })).person.login).toBe('alice')
    await clock.advance(15 * minute)
    expect((await logIn({ accounts }, 'alice', '192.0.2.66')).ok).toBe(true)
  })

  test('names that do not exist lock like those that do', async () => {
    const { accounts } = await scene()
    for (let i = 0; i < 10; i++) await accounts.logIn('nobody', 'wrong one', '192.0.2.66')
    expect(await accounts.logIn('nobody', 'wrong one', '192.0.2.66')).toMatchObject({ refusal: 'locked' })
  })

  test('one source may not try name after name, nor many sources one name', async () => {
    const { accounts } = await scene()
    for (let i = 0; i < 50; i++) await accounts.logIn(`name${i}`, 'wrong one', '192.0.2.66')
    expect(await accounts.logIn('bob', demoPassword('bob'), '192.0.2.66')).toMatchObject({ refusal: 'locked' })
    for (let i = 0; i < 100; i++) await accounts.logIn('carol', 'wrong one', `198.51.100.${i}`)
    expect(await accounts.logIn('carol', demoPassword('carol'), '203.0.113.1')).toMatchObject({ refusal: 'locked' })
  })

  test('right passwords use up no tries', async () => {
    const { accounts } = await scene()
    for (let i = 0; i < 60; i++) await logIn({ accounts })
    expect((await logIn({ accounts })).ok).toBe(true)
  })

  test('too many at once are told to come back, and cost no try', async () => {
    const { accounts } = await scene()
    const results = await Promise.all(
      Array.from({ length: 150 }, (_, i) => accounts.logIn('alice', demoPassword('alice'), `198.51.100.${i}`)),
    )
    const busy = results.filter((result) => !result.ok && result.refusal === 'busy')
    const locked = results.filter((result) => !result.ok && result.refusal === 'locked')
    // 100 tries of one name from anywhere at once, of which all were right.
    expect([busy.length + locked.length, results.filter((result) => result.ok).length]).toEqual([50, 100])
    expect((await logIn({ accounts })).ok).toBe(true)
  })
})

describe('API tokens', () => {
  test('are shown once, kept as hashes, end by date and by hand', async () => {
    const { accounts, clock, storage, reopen } = await scene()
    const expiresAt = clock.now() + minute
    const short = await accounts.makeToken('demo-alice', { name: 'ci', scopes: ['calls:read'], expiresAt })
    const long = await accounts.makeToken('demo-alice', { name: 'crm', scopes: [], expiresAt: null })
    expect(JSON.stringify(await storage.accounts.load())).not.toContain(short.text)
    expect(accounts.apiToken(short.text)).toMatchObject({ name: 'ci', scopes: ['calls:read'], lastUsedAt: clock.now() })
    expect(accounts.session(short.text)).toBeUndefined()
    await clock.advance(minute)
    expect(accounts.apiToken(short.text)).toBeUndefined()
    expect(accounts.stands(long.token.id)).toBe(true)
    expect((await reopen()).tokensOf('demo-alice').map(({ name }) => name)).toEqual(['crm'])
    expect(await accounts.removeToken('demo-bob', long.token.id)).toBe(false)
    expect(await accounts.removeToken('demo-alice', long.token.id)).toBe(true)
    expect(accounts.apiToken(long.text)).toBeUndefined()
  })

  test('go with their person', async () => {
    const { accounts, storage, directory, reopen } = await scene()
    const { token } = await logIn({ accounts })
    const made = await accounts.makeToken('demo-alice', { name: 'ci', scopes: [], expiresAt: null })
    await accounts.makeToken('demo-bob', { name: 'ci', scopes: [], expiresAt: null })
    await accounts.removePerson('demo-alice')
    expect([accounts.session(token), accounts.apiToken(made.text), accounts.hasPassword('demo-alice')]).toEqual([
      undefined,
      undefined,
      false,
    ])
    expect((await storage.accounts.load()).tokens).toHaveLength(1)
    // What was left behind by a crash in between is dropped at the next start.
    await directory.removePerson('demo-bob')
    expect((await reopen()).tokensOf('demo-bob')).toEqual([])
    expect((await storage.accounts.load()).tokens).toEqual([])
  })
})
