import { describe, expect, test } from 'vitest'
import { VirtualClock } from '#lib'
import { Machine } from './machine.ts'
import { defaultTiming, inviteClient, inviteServer, nonInviteClient, nonInviteServer, type Table } from './tables.ts'

/** A table as lines: `state --event--> next: actions`. */
function drawn(table: Table): string[] {
  const lines: string[] = []
  for (const [state, { on }] of Object.entries(table)) {
    for (const [event, row] of Object.entries(on)) {
      lines.push(`${state} --${event}--> ${row!.next ?? state}${row!.do.length > 0 ? `: ${row!.do.join(' ')}` : ''}`)
    }
  }
  return lines
}

/** A machine that writes down what it did and when. */
class Recorder extends Machine<string, string, string, undefined> {
  readonly did: string[] = []
  readonly #clock: VirtualClock
  readonly #start: number

  constructor(table: Table, clock: VirtualClock, initial: string, reliable: boolean) {
    super(table, { clock, timing: defaultTiming }, initial, reliable)
    this.#clock = clock
    this.#start = clock.now()
    this.begin(reliable)
  }

  protected override act(action: string): void {
    this.did.push(`${this.#clock.now() - this.#start} ${action}`)
  }

  protected override ended(): void {
    this.did.push(`${this.#clock.now() - this.#start} ended`)
  }
}

/** Puts a machine into a state and lets the time run out. */
async function idle(table: Table, initial: string, events: string[], reliable: boolean): Promise<string[]> {
  const clock = new VirtualClock()
  const machine = new Recorder(table, clock, initial, reliable)
  for (const event of events) machine.run(event)
  await clock.advance(100_000)
  if (machine.state === 'terminated') expect(clock.pending).toBe(0)
  return machine.did
}

describe('the tables', () => {
  test('INVITE client', () => {
    expect(drawn(inviteClient)).toEqual([
      'calling --1xx--> proceeding: provisional',
      'calling --2xx--> accepted: final',
      'calling --3xx-6xx--> completed: acknowledge final',
      'calling --cancel--> abandoned',
      'calling --A--> calling: send',
      'calling --B--> terminated: timeout',
      'calling --unreachable--> terminated: unreachable',
      'calling --stop--> terminated',
      'abandoned --1xx--> cancelling: sendCancel provisional',
      'abandoned --2xx--> accepted: final',
      'abandoned --3xx-6xx--> completed: acknowledge final',
      'abandoned --A--> abandoned: send',
      'abandoned --B--> terminated: timeout',
      'abandoned --unreachable--> terminated: unreachable',
      'abandoned --stop--> terminated',
      'proceeding --1xx--> proceeding: provisional',
      'proceeding --2xx--> accepted: final',
      'proceeding --3xx-6xx--> completed: acknowledge final',
      'proceeding --cancel--> cancelling: sendCancel',
      'proceeding --unreachable--> terminated: unreachable',
      'proceeding --stop--> terminated',
      'cancelling --1xx--> cancelling: provisional',
      'cancelling --2xx--> accepted: final',
      'cancelling --3xx-6xx--> completed: acknowledge final',
      'cancelling --C--> terminated: timeout',
      'cancelling --unreachable--> terminated: unreachable',
      'cancelling --stop--> terminated',
      'accepted --2xx--> accepted: stray',
      'accepted --M--> terminated',
      'completed --3xx-6xx--> completed: repeatAck',
      'completed --unreachable--> terminated',
      'completed --D--> terminated',
    ])
  })

  test('non-INVITE client', () => {
    expect(drawn(nonInviteClient)).toEqual([
      'trying --1xx--> proceeding: provisional',
      'trying --2xx--> completed: final',
      'trying --3xx-6xx--> completed: final',
      'trying --E--> trying: send',
      'trying --F--> terminated: timeout',
      'trying --unreachable--> terminated: unreachable',
      'trying --stop--> terminated',
      'proceeding --1xx--> proceeding: provisional',
      'proceeding --2xx--> completed: final',
      'proceeding --3xx-6xx--> completed: final',
      'proceeding --E--> proceeding: send',
      'proceeding --F--> terminated: timeout',
      'proceeding --unreachable--> terminated: unreachable',
      'proceeding --stop--> terminated',
      'completed --K--> terminated',
    ])
  })

  test('INVITE server', () => {
    expect(drawn(inviteServer)).toEqual([
      'proceeding --request--> proceeding: repeat',
      'proceeding --cancel--> proceeding: cancelled',
      'proceeding --send1xx--> proceeding: send',
      'proceeding --send2xx--> accepted: send',
      'proceeding --send3xx-6xx--> completed: send',
      'accepted --request--> accepted',
      'accepted --ack--> acknowledged: acked',
      'accepted --G--> accepted: repeat',
      'accepted --L--> terminated: unacked',
      'acknowledged --request--> acknowledged',
      'acknowledged --ack--> acknowledged',
      'acknowledged --L--> terminated',
      'completed --request--> completed: repeat',
      'completed --ack--> confirmed: acked',
      'completed --G--> completed: repeat',
      'completed --H--> terminated: unacked',
      'confirmed --request--> confirmed',
      'confirmed --ack--> confirmed',
      'confirmed --I--> terminated',
    ])
  })

  test('non-INVITE server', () => {
    expect(drawn(nonInviteServer)).toEqual([
      'trying --request--> trying',
      'trying --send2xx--> completed: send',
      'trying --send3xx-6xx--> completed: send',
      'trying --P--> proceeding: trying',
      'trying --X--> terminated',
      'proceeding --request--> proceeding: repeat',
      'proceeding --send2xx--> completed: send',
      'proceeding --send3xx-6xx--> completed: send',
      'proceeding --X--> terminated',
      'completed --request--> completed: repeat',
      'completed --J--> terminated',
    ])
  })

  test('every row of every table is carried out as it says', () => {
    for (const table of [inviteClient, nonInviteClient, inviteServer, nonInviteServer] as Table[]) {
      for (const [state, { on }] of Object.entries(table)) {
        for (const [event, row] of Object.entries(on)) {
          const machine = new Recorder(table, new VirtualClock(), state, false)
          expect(machine.run(event)).toBe(true)
          expect(machine.state).toBe(row!.next ?? state)
          expect(machine.did.filter((line) => line !== '0 ended')).toEqual(row!.do.map((action) => `0 ${action}`))
          expect(machine.did.includes('0 ended')).toBe(row!.next === 'terminated')
          expect(machine.run('nonsense')).toBe(false)
        }
      }
    }
  })
})

describe('the timers', () => {
  test('A and B: an INVITE on UDP is repeated at doubling pauses and given up after 32 s', async () => {
    expect(await idle(inviteClient as Table, 'calling', [], false)).toEqual([
      '500 send',
      '1500 send',
      '3500 send',
      '7500 send',
      '15500 send',
      '31500 send',
      '32000 ended',
      '32000 timeout',
    ])
  })

  test('B alone: over a connection nothing is repeated', async () => {
    expect(await idle(inviteClient as Table, 'calling', [], true)).toEqual(['32000 ended', '32000 timeout'])
  })

  test('A and B go on while a CANCEL waits for a 1xx', async () => {
    expect((await idle(inviteClient as Table, 'calling', ['cancel'], false)).at(-1)).toBe('32000 timeout')
  })

  test('a ringing INVITE has no timer; a cancelled one has 32 s', async () => {
    expect(await idle(inviteClient as Table, 'calling', ['1xx'], false)).toEqual(['0 provisional'])
    expect((await idle(inviteClient as Table, 'calling', ['1xx', 'cancel'], false)).at(-1)).toBe('32000 timeout')
  })

  test('D and M keep a finished INVITE for 32 s on UDP; over a connection D is nought', async () => {
    expect((await idle(inviteClient as Table, 'calling', ['3xx-6xx'], false)).at(-1)).toBe('32000 ended')
    expect(await idle(inviteClient as Table, 'calling', ['3xx-6xx'], true)).toEqual([
      '0 acknowledge',
      '0 final',
      '0 ended',
    ])
    expect((await idle(inviteClient as Table, 'calling', ['2xx'], true)).at(-1)).toBe('32000 ended')
  })

  test('E doubles up to T2; after a 1xx it stays there; F ends both', async () => {
    expect(await idle(nonInviteClient as Table, 'trying', [], false)).toEqual([
      '500 send',
      '1500 send',
      '3500 send',
      '7500 send',
      '11500 send',
      '15500 send',
      '19500 send',
      '23500 send',
      '27500 send',
      '31500 send',
      '32000 ended',
      '32000 timeout',
    ])
    expect((await idle(nonInviteClient as Table, 'trying', ['1xx'], false)).slice(0, 4)).toEqual([
      '0 provisional',
      '500 send',
      '4500 send',
      '8500 send',
    ])
  })

  test('K keeps a finished request for T4 on UDP, not at all over a connection', async () => {
    expect(await idle(nonInviteClient as Table, 'trying', ['2xx'], false)).toEqual(['0 final', '5000 ended'])
    expect(await idle(nonInviteClient as Table, 'trying', ['2xx'], true)).toEqual(['0 final', '0 ended'])
  })

  test('G repeats a 2xx until L, on connections too', async () => {
    for (const reliable of [false, true]) {
      expect((await idle(inviteServer as Table, 'proceeding', ['send2xx'], reliable)).slice(0, 6)).toEqual([
        '0 send',
        '500 repeat',
        '1500 repeat',
        '3500 repeat',
        '7500 repeat',
        '11500 repeat',
      ])
    }
    expect((await idle(inviteServer as Table, 'proceeding', ['send2xx'], true)).at(-1)).toBe('32000 unacked')
  })

  test('L runs on after the ACK, quietly', async () => {
    expect(await idle(inviteServer as Table, 'proceeding', ['send2xx', 'ack'], false)).toEqual([
      '0 send',
      '0 acked',
      '32000 ended',
    ])
  })

  test('G repeats a refusal on UDP only; I ends after the ACK', async () => {
    expect((await idle(inviteServer as Table, 'proceeding', ['send3xx-6xx'], false))[1]).toBe('500 repeat')
    expect(await idle(inviteServer as Table, 'proceeding', ['send3xx-6xx'], true)).toEqual([
      '0 send',
      '32000 ended',
      '32000 unacked',
    ])
    expect(await idle(inviteServer as Table, 'proceeding', ['send3xx-6xx', 'ack'], false)).toEqual([
      '0 send',
      '0 acked',
      '5000 ended',
    ])
  })

  test('a slow answer to a non-INVITE: one 100 after 3.5 s, nothing at all once the client has given up', async () => {
    expect(await idle(nonInviteServer as Table, 'trying', [], false)).toEqual(['3500 trying', '32000 ended'])
  })

  test('J keeps an answer for 32 s on UDP', async () => {
    expect(await idle(nonInviteServer as Table, 'trying', ['send2xx'], false)).toEqual(['0 send', '32000 ended'])
    expect(await idle(nonInviteServer as Table, 'trying', ['send2xx'], true)).toEqual(['0 send', '0 ended'])
  })
})
