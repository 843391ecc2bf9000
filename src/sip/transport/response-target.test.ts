import { expect, test } from 'vitest'
import { parseViaList, type Via } from '../message/index.ts'
import { responseTarget } from './response-target.ts'
import type { Flow } from './types.ts'

function via(text: string): Via {
  const result = parseViaList(text)
  if (!result.ok) throw new Error(result.code)
  return result.value[0]!
}
const udp: Flow = {
  id: 'u',
  protocol: 'udp',
  localAddress: '198.51.100.1',
  localPort: 5060,
  remoteAddress: '192.0.2.1',
  remotePort: 40_000,
  reliable: false,
  open: true,
}
const tcp: Flow = { ...udp, id: 't', protocol: 'tcp', reliable: true }
const to = (port: number, address = '192.0.2.1') => ({ protocol: 'udp', address, port, host: address, from: udp })

test('UDP: rport goes back to the source, else to the Via port at the received address', () => {
  expect(responseTarget(via('SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;rport'), udp)).toEqual({ flow: udp })
  expect(responseTarget(via('SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1'), udp)).toEqual(to(5070))
  expect(responseTarget(via('SIP/2.0/UDP host.test;branch=z9hG4bK1'), udp)).toEqual(to(5060))
  expect(responseTarget(via('SIP/2.0/UDP host.test:40000;branch=z9hG4bK1'), udp)).toEqual({ flow: udp })
})

test('what the sender writes as received is not believed', () => {
  expect(responseTarget(via('SIP/2.0/UDP h.test:5070;received=203.0.113.1;branch=z9hG4bK1'), udp)).toEqual(to(5070))
})

test('maddr is followed to one host only, and to loopback only from loopback', () => {
  const with_ = (maddr: string) => via(`SIP/2.0/UDP h.test:5070;maddr=${maddr};branch=z9hG4bK1`)
  expect(responseTarget(with_('192.0.2.50'), udp)).toEqual(to(5070, '192.0.2.50'))
  for (const maddr of ['255.255.255.255', '224.0.1.75', '0.0.0.0', '127.0.0.1', 'name.test'])
    expect(responseTarget(with_(maddr), udp)).toEqual(to(5070))
  const local = { ...udp, remoteAddress: '127.0.0.9' }
  expect(responseTarget(with_('127.0.0.1'), local)).toMatchObject({ address: '127.0.0.1', port: 5070 })
})

test('a connection takes its answers; once gone, a new one goes to the Via port, for WebSockets none', () => {
  const line = via('SIP/2.0/TCP h.test;branch=z9hG4bK1;maddr=192.0.2.50')
  expect(responseTarget(line, tcp)).toEqual({ flow: tcp })
  expect(responseTarget(line, { ...tcp, open: false })).toEqual({
    protocol: 'tcp',
    address: '192.0.2.1',
    port: 5060,
    host: '192.0.2.1',
  })
  const ws: Flow = { ...tcp, protocol: 'ws', open: false }
  expect(responseTarget(line, ws)).toEqual({ flow: ws })
})
