import { describe, expect, test } from 'vitest'
import { drawLadder } from './ladder.ts'
import { ladderModel } from './ladder-model.ts'
import type { TraceEntry } from './types.ts'

const caller = 'udp 127.0.0.1:5080'
const phone = 'udp 127.0.0.1:5071'
const desk = 'ws 127.0.0.1:50000'
const names = new Map([
  [caller, 'trunk'],
  [phone, "alice's phone"],
  [desk, "alice's desk"],
])

function entry(
  at: number,
  direction: 'in' | 'out',
  peer: string,
  startLine: string,
  more: readonly string[] = [],
): TraceEntry {
  return { at, direction, peer, text: [startLine, ...more].join('\r\n') }
}

const sdp = (...lines: string[]): string[] => [
  'Content-Type: application/sdp',
  '',
  'v=0',
  'm=audio 4000 RTP/AVP 0',
  ...lines,
  '',
]

/** FLOWS: a call rings two stations, one takes it. */
const answered: TraceEntry[] = [
  entry(1000, 'in', caller, 'INVITE sip:+12025550101@127.0.0.1 SIP/2.0', ['CSeq: 1 INVITE', ...sdp()]),
  entry(1001, 'out', caller, 'SIP/2.0 100 Trying', ['CSeq: 1 INVITE', '', '']),
  entry(1003, 'out', phone, 'INVITE sip:alice@127.0.0.1:5071 SIP/2.0', ['CSeq: 1 INVITE', ...sdp()]),
  entry(1003, 'out', desk, 'INVITE sip:alice@x.invalid SIP/2.0', ['CSeq: 1 INVITE', ...sdp()]),
  entry(1503, 'out', phone, 'INVITE sip:alice@127.0.0.1:5071 SIP/2.0', ['CSeq: 1 INVITE', ...sdp()]),
  entry(1510, 'in', phone, 'SIP/2.0 180 Ringing', ['CSeq: 1 INVITE', '', '']),
  entry(1511, 'out', caller, 'SIP/2.0 180 Ringing', ['CSeq: 1 INVITE', '', '']),
  entry(2400, 'in', desk, 'SIP/2.0 200 OK', ['CSeq: 1 INVITE', ...sdp('a=sendonly')]),
  entry(2401, 'out', phone, 'CANCEL sip:alice@127.0.0.1:5071 SIP/2.0', [
    'CSeq: 1 CANCEL',
    'Reason: SIP;cause=200;text="Call completed',
    ' elsewhere"',
    '',
    '',
  ]),
  entry(2402, 'in', phone, 'SIP/2.0 200 OK', ['CSeq: 1 CANCEL', '', '']),
  entry(9400, 'in', caller, 'BYE sip:127.0.0.1 SIP/2.0', ['CSeq: 2 BYE', '', '']),
]

test('a ladder in text', () => {
  expect(`\n${drawLadder(answered, { names })}`).toBe(`
      ms             trunk                     Baton                 alice's phone             alice's desk
       0               |--INVITE + SDP---------->|                         |                         |
       1               |<--100 Trying------------|                         |                         |
       3               |                         |--INVITE + SDP---------->|                         |
       3               |                         |--INVITE + SDP------------------------------------>|
     503               |                         |--INVITE + SDP (again)-->|                         |
     510               |                         |<--180 Ringing-----------|                         |
     511               |<--180 Ringing-----------|                         |                         |
    1400               |                         |<--200 OK + SDP (sendonly)-------------------------|
    1401               |                         |--CANCEL---------------->|                         |   Reason: SIP;cause=200;text="Call completed elsewhere"
    1402               |                         |<--200 OK (CANCEL)-------|                         |
    8400               |--BYE------------------->|                         |                         |
`)
})

describe('the model', () => {
  test('arrow n stands for entry n, and later entries only append', () => {
    const whole = ladderModel(answered, { names })
    expect(whole.arrows).toHaveLength(answered.length)
    for (let count = 1; count < answered.length; count++) {
      const part = ladderModel(answered.slice(0, count), { names })
      expect(whole.arrows.slice(0, count)).toEqual(part.arrows)
      expect(whole.columns.slice(0, part.columns.length)).toEqual(part.columns)
    }
  })

  test('kinds, directions, retransmissions and reasons', () => {
    const { columns, arrows } = ladderModel(answered, { names })
    expect(columns.map((column) => column.label)).toEqual(['trunk', 'Baton', "alice's phone", "alice's desk"])
    expect(arrows.map((arrow) => arrow.kind)).toEqual([
      'request',
      'provisional',
      'request',
      'request',
      'request',
      'provisional',
      'provisional',
      'success',
      'request',
      'success',
      'request',
    ])
    expect(arrows.map((arrow) => arrow.repeated).indexOf(true)).toBe(4)
    expect(arrows[7]).toMatchObject({ after: 1400, from: 3, to: 1, label: '200 OK + SDP (sendonly)' })
    expect(arrows[8]?.reason).toBe('SIP;cause=200;text="Call completed elsewhere"')
  })

  test('Baton comes first when it spoke first', () => {
    const { columns } = ladderModel([entry(0, 'out', phone, 'INVITE sip:a SIP/2.0')])
    expect(columns.map((column) => column.id)).toEqual(['baton', phone])
  })

  test('hold by 0.0.0.0, REFER, Replaces and failures', () => {
    const { arrows } = ladderModel([
      entry(0, 'in', phone, 'INVITE sip:a SIP/2.0', sdp('c=IN IP4 0.0.0.0')),
      entry(0, 'in', phone, 'REFER sip:a SIP/2.0', ['Refer-To: <sip:103@baton.local>']),
      entry(0, 'out', phone, 'INVITE sip:a SIP/2.0', ['Replaces: x;to-tag=1;from-tag=2']),
      entry(0, 'in', phone, 'SIP/2.0 486 Busy Here', ['CSeq: 1 INVITE']),
      entry(0, 'in', phone, 'SIP/2.0 481', ['CSeq: 1 BYE']),
    ])
    expect(arrows.map((arrow) => arrow.label)).toEqual([
      'INVITE + SDP (held)',
      'REFER 103',
      'INVITE, Replaces',
      '486 Busy Here',
      '481 (BYE)',
    ])
    expect(arrows[3]?.kind).toBe('failure')
  })

  test('a marker becomes a note', () => {
    const entries: TraceEntry[] = [
      entry(0, 'in', phone, 'INVITE sip:a SIP/2.0'),
      { at: 5, direction: 'in', peer: '', text: '[3 more messages were left out]' },
    ]
    expect(ladderModel(entries).arrows[1]).toMatchObject({ kind: 'note', label: '[3 more messages were left out]' })
    expect(drawLadder(entries)).toContain('5  [3 more messages were left out]')
  })
})

test('what a peer sent cannot steer the terminal', () => {
  const drawn = drawLadder([
    entry(0, 'in', phone, 'SIP/2.0 486 \u001b[2J\u009b31m\u202eBusy', ['Reason: SIP;text="\u001b]0;x\u0007"', '', '']),
    entry(0, 'in', phone, '\u001b[31mINVITE sip:a SIP/2.0'),
  ])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  expect(drawn).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('an empty trace says so', () => {
  expect(drawLadder([])).toBe('The trace holds no message.\n')
})

test('a column says who is there, as far as the messages tell', () => {
  const { columns } = ladderModel([
    entry(0, 'in', caller, 'INVITE sip:101@x SIP/2.0', ['f: "Kim" <sip:+15551234567@x>;tag=1', '', '']),
    entry(1, 'out', phone, 'INVITE sip:y SIP/2.0', ['To: <sip:alice@baton.local>', '', '']),
    entry(2, 'out', 'ws 127.0.0.1:4', 'INVITE sip:y SIP/2.0', ['To: \u001b[31m', '', '']),
  ])
  expect(columns.map(({ label }) => label)).toEqual([
    `+15551234567 · ${caller}`,
    'Baton',
    `alice · ${phone}`,
    'ws 127.0.0.1:4',
  ])
})
