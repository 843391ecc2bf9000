import type { Quality } from './types.ts'

/** What was counted at one look. */
export interface Counts {
  readonly received: number
  readonly lost: number
  /** Seconds. */
  readonly jitter: number
  /** Share that the far side misses of ours, 0 to 1. */
  readonly theirLoss: number
  /** Seconds there and back. */
  readonly roundTrip: number
}

/** Reads what tells how a call sounds. */
export async function countsOf(connection: RTCPeerConnection): Promise<Counts> {
  let received = 0
  let lost = 0
  let jitter = 0
  let theirLoss = 0
  let roundTrip = 0
  for (const report of (await connection.getStats()).values()) {
    if (report.type === 'inbound-rtp' && report.kind === 'audio') {
      received += report.packetsReceived ?? 0
      lost += report.packetsLost ?? 0
      jitter = Math.max(jitter, report.jitter ?? 0)
    } else if (report.type === 'remote-inbound-rtp' && report.kind === 'audio') {
      theirLoss = Math.max(theirLoss, report.fractionLost ?? 0)
      roundTrip = Math.max(roundTrip, report.roundTripTime ?? 0)
    }
  }
  return { received, lost, jitter, theirLoss, roundTrip }
}

/** How it sounded between two looks. Bounds as in the history: 1 % and 30 ms are not heard, 4 % and 80 ms are. */
export function qualityBetween(before: Counts, now: Counts): Quality {
  const received = now.received - before.received
  if (received <= 0) return 'silent'
  const loss = Math.max((now.lost - before.lost) / (received + Math.max(0, now.lost - before.lost)), now.theirLoss)
  if (loss > 0.04 || now.jitter > 0.08 || now.roundTrip > 0.6) return 'poor'
  if (loss > 0.01 || now.jitter > 0.03 || now.roundTrip > 0.3) return 'fair'
  return 'good'
}
