import { expect, test } from 'vitest'
import type { Uri } from '../message/index.ts'
import type { Flow } from '../transport/index.ts'
import { isPrivate, nextHop, routed } from './next-hop.ts'

const udp = {
  id: 'u',
  protocol: 'udp',
  localAddress: '198.51.100.1',
  localPort: 5060,
  remoteAddress: '203.0.113.7',
  remotePort: 40000,
  reliable: false,
  open: true,
} satisfies Flow
const tcp: Flow = { ...udp, id: 't', protocol: 'tcp', reliable: true }

/** A resolver that knows every name and says what it was asked. */
const resolver = {
  resolveNow: (uri: Uri) =>
    uri.host === 'slow.test'
      ? undefined
      : [{ protocol: 'udp' as const, address: uri.host, port: 5060, host: uri.host }],
  resolve: async () => [],
}

function goes(remoteTarget: string, flow: Flow | undefined, routeSet: string[] = []): unknown {
  const target = nextHop({ remoteTarget, routeSet, flow }, resolver)
  if (target instanceof Promise) return 'looked up'
  return 'flow' in target ? target.flow.id : target.destinations[0]?.address
}

test.each([
  ['an open connection', 'sip:a@192.0.2.1', tcp, [], 't'],
  ['an open connection, with a route set too', 'sip:a@192.0.2.1', tcp, ['<sip:192.0.2.9;lr>'], 't'],
  ['a connection that is gone: the target', 'sip:a@192.0.2.1', { ...tcp, open: false }, [], '192.0.2.1'],
  ['a public target other than the source', 'sip:a@192.0.2.1', udp, [], '192.0.2.1'],
  ['a private target behind a NAT: back to the source', 'sip:a@192.168.1.5', udp, [], 'u'],
  ['a private target behind a proxy: the proxy', 'sip:a@192.168.1.5', udp, ['<sip:192.0.2.9;lr>'], '192.0.2.9'],
  ['a host that cannot exist', 'sip:a@x7.invalid', udp, [], 'u'],
  ['the source itself by another transport', 'sip:a@203.0.113.7:40000;transport=tcp', udp, [], '203.0.113.7'],
  ['a name that has to be asked for', 'sip:a@slow.test', udp, [], 'looked up'],
  ['a target that is no URI: back to the source', 'nonsense', udp, [], 'u'],
])('%s', (_name, target, flow, routes, expected) => {
  expect(goes(target, flow as Flow, routes as string[])).toBe(expected)
})

test('a name that leads nowhere falls back to the source', async () => {
  expect(await nextHop({ remoteTarget: 'sip:a@slow.test', routeSet: [], flow: udp }, resolver)).toEqual({ flow: udp })
})

test('loose routers leave the Request-URI alone, a strict one takes it', () => {
  const way = { remoteTarget: 'sip:a@x', flow: undefined }
  expect(routed({ ...way, routeSet: ['<sip:p1;lr>', '<sip:p2>'] })).toEqual({
    uri: 'sip:a@x',
    routes: ['<sip:p1;lr>', '<sip:p2>'],
  })
  expect(routed({ ...way, routeSet: ['<sip:p1>', '<sip:p2;lr>'] })).toEqual({
    uri: 'sip:p1',
    routes: ['<sip:p2;lr>', '<sip:a@x>'],
  })
})

test('private addresses', () => {
  for (const one of [
    '10.1.1.1',
    '172.16.0.1',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    'fd00::1',
    'fe80::1',
  ])
    expect(isPrivate(one), one).toBe(true)
  for (const one of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1']) expect(isPrivate(one), one).toBe(false)
})
