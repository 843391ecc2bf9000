import type { LadderArrowShape } from '#api/contract.ts'

export const rowHeight = 40
/** Below this width, in px, columns move together instead of the ladder scrolling. */
const narrowWidth = 640
const narrowestGap = 62
const widestGap = 320
/** About the width of one character of a label. */
const characterWidth = 7.4
const headSize = 6

interface Labelled {
  readonly columns: readonly { readonly label: string }[]
  readonly arrows: readonly Pick<LadderArrowShape, 'label' | 'from' | 'to'>[]
}

/** Where things stand, in px. */
export interface LadderLayout {
  /** Columns stand closer than their labels are wide. */
  readonly narrow: boolean
  readonly timeWidth: number
  readonly gap: number
  readonly width: number
}

/** Spreads the columns over the room there is: labels fit their arrows, names their columns; on a phone all columns stay in sight. */
export function layoutOf({ columns, arrows }: Labelled, room: number): LadderLayout {
  const narrow = room < narrowWidth
  const timeWidth = narrow ? 62 : 84
  const fair = (room - timeWidth) / Math.max(1, columns.length)
  if (narrow) {
    const gap = Math.max(narrowestGap, Math.floor(fair))
    return { narrow, timeWidth, gap, width: timeWidth + columns.length * gap }
  }
  let needed = 0
  for (const { label } of columns) {
    for (const line of labelLines(label, false)) needed = Math.max(needed, line.length * characterWidth + 24)
  }
  for (const { label, from, to } of arrows) {
    const spans = Math.abs(to - from)
    if (spans > 0) needed = Math.max(needed, (label.length * characterWidth + 40) / spans)
  }
  const gap = Math.floor(Math.min(widestGap, Math.max(needed, fair)))
  return { narrow, timeWidth, gap, width: timeWidth + columns.length * gap }
}

/** Where a column's line stands. */
export function columnPlace(column: number, { timeWidth, gap }: LadderLayout): number {
  return Math.round(timeWidth + gap / 2 + column * gap)
}

/** A column's label in lines: who is there, as far as it is known, and the address. */
export function labelLines(label: string, narrow: boolean): readonly string[] {
  return label.split(' · ', 2).map((line) => (narrow ? shortLabel(line) : line))
}

/** A name or address where there is little room: protocol and port of an address, the end of a number, the beginning of a name. */
export function shortLabel(label: string): string {
  if (/^\+\d{8,}$/.test(label)) return `…${label.slice(-5)}`
  const address = /^(\w+) .*(:\d+)$/.exec(label)
  if (address) return `${address[1]} ${address[2]}`
  return label.length > 12 ? `${label.slice(0, 11)}…` : label
}

export interface ArrowLine {
  readonly x1: number
  readonly x2: number
  readonly y: number
  readonly labelX: number
  /** The head as an SVG path. */
  readonly head: string
}

export function arrowLine(
  { from, to, label }: Pick<LadderArrowShape, 'from' | 'to' | 'label'>,
  layout: LadderLayout,
): ArrowLine {
  const x1 = columnPlace(from, layout)
  const tip = columnPlace(to, layout)
  const direction = tip > x1 ? 1 : -1
  const y = rowHeight - 12
  const back = tip - direction * headSize * 1.5
  const half = (label.length * characterWidth) / 2
  const middle = (x1 + tip) / 2
  const labelX = Math.max(layout.timeWidth + half, Math.min(layout.width - 8 - half, middle))
  return {
    x1,
    x2: back,
    y,
    labelX,
    head: `M${tip - direction} ${y} L${back} ${y - headSize} L${back} ${y + headSize} Z`,
  }
}

/** What a Reason header says in words, else its cause: `SIP;cause=200;text="Call completed elsewhere"`. */
export function reasonText(reason: string): string {
  const text = /text="([^"]{1,60})"/i.exec(reason)?.[1]
  return text ?? reason
}
