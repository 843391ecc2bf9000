import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Baton } from '../support/server.ts'

/** The lines of a server's output that tell of a bug: an error in its log, or something that Node itself printed. */
export function faultsIn(output: string): string[] {
  return output.split('\n').filter((line) => {
    const level = /^\{"level":(\d+),/.exec(line)?.[1]
    if (level !== undefined) return Number(level) >= 50 || /a bug was caught/.test(line)
    return /^\s+at |^\(node:\d+\)|Error\b|FATAL|^Baton cannot start/.test(line)
  })
}

/** A server's numbers by name and labels, as `/metrics` gives them. */
export async function metricsOf(baton: Baton): Promise<ReadonlyMap<string, number>> {
  const answer = await baton.fetch('/metrics')
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`/metrics says ${answer.status}: ${text}`)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

/** How many messages the server never looked at: held back as part of a flood, or dropped by the kernel. */
export async function neverRead(baton: Baton): Promise<number> {
  const metrics = await metricsOf(baton)
  return metrics.get('baton_sip_held_back_total')! + metrics.get('baton_udp_receive_errors_total')!
}

/** Memory that a process has in RAM, in MB; Linux only. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}

/** What must be back at its idle value once everything is over. */
export const ofCalls = ['baton_calls_live', 'baton_sip_transactions', 'baton_sip_dialogs', 'baton_media_legs']

/**
 * Waits until the server holds nothing more of these kinds than `at most`; transactions linger for 32 s (RFC 3261 §17).
 * @throws with the numbers after `timeout` ms
 */
export async function drained(
  baton: Baton,
  names: readonly string[] = ofCalls,
  most = 0,
  timeout = 90_000,
): Promise<void> {
  const late = AbortSignal.timeout(timeout)
  for (;;) {
    const metrics = await metricsOf(baton)
    const left = names.filter((name) => !((metrics.get(name) ?? Number.NaN) <= most))
    if (left.length === 0) return
    if (late.aborted) {
      const values = left.map((name) => `${name} ${metrics.get(name)}`).join(', ')
      throw new Error(`after ${timeout / 1_000} s the server still holds ${values}`)
    }
    await sleep(250) // metrics tell only when they are asked
  }
}
