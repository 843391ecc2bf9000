import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MessagePort, type OutgoingMessage, SendError } from '#channels'
import { silentLog, VirtualClock } from '#lib'
import { type OutboxRow, openStorage, type Storage } from '#storage'
import { eventually } from '../../../test/interop/eventually.ts'
import { Outbox } from './outbox.ts'

const minute = 60_000
let clock: VirtualClock
let storage: Storage
let sent: OutgoingMessage[]
let fail: Error | undefined

beforeEach(async () => {
  clock = new VirtualClock()
  storage = await openStorage({ folder: ':memory:', thread: false, clock })
  sent = []
  fail = undefined
})
afterEach(() => storage.close())

const port: MessagePort = {
  channel: 'mail',
  start: async () => {},
  stop: async () => {},
  async send(message) {
    if (fail) throw fail
    sent.push(message)
  },
}

const row = (more: Partial<OutboxRow> = {}): OutboxRow => ({
  ...{
    id: 'n1',
    callbackId: 'c',
    channel: 'mail',
    body: '{"text":"Hello"}',
    createdAt: clock.now(),
    dueAt: clock.now(),
  },
  ...{ tries: 0, node: '', state: 'waiting', error: '', ...more },
})
const outbox = (node = 'a') => new Outbox({ storage: storage.callbacks, ports: [port], clock, log: silentLog, node })
const stored = async () => (await storage.callbacks.outbox.of('c'))[0]

test('a message goes out once', async () => {
  await storage.callbacks.outbox.put(row())
  const [one, other] = [outbox('a'), outbox('b')]
  one.start()
  other.start()
  await eventually(async () => expect(await stored()).toMatchObject({ state: 'sent', tries: 1 }))
  await Promise.all([one.stop(), other.stop()])
  expect(sent).toEqual([{ text: 'Hello' }])
})

test('it is tried again after 1, 5, 15 and 60 minutes, also by the next run', async () => {
  await storage.callbacks.outbox.put(row())
  fail = new SendError('the server is busy', false)
  for (const [tries, pause] of [1, 5, 15, 60, 60].entries()) {
    const run = outbox()
    run.start()
    await eventually(async () =>
      expect(await stored()).toMatchObject({ state: 'waiting', tries: tries + 1, dueAt: clock.now() + pause * minute }),
    )
    await run.stop()
    await clock.advance(pause * minute)
  }
  fail = undefined
  const run = outbox()
  run.start()
  await eventually(async () => expect((await stored())?.state).toBe('sent'))
  await run.stop()
})

test('it is given up when it never can, and after a day', async () => {
  await storage.callbacks.outbox.put(row())
  fail = new SendError('there is no such mailbox', true)
  const run = outbox()
  run.start()
  await eventually(async () =>
    expect(await stored()).toMatchObject({ state: 'failed', error: 'there is no such mailbox' }),
  )
  await storage.callbacks.outbox.put(row({ createdAt: clock.now() - 24 * 60 * minute }))
  fail = new SendError('the server is busy', false)
  run.look()
  await eventually(async () => expect(await stored()).toMatchObject({ state: 'failed', error: 'the server is busy' }))
  await run.stop()
})

test('what the last run of this server was sending goes out at once', async () => {
  await storage.callbacks.outbox.put(row())
  await storage.callbacks.outbox.take('n1', 'a', clock.now(), clock.now() + 5 * minute)
  const run = outbox('a')
  run.start()
  await eventually(() => expect(sent).toHaveLength(1))
  await run.stop()
})

test('what a crashed run of another was sending goes out after a while', async () => {
  await storage.callbacks.outbox.put(row())
  await storage.callbacks.outbox.take('n1', 'dead', clock.now(), clock.now() + 5 * minute)
  const run = outbox()
  run.start()
  await clock.advance(4 * minute)
  await run.stop()
  expect(sent).toEqual([])
  await clock.advance(minute)
  const next = outbox()
  next.start()
  await eventually(() => expect(sent).toHaveLength(1))
  await next.stop()
})

test('messages of a channel that only another server has are left to it', async () => {
  await storage.callbacks.outbox.put(row({ channel: 'xmpp' }))
  await storage.callbacks.outbox.put(row({ id: 'n2' }))
  const without = outbox('a')
  without.start()
  await eventually(() => expect(sent).toHaveLength(1))
  await without.stop()
  expect(await stored()).toEqual(row({ channel: 'xmpp' }))
  const parts = { storage: storage.callbacks, clock, log: silentLog, node: 'b' }
  const having = new Outbox({ ...parts, ports: [{ ...port, channel: 'xmpp' }] })
  having.start()
  await eventually(async () => expect(await stored()).toMatchObject({ state: 'sent', tries: 1, node: 'b' }))
  await having.stop()
})

test('a message whose channel nobody has is given up after a day', async () => {
  await storage.callbacks.outbox.put(row({ channel: 'xmpp' }))
  const run = outbox()
  run.start()
  await clock.advance(23 * 60 * minute)
  expect(await stored()).toMatchObject({ state: 'waiting', tries: 0 })
  await clock.advance(60 * minute)
  run.look()
  await eventually(async () =>
    expect(await stored()).toMatchObject({ state: 'failed', error: 'nothing can be sent by xmpp here' }),
  )
  await run.stop()
})
