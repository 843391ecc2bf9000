import { expect, test } from 'vitest'
import { demoFixture, registration } from './fixture.ts'
import { digestSecrets } from './secrets.ts'

const ttl = 900_000

test('a session gets a name and secret of its own for the desk device, made once', async () => {
  const { directory } = await demoFixture()
  const [first, second] = await Promise.all([
    directory.deskCredential('demo-alice', 's1', ttl),
    directory.deskCredential('demo-alice', 's2', ttl),
  ])
  expect(first.username).toMatch(/^alice-desk-[0-9a-f]{8}$/)
  expect(second.username).not.toBe(first.username)
  expect(second.device).toEqual(first.device)
  expect(directory.devicesOf('demo-alice').map(({ name }) => name)).toEqual(['phone', 'desk'])
  expect(directory.secretsOf(first.username)?.ha1Md5).toBe(first.ha1)
  expect(first.ha1).not.toBe(digestSecrets(first.username, 'baton.local', 'alice-demo').ha1Md5)
  expect(directory.deviceByUsername(first.username)).toEqual({ ...first.device, username: first.username })
  // Nobody can guess a password for the device itself: it has none.
  expect(directory.secretsOf(first.device.username)).toBeUndefined()
  await expect(directory.deskCredential('nobody', 's3', ttl)).rejects.toThrow('there is no person')
})

test('asking again extends it; unasked it ends, and what it registered with it', async () => {
  const { directory, clock } = await demoFixture()
  const first = await directory.deskCredential('demo-alice', 's1', ttl)
  const device = directory.deviceByUsername(first.username)
  const register = registration(device, [{ uri: 'sip:x@browser.invalid' }], { aor: first.username, protocol: 'ws' })
  await directory.register(register)
  await clock.advance(ttl - 1)
  const again = await directory.deskCredential('demo-alice', 's1', ttl)
  expect([again.username, again.ha1]).toEqual([first.username, first.ha1])
  await clock.advance(ttl - 1)
  expect(directory.bindingsOf('demo-alice')).toMatchObject([{ aor: first.username, device: { name: 'desk' } }])
  await clock.advance(1)
  expect(directory.bindingsOf('demo-alice')).toEqual([])
  expect(directory.secretsOf(first.username)).toBeUndefined()
  expect(directory.deviceByUsername(first.username)).toBeUndefined()
})

test('ends with its session, its device, its person and the process', async () => {
  const { directory, clock, restart, storage } = await demoFixture()
  const enroll = async (person: string, session: string) => {
    const credential = await directory.deskCredential(person, session, ttl)
    const device = directory.deviceByUsername(credential.username)
    await directory.register(registration(device, [{ uri: `sip:${session}@x` }], { aor: credential.username }))
    return credential
  }
  const [one, two] = [await enroll('demo-alice', 's1'), await enroll('demo-alice', 's2')]
  directory.endDeskCredential('s1')
  directory.endDeskCredential('unknown')
  expect(directory.secretsOf(one.username)).toBeUndefined()
  expect(directory.bindingsOf('demo-alice')).toMatchObject([{ aor: two.username }])
  await directory.removeDevice(two.device.id)
  expect(directory.secretsOf(two.username)).toBeUndefined()
  const bobs = await enroll('demo-bob', 's3')
  await directory.removePerson('demo-bob')
  expect(directory.deviceByUsername(bobs.username)).toBeUndefined()
  await enroll('demo-carol', 's4')
  await clock.advance(0)
  expect(await storage.bindingRows()).toHaveLength(1)
  const next = await restart()
  expect(next.bindingsOf('demo-carol')).toEqual([])
  expect(await storage.bindingRows()).toEqual([])
})
