import { type FakeCalls, type FakeRecords, fakeRecord, ringing } from './fake-calls.ts'

const trunk = 'udp 127.0.0.1:5080'
const phone = 'udp 127.0.0.1:25060'
const desk = 'ws 127.0.0.1:50412'
const person = (number: string, name: string) => ({ number, name, personId: name.toLowerCase() })
const alice = person('101', 'Alice')
const bob = person('102', 'Bob')
const outside = { number: '+1 202 555 0147', name: '', personId: '' }

/** A live office: one call rings, one talks, one is held, six are over. @param now ms since 1970 */
export function playScene(calls: FakeCalls, records: FakeRecords, now: number): void {
  calls.put('call-held', {
    state: 'answered',
    held: true,
    caller: person('104', 'Dave'),
    callee: person('103', 'Carol'),
    answeredBy: 'carol/phone',
    startedAt: now - 754_000,
    answeredAt: now - 748_000,
    branches: [{ station: 'carol/phone', personId: 'carol', state: 'answered', ringMs: 6000 }],
  })
  calls.put('call-talk', {
    state: 'answered',
    caller: bob,
    callee: { number: '+49 30 901820', name: '', personId: '' },
    direction: 'out',
    trunk: 'carrier-a',
    answeredBy: '+49 30 901820',
    startedAt: now - 131_000,
    answeredAt: now - 124_000,
  })
  calls.put('call-ring', {
    direction: 'in',
    trunk: 'demo',
    caller: outside,
    callee: alice,
    startedAt: now - 4_000,
    branches: [
      ringing('alice/phone', 'alice', 3900),
      { station: 'alice/desk', personId: 'alice', state: 'ringing', ringMs: 3200 },
      { station: 'alice/mobile', personId: 'alice', state: 'ended', outcome: 'busy', ringMs: 300 },
    ],
  })
  ringMessages(calls, 'call-ring', now - 4_000)
  const minute = 60_000
  const leg = { packetsReceived: 4000, packetsSent: 4000, bytesReceived: 1, bytesSent: 1, lost: 2, jitterMs: 3 }
  const quality = (lost: number, heard = 4000) =>
    JSON.stringify({ caller: { ...leg, lost }, callee: { ...leg, packetsReceived: heard } })
  const answered = (id: string, at: number, seconds: number, more: object) =>
    fakeRecord({
      id,
      startedAt: at,
      answeredAt: at + 5000,
      endedAt: at + 5000 + seconds * 1000,
      cause: 'answered',
      status: 200,
      endedBy: 'caller',
      ...more,
    })
  records.rows.push(
    answered('r1', now - 6 * minute, 204, { answeredStation: 'bob/phone', quality: quality(2) }),
    fakeRecord({
      id: 'r2',
      startedAt: now - 9 * minute,
      callerNumber: '+1 202 555 0103',
      callerName: '',
      cause: 'no-answer',
    }),
    answered('r3', now - 22 * minute, 1830, {
      callerName: 'Carol',
      dialled: '+44 20 7946 0958',
      calleeName: '',
      answeredStation: '+44 20 7946 0958',
      quality: quality(90),
    }),
    fakeRecord({ id: 'r4', startedAt: now - 31 * minute, calleeName: 'Dave', cause: 'busy' }),
    answered('r5', now - 48 * minute, 42, { callerName: 'Dave', answeredStation: 'bob/desk', quality: quality(300) }),
    answered('r6', now - 64 * minute, 71, {
      calleeName: 'Alice',
      answeredStation: 'alice/phone',
      cause: 'media-silent',
      quality: quality(2, 0),
    }),
  )
}

const sdp = (direction = 'sendrecv') => [
  'Content-Type: application/sdp',
  '',
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 16384 RTP/AVP 0 8 101',
  `a=${direction}`,
  '',
]

/** The messages of a call that rings two stations and is busy on a third. */
export function ringMessages(calls: FakeCalls, id: string, at: number): void {
  const head = (method: string, to = '+12025550101', number = 1) => [
    'Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK-7f3a;rport',
    'From: <sip:+12025550147@127.0.0.1>;tag=9b1c',
    `To: <sip:${to}@127.0.0.1:5060>`,
    'Call-ID: 5d1c0a@127.0.0.1',
    `CSeq: ${number} ${method}`,
  ]
  const add = (after: number, direction: 'in' | 'out', peer: string, start: string, ...lines: string[]) =>
    calls.message(id, at + after, direction, peer, start, ...lines)
  add(0, 'in', trunk, 'INVITE sip:+12025550101@127.0.0.1:5060 SIP/2.0', ...head('INVITE'), ...sdp())
  add(1, 'out', trunk, 'SIP/2.0 100 Trying', ...head('INVITE'), '', '')
  add(3, 'out', phone, 'INVITE sip:alice@127.0.0.1:25060 SIP/2.0', ...head('INVITE', 'alice'), ...sdp())
  add(3, 'out', desk, 'INVITE sip:alice@x7.invalid;transport=ws SIP/2.0', ...head('INVITE', 'alice'), ...sdp())
  add(41, 'in', desk, 'SIP/2.0 180 Ringing', ...head('INVITE'), '', '')
  add(42, 'out', trunk, 'SIP/2.0 180 Ringing', ...head('INVITE'), '', '')
  add(503, 'out', phone, 'INVITE sip:alice@127.0.0.1:25060 SIP/2.0', ...head('INVITE', 'alice'), ...sdp())
  add(517, 'in', phone, 'SIP/2.0 180 Ringing', ...head('INVITE'), '', '')
}

/** alice's phone takes the call: the desk's branch is cancelled. */
export function answerMessages(calls: FakeCalls, id: string, at: number): void {
  const reason = 'Reason: SIP;cause=200;text="Call completed elsewhere"'
  calls.message(id, at, 'in', phone, 'SIP/2.0 200 OK', 'CSeq: 1 INVITE', ...sdp())
  calls.message(id, at + 1, 'out', phone, 'ACK sip:alice@127.0.0.1:25060 SIP/2.0', 'CSeq: 1 ACK', '', '')
  calls.message(id, at + 1, 'out', desk, 'CANCEL sip:alice@x7.invalid SIP/2.0', 'CSeq: 1 CANCEL', reason, '', '')
  calls.message(id, at + 2, 'out', trunk, 'SIP/2.0 200 OK', 'CSeq: 1 INVITE', ...sdp())
  calls.message(id, at + 30, 'in', desk, 'SIP/2.0 200 OK', 'CSeq: 1 CANCEL', '', '')
  calls.message(id, at + 31, 'in', desk, 'SIP/2.0 487 Request Terminated', 'CSeq: 1 INVITE', '', '')
  calls.message(id, at + 31, 'out', desk, 'ACK sip:alice@x7.invalid SIP/2.0', 'CSeq: 1 ACK', '', '')
}
