import type { CallbackAttemptRow, CallbackRow } from '#storage'
import type { PlaceInLine, QueueLines, Turn } from '../types.ts'
import { nextAttempt, type Outcome, type RetryPolicy } from './retry.ts'
import type { CallbackParty, InLine } from './types.ts'

/** After so many turns in which no agent was reached an attempt is over. */
const mostTurns = 20
/** A request that has begun so often is not put back into the line again. */
const mostAttempts = 100
/** How long after a start of the server requests stand in line again, in ms. */
const againMs = 5_000

/** What has become of a request whose waiting was in vain. */
const ends = { gone: 'not-found', closed: 'called-closed', nobody: 'called-unreachable', left: 'interrupted' } as const

/** Id of the queue that is called, if it is one; `undefined` also for what cannot be read. */
export function queueOf({ called }: Pick<CallbackRow, 'called'>): string | undefined {
  try {
    return (JSON.parse(called) as CallbackParty).queue
  } catch {
    return undefined
  }
}

/** Since when they wait: since the time that was asked for, or since they asked. The place in the line follows from it, in every attempt. */
export function waitsSince({ askedAt, createdAt }: CallbackRow): number {
  return Math.max(askedAt ?? 0, createdAt)
}

export function inLineOf({ place, expectedWaitMs }: PlaceInLine): InLine {
  return { place, expectedWaitSeconds: expectedWaitMs === undefined ? null : Math.round(expectedWaitMs / 1_000) }
}

/**
 * Stands in the line of a queue until one of its agents and the asker are joined, or the asker was not reached.
 *
 *   server                     agents                       caller
 *     | place in the line, by the time asked for; nobody is rung, no call is made
 *     |--INVITE----------------->|                            |    their turn: who is free, by the strategy of the queue
 *     |--CANCEL----------------->|                            |    no answer: the next, in the same place
 *     |--INVITE----------------->|                            |
 *     |<--200, ACK---------------|                            |
 *     |==who asks for the call==>|                            |    from here on as with anybody who is called
 *     |--INVITE---------------------------------------------->|
 *
 * @param waits told when the waiting begins (again)
 * @param call makes one call to whoever has the turn
 */
export async function standInLine(
  place: PlaceInLine,
  waits: () => void,
  call: (turn: Turn, turns: number) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    for (let turns = 1; ; turns++) {
      waits()
      const turn = await place.turn()
      if (typeof turn === 'string') return ends[turn]
      const outcome = await call(turn, turns)
      if (!outcome.startsWith('called-')) return outcome
      // Whatever single agents did: nobody of the queue came to the telephone.
      if (turns === mostTurns) return 'called-no-answer'
    }
  } finally {
    place.leave()
  }
}

/**
 * When a request whose called is a queue is tried again: a place that a crash or a closed queue has cost nothing for is taken again as soon
 * as possible, all else follows the rule.
 * @param attempts all so far, with the one that has just ended
 */
export function nextInLine(
  outcome: Outcome,
  { called, timeZone }: CallbackRow,
  attempts: readonly CallbackAttemptRow[],
  now: number,
  policy: RetryPolicy,
  lines: Pick<QueueLines, 'opensAt'> | undefined,
): number | undefined {
  const queue = queueOf({ called }) ?? ''
  const open = (at: number): number => lines?.opensAt(queue, at) ?? at
  if (attempts.length >= mostAttempts) return undefined
  if (outcome === 'interrupted') return open(now + againMs)
  if (outcome === 'called-closed') return open(now)
  const counted = attempts.filter((one) => one.outcome !== 'interrupted' && one.outcome !== 'called-closed')
  const at = nextAttempt(outcome, counted.length, now, timeZone, policy)
  return at === undefined ? undefined : open(at)
}
