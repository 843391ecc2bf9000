import type { BranchShape, CallRecord, CallShape, LegQuality } from '#api/contract.ts'
import type { Messages } from '../i18n/index.ts'
import type { IconName } from './icon.tsx'

/** A name, else a number, else that there is none. */
export function partyText(party: CallShape['caller'], t: Messages): string {
  return party.name || numberText(party.number) || t.anonymous
}

const shortCodes = /^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/

/** A telephone number with its country code set apart: `+1 202 555 0147`, `+49 3090182000`; extensions and other text as they are. */
export function numberText(number: string): string {
  const plain = number.replace(/[\s()-]/g, '')
  if (!/^\+\d{8,15}$/.test(plain)) return number
  const code = shortCodes.exec(plain)?.[0] ?? plain.slice(0, 4)
  const rest = plain.slice(code.length)
  return code === '+1' && rest.length === 10
    ? `+1 ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`
    : `${code} ${rest}`
}

export function causeText(cause: string, t: Messages): string {
  return t.cause[cause] ?? cause
}

export function stateOf(call: CallShape): keyof Messages['state'] {
  return call.state === 'answered' && call.held ? 'held' : call.state
}

export function branchText(branch: Pick<BranchShape, 'state' | 'outcome' | 'by'>, t: Messages): string {
  if (branch.state !== 'ended' || !branch.outcome) return t.branch[branch.state]
  if (branch.outcome === 'answered-elsewhere' && branch.by) return t.elsewhereBy(branch.by)
  if (branch.outcome === 'picked-up' && branch.by) return t.pickedUpBy(branch.by)
  return t.outcome[branch.outcome] ?? branch.outcome
}

export interface Heard {
  readonly word: keyof Omit<Messages['quality'], 'detail'>
  readonly icon: IconName
  /** Share of packets that were lost, 0 to 1. */
  readonly loss: number
  readonly jitterMs: number
}

/** How a call sounded, by the worse of its two sides. Bounds: 1 % and 30 ms are not heard, 4 % and 80 ms are. */
export function heard(quality: CallRecord['quality']): Heard {
  const legs = [quality.caller, quality.callee].filter((leg): leg is LegQuality => leg !== undefined)
  const speaking = legs.filter((leg) => leg.packetsReceived > 0)
  const loss = Math.max(0, ...speaking.map((leg) => leg.lost / (leg.lost + leg.packetsReceived)))
  const jitterMs = Math.max(0, ...speaking.map((leg) => leg.jitterMs))
  if (speaking.length === 0) return { word: 'none', icon: 'sound', loss, jitterMs }
  if (speaking.length < legs.length) return { word: 'oneWay', icon: 'weak', loss, jitterMs }
  if (loss > 0.04 || jitterMs > 80) return { word: 'poor', icon: 'weak', loss, jitterMs }
  if (loss > 0.01 || jitterMs > 30) return { word: 'fair', icon: 'sound', loss, jitterMs }
  return { word: 'good', icon: 'sound', loss, jitterMs }
}
