import type { Random } from '#lib'
import { ExpectedWait } from '#services'

export interface QueueSimulation {
  readonly agents: number
  /** Share of the time that agents talk. */
  readonly load: number
  readonly callers: number
  readonly handlingMs: number
  readonly random: Random
}

/** Mean absolute errors over the callers who had to wait, in ms. */
export interface WaitErrors {
  readonly waited: number
  readonly meanWaitMs: number
  readonly model: number
  /** The same formula with the true mean length. */
  readonly knowing: number
  /** The mean wait of those before. */
  readonly mean: number
}

/** Callers come to M/M/c and are told a wait; then they wait as long as they do. */
export function waitErrors({ agents, load, callers, handlingMs, random }: QueueSimulation): WaitErrors {
  const exponential = (mean: number): number => -mean * Math.log(1 - random.integer(2 ** 30) / 2 ** 30)
  const expected = new ExpectedWait()
  /** When each agent is free, and calls that are not over yet: [end, length]. */
  const freeAt = new Array<number>(agents).fill(0)
  const talking: [number, number][] = []
  /** When those who wait are taken. */
  let takenAt: number[] = []
  let now = 0
  let waited = 0
  const sums = { wait: 0, model: 0, knowing: 0, mean: 0 }
  for (let caller = 0; caller < callers; caller++) {
    now += exponential(handlingMs / agents / load)
    talking.sort(([one], [other]) => one - other)
    while (talking[0] && talking[0][0] <= now) expected.handled((talking.shift() as [number, number])[1])
    takenAt = takenAt.filter((at) => at > now)
    const free = freeAt.filter((at) => at <= now).length
    const place = takenAt.length + 1
    const told = expected.at(place, agents, free) ?? 0
    const agent = freeAt.indexOf(Math.min(...freeAt))
    const begins = Math.max(now, freeAt[agent] as number)
    const length = exponential(handlingMs)
    freeAt[agent] = begins + length
    talking.push([begins + length, length])
    const wait = begins - now
    if (wait === 0) continue
    takenAt.push(begins)
    sums.model += Math.abs(told - wait)
    sums.knowing += Math.abs((place * handlingMs) / agents - wait)
    sums.mean += Math.abs((waited > 0 ? sums.wait / waited : 0) - wait)
    sums.wait += wait
    waited++
  }
  const per = (sum: number): number => sum / Math.max(1, waited)
  return {
    waited,
    meanWaitMs: per(sums.wait),
    model: per(sums.model),
    knowing: per(sums.knowing),
    mean: per(sums.mean),
  }
}
