import { type LadderArrow, type LadderModel, type LadderOptions, ladderModel } from './ladder-model.ts'
import type { TraceEntry } from './types.ts'

export * from './ladder-model.ts'

/** Width of the time column. */
const timeWidth = 8
const narrowest = 14

/**
 * A trace as a ladder in text: a line for each far side and for Baton, an arrow per message, milliseconds since the first on the left.
 * Retransmissions say `(again)`; a Reason stands behind its arrow.
 *
 *       ms  caller              Baton            alice's phone
 *        0    |--INVITE + SDP---->|                   |
 *        1    |<--100 Trying------|                   |
 */
export function drawLadder(entries: readonly TraceEntry[], options: LadderOptions = {}): string {
  if (entries.length === 0) return 'The trace holds no message.\n'
  const model = ladderModel(entries, options)
  const gap = gapWidth(model)
  const lines = [heading(model, gap)]
  for (const arrow of model.arrows) lines.push(row(arrow, model.columns.length, gap))
  return `${lines.join('\n')}\n`
}

function labelOf(arrow: LadderArrow): string {
  return arrow.repeated ? `${arrow.label} (again)` : arrow.label
}

/** Room between two lines, so that every label fits its arrow and every name its column. */
function gapWidth(model: LadderModel): number {
  let width = narrowest
  for (const column of model.columns) width = Math.max(width, column.label.length + 2)
  for (const arrow of model.arrows) {
    const spans = Math.abs(arrow.to - arrow.from)
    if (spans > 0) width = Math.max(width, Math.ceil((labelOf(arrow).length + 6) / spans))
  }
  return width
}

/** Names are centred over their lines; the first line stands far enough from the times for its name. */
function heading(model: LadderModel, gap: number): string {
  let text = 'ms'.padStart(timeWidth)
  model.columns.forEach((column, place) => {
    const middle = linePlace(place, gap)
    const start = Math.max(text.length + 1, middle - Math.floor(column.label.length / 2))
    text = text.padEnd(start) + column.label
  })
  return text
}

function linePlace(column: number, gap: number): number {
  return timeWidth + 2 + Math.floor(gap / 2) + column * gap
}

function row(arrow: LadderArrow, columns: number, gap: number): string {
  const time = String(Math.round(arrow.after)).padStart(timeWidth)
  if (arrow.from === arrow.to) return `${time}  ${arrow.label}`
  const cells = new Array<string>(linePlace(columns - 1, gap) + 1).fill(' ')
  for (let column = 0; column < columns; column++) cells[linePlace(column, gap)] = '|'
  const left = linePlace(Math.min(arrow.from, arrow.to), gap)
  const right = linePlace(Math.max(arrow.from, arrow.to), gap)
  for (let i = left + 1; i < right; i++) cells[i] = '-'
  if (arrow.to > arrow.from) cells[right - 1] = '>'
  else cells[left + 1] = '<'
  const label = labelOf(arrow)
  const start = left + (arrow.to > arrow.from ? 3 : 4)
  for (let i = 0; i < label.length; i++) cells[start + i] = label[i] as string
  const drawn = time + cells.join('').slice(timeWidth)
  return arrow.reason ? `${drawn}   Reason: ${arrow.reason}` : drawn.trimEnd()
}
