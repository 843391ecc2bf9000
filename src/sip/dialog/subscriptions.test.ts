import { describe, expect, it } from 'vitest'
import { Watcher } from '../../../test/support/watcher.ts'
import type { Subscription } from './subscription.ts'
import { type TestNetwork, testNetwork } from './test-network.ts'

const kind = {
  event: 'dialog',
  contentType: 'application/dialog-info+xml',
  expires: { default: 3600, min: 60, max: 7200 },
}
const allow = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'SUBSCRIBE', 'NOTIFY']

interface Notifier {
  readonly net: TestNetwork
  readonly watcher: Watcher
  readonly made: Subscription[]
  /** What the next NOTIFY says; `undefined`: the watcher has lost the right. */
  state: string | undefined
  ended: number
}

/** Bob lets himself be watched by a scripted phone at 192.0.2.9. */
function notifier(): Notifier {
  const net = testNetwork({}, { bob: { allow } })
  const self: Notifier = { net, watcher: scripted(net, () => self.watcher), made: [], state: 'one', ended: 0 }
  net.bob.onRequest = (transaction) => {
    const handlers = { state: () => self.state, ended: () => void self.ended++ }
    const subscription = net.bob.agent.acceptSubscription(transaction, kind, handlers)
    if (subscription) self.made.push(subscription)
  }
  return self
}

function scripted(net: TestNetwork, self: () => Watcher): Watcher {
  const handler = { message: (bytes: Buffer) => self().receive(bytes), malformed() {}, closed() {} }
  const host = net.network.host('192.0.2.9', 5060, { handler })
  const flow = host.connect({ protocol: 'udp', address: '192.0.2.2', port: 5060, host: '192.0.2.2' })
  const send = (bytes: Buffer): void => void flow.then((to) => host.send(bytes, to))
  return new Watcher({ send, address: '192.0.2.9', port: 5060, user: 'carol' })
}

async function drained({ net }: Notifier): Promise<void> {
  await net.clock.advance(100_000)
  expect(net.bob.agent.sizes).toEqual({ dialogs: 0, transactions: 0 })
  expect(net.clock.pending).toBe(0)
}

describe('a subscription', () => {
  it('is granted with Expires and a NOTIFY at once, told of changes, refreshed in its dialog and ended', async () => {
    const self = notifier()
    const { net, watcher } = self
    const callId = watcher.subscribe('sip:bob@192.0.2.2', { expires: 600, headers: [['Accept', kind.contentType]] })
    await net.clock.advance(10)
    expect(watcher.responses[0]?.header('expires')).toBe('600')
    expect(watcher.responses[0]?.contacts[0]?.uri.text).toContain('192.0.2.2')
    const [first] = watcher.notifies
    expect(first?.header('event')).toBe('dialog')
    expect(first?.contentType).toBe(kind.contentType)
    expect(first?.fromTag).toBe(watcher.responses[0]?.toTag)
    expect(first?.uri.text).toBe('sip:carol@192.0.2.9:5060')

    self.state = 'two'
    self.made[0]?.notify()
    await net.clock.advance(10_000)
    watcher.refresh(callId, 3600)
    await net.clock.advance(10)
    watcher.refresh(callId, 0)
    await net.clock.advance(10)
    expect(watcher.statuses()).toEqual([200, 200, 200])
    expect(watcher.bodies()).toEqual(['one', 'two', 'two', 'two'])
    expect(watcher.states()).toEqual([
      'active;expires=600',
      'active;expires=600',
      'active;expires=3600',
      'terminated;reason=timeout',
    ])
    const cseqs = watcher.notifies.map((request) => request.cseq.number)
    expect(cseqs).toEqual([0, 1, 2, 3].map((more) => (cseqs[0] ?? 0) + more))
    expect(self.ended).toBe(1)
    watcher.refresh(callId, 600)
    await net.clock.advance(10)
    expect(watcher.statuses().at(-1)).toBe(481)
    await drained(self)
  })

  it('with Expires 0 fetches the state once (RFC 5359 §2.16)', async () => {
    const self = notifier()
    self.watcher.subscribe('sip:bob@192.0.2.2', { expires: 0 })
    await self.net.clock.advance(10)
    expect(self.watcher.responses[0]?.header('expires')).toBe('0')
    expect(self.watcher.states()).toEqual(['terminated;reason=timeout'])
    expect(self.watcher.bodies()).toEqual(['one'])
    await drained(self)
  })

  it('ends with a NOTIFY when its time is up', async () => {
    const self = notifier()
    self.watcher.subscribe('sip:bob@192.0.2.2', { expires: 60 })
    await self.net.clock.advance(61_000)
    expect(self.watcher.states()).toEqual(['active;expires=60', 'terminated;reason=timeout'])
    expect(self.ended).toBe(1)
    await drained(self)
  })

  it('keeps id and route set', async () => {
    const self = notifier()
    self.watcher.subscribe('sip:bob@192.0.2.2', {
      headers: [
        ['Event', 'dialog;id=7'],
        ['Record-Route', '<sip:192.0.2.9;lr>'],
      ],
    })
    await self.net.clock.advance(10)
    expect(self.watcher.responses[0]?.header('record-route')).toBe('<sip:192.0.2.9;lr>')
    expect(self.watcher.notifies[0]?.header('event')).toBe('dialog;id=7')
    expect(self.watcher.notifies[0]?.header('route')).toBe('<sip:192.0.2.9;lr>')
    expect(self.watcher.states()).toEqual(['active;expires=3600'])
    const callId = self.watcher.notifies[0]?.callId ?? ''
    self.watcher.refresh(callId, 600, [['Event', 'dialog;id=8']])
    self.watcher.refresh(callId, 600, [['Event', 'dialog;id=7']])
    await self.net.clock.advance(10)
    expect(self.watcher.statuses()).toEqual([200, 481, 200])
  })

  it('goes where a refresh says', async () => {
    const self = notifier()
    const callId = self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    self.watcher.refresh(callId, 600, [['Contact', '<sip:moved@192.0.2.9:5060>']])
    await self.net.clock.advance(10)
    expect(self.watcher.notifies.map((request) => request.uri.user)).toEqual(['carol', 'moved'])
  })

  it('that is over cannot be refreshed, also while its last NOTIFY waits for an answer', async () => {
    const self = notifier()
    const callId = self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    self.watcher.onNotify = () => undefined
    self.made[0]?.notify()
    await self.net.clock.advance(10)
    self.made[0]?.terminate('deactivated')
    self.watcher.refresh(callId, 600)
    await self.net.clock.advance(10)
    expect(self.watcher.statuses()).toEqual([200, 481])
    self.watcher.onNotify = () => ({ status: 200 })
    await self.net.clock.advance(1000)
    expect(self.watcher.states().at(-1)).toBe('terminated;reason=deactivated')
    await drained(self)
  })

  it('has one NOTIFY under way; what changes meanwhile is told once, as it is then', async () => {
    const self = notifier()
    const { net, watcher } = self
    let silent = false
    watcher.onNotify = () => (silent ? undefined : { status: 200 })
    watcher.subscribe('sip:bob@192.0.2.2')
    await net.clock.advance(10)
    silent = true
    for (const state of ['two', 'three', 'four']) {
      self.state = state
      self.made[0]?.notify()
    }
    await net.clock.advance(100)
    expect(watcher.bodies()).toEqual(['one', 'two'])
    silent = false
    await net.clock.advance(1000)
    expect(watcher.bodies()).toEqual(['one', 'two', 'four'])
  })

  it('ends as rejected when its right is gone', async () => {
    const self = notifier()
    self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    self.state = undefined
    self.made[0]?.notify()
    await self.net.clock.advance(10)
    expect(self.watcher.states().at(-1)).toBe('terminated;reason=rejected')
    expect(self.watcher.bodies().at(-1)).toBe('')
    await drained(self)
  })

  it.each([
    ['481', 481, []],
    ['500', 500, []],
  ] as const)('is dropped on a %s to its NOTIFY', async (_name, status, headers) => {
    const self = notifier()
    self.watcher.onNotify = () => ({ status, headers })
    const callId = self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    expect([self.ended, self.made[0]?.ended]).toEqual([1, true])
    self.watcher.refresh(callId, 600)
    await self.net.clock.advance(10)
    expect(self.watcher.statuses()).toEqual([200, 481])
    await drained(self)
  })

  it('waits as long as Retry-After asks, then tells the newest', async () => {
    const self = notifier()
    self.watcher.onNotify = () => ({ status: 503, headers: [['Retry-After', '5']] })
    self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    self.watcher.onNotify = () => ({ status: 200 })
    self.state = 'two'
    self.made[0]?.notify()
    await self.net.clock.advance(4000)
    expect(self.watcher.bodies()).toEqual(['one'])
    await self.net.clock.advance(2000)
    expect(self.watcher.bodies()).toEqual(['one', 'two'])
    expect(self.ended).toBe(0)
  })

  it('is dropped when nobody answers', async () => {
    const self = notifier()
    self.watcher.onNotify = () => undefined
    self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(33_000)
    expect(self.ended).toBe(1)
    await drained(self)
  })
})

it('over a connection is told on it, and ends with the next news once that is gone', async () => {
  const net = testNetwork({}, { bob: { allow } })
  const made: Subscription[] = []
  net.bob.onRequest = (transaction) => {
    const subscription = net.bob.agent.acceptSubscription(transaction, kind, { state: () => 'one' })
    if (subscription) made.push(subscription)
  }
  const handler = { message: (bytes: Buffer) => watcher.receive(bytes), malformed() {}, closed() {} }
  const host = net.network.host('192.0.2.9', 5060, { handler, protocols: [] })
  const opened = host.connect({ protocol: 'tcp', address: '192.0.2.2', port: 5060, host: '192.0.2.2' })
  await net.clock.advance(10)
  const flow = await opened
  const send = (bytes: Buffer): void => void host.send(bytes, flow)
  // As a browser's Contact: it leads nowhere but back over the connection (RFC 7118 §5).
  const watcher: Watcher = new Watcher({ send, address: 'x.invalid', port: 5060, user: 'carol' })
  watcher.subscribe('sip:bob@192.0.2.2')
  await net.clock.advance(100)
  expect(watcher.bodies()).toEqual(['one'])
  net.network.cut(flow)
  made[0]?.notify()
  await net.clock.advance(40_000)
  expect(made[0]?.ended).toBe(true)
  expect(net.bob.agent.sizes).toEqual({ dialogs: 0, transactions: 0 })
})

describe('a SUBSCRIBE is refused', () => {
  it.each([
    ['an interval that is too brief', [['Expires', '30']], 423, ['min-expires', '60']],
    ['an Accept without the type', [['Accept', 'application/pidf+xml']], 406, ['accept', kind.contentType]],
    ['another package', [['Event', 'presence']], 489, ['allow-events', 'dialog']],
    ['an Event that is none', [['Event', '']], 489, ['allow-events', 'dialog']],
  ] as const)('for %s', async (_name, headers, status, [name, value]) => {
    const self = notifier()
    self.watcher.subscribe('sip:bob@192.0.2.2', { headers })
    await self.net.clock.advance(10)
    expect(self.watcher.statuses()).toEqual([status])
    expect(self.watcher.responses[0]?.header(name)).toBe(value)
    expect([self.watcher.notifies.length, self.made.length]).toEqual([0, 0])
    await drained(self)
  })

  it('in its dialog for an interval that is too brief: the subscription stays', async () => {
    const self = notifier()
    const callId = self.watcher.subscribe('sip:bob@192.0.2.2')
    await self.net.clock.advance(10)
    self.watcher.refresh(callId, 5)
    await self.net.clock.advance(10)
    expect(self.watcher.statuses()).toEqual([200, 423])
    self.made[0]?.notify()
    await self.net.clock.advance(10)
    expect(self.watcher.states()).toEqual(['active;expires=3600', 'active;expires=3600'])
  })
})
