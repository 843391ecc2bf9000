import type { LadderArrowShape } from '#api/contract.ts'

/** Width of the time column, in px. */
export const timeWidth = 76
export const rowHeight = 40
const narrowestGap = 150
const widestGap = 300
/** About the width of one character of a label. */
const characterWidth = 7.4
const headSize = 6

interface Labelled {
  readonly columns: readonly { readonly label: string }[]
  readonly arrows: readonly Pick<LadderArrowShape, 'label' | 'from' | 'to' | 'repeated'>[]
}

/** Room between two lines, so that labels fit their arrows and names their columns. */
export function gapOf({ columns, arrows }: Labelled): number {
  let gap = narrowestGap
  for (const { label } of columns) gap = Math.max(gap, label.length * characterWidth + 24)
  for (const { label, from, to, repeated } of arrows) {
    const spans = Math.abs(to - from)
    const length = label.length + (repeated ? 13 : 0)
    if (spans > 0) gap = Math.max(gap, (length * characterWidth + 40) / spans)
  }
  return Math.round(Math.min(gap, widestGap))
}

/** Where a column's line stands. */
export function columnPlace(column: number, gap: number): number {
  return Math.round(timeWidth + gap / 2 + column * gap)
}

export function totalWidth(columns: number, gap: number): number {
  return timeWidth + columns * gap
}

export interface ArrowLine {
  readonly x1: number
  readonly x2: number
  readonly y: number
  readonly labelX: number
  /** The head as an SVG path. */
  readonly head: string
}

export function arrowLine({ from, to }: Pick<LadderArrowShape, 'from' | 'to'>, gap: number): ArrowLine {
  const x1 = columnPlace(from, gap)
  const tip = columnPlace(to, gap)
  const direction = tip > x1 ? 1 : -1
  const y = rowHeight - 13
  const back = tip - direction * headSize * 1.5
  return {
    x1,
    x2: back,
    y,
    labelX: (x1 + tip) / 2,
    head: `M${tip - direction} ${y} L${back} ${y - headSize} L${back} ${y + headSize} Z`,
  }
}
