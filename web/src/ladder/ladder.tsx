import { useState } from 'react'
import type { CallTraceShape, LadderArrowShape, TraceEntryShape } from '#api/contract.ts'
import { type Speech, useSpeech } from '../i18n/index.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { useWidth } from '../parts/use-width.ts'
import { arrowLine, columnPlace, type LadderLayout, labelLines, layoutOf, reasonText, rowHeight } from './layout.ts'

/**
 * A call's messages as a ladder. It is a list of buttons, each with its arrow drawn on it: the list is what a screen reader and the
 * keyboard meet, the drawing is what the eye meets. A button opens the message below itself.
 */
export function Ladder({ trace }: { readonly trace: CallTraceShape }) {
  const { t } = useSpeech()
  const [open, setOpen] = useState<number | undefined>(undefined)
  const { ref, width: room } = useWidth<HTMLDivElement>()
  const { columns } = trace
  const arrows = trace.arrows.map((arrow) => ({ ...arrow, label: shownLabel(arrow, t) }))
  const layout = layoutOf({ columns, arrows }, room)
  return (
    <div className="card ladder">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset does not scroll */}
      <div className="ladder-scroll" role="group" ref={ref} tabIndex={0} aria-label={t.call.ladder}>
        <div style={{ width: layout.width }}>
          <div className="ladder-head" aria-hidden="true" data-narrow={layout.narrow}>
            {columns.map(({ id, label }, place) => (
              <span
                key={id}
                title={label}
                data-own={id === 'baton'}
                style={{ left: columnPlace(place, layout), maxWidth: layout.gap - 4 }}
              >
                {labelLines(label, layout.narrow).map((line, row) => (
                  <span key={line} data-row={row}>
                    {line}
                  </span>
                ))}
              </span>
            ))}
          </div>
          <ol className="ladder-rows">
            {arrows.map((arrow, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: arrow n stands for entry n for good
              <li key={place}>
                <Row
                  arrow={arrow}
                  entry={trace.entries[place]}
                  columns={columns}
                  layout={layout}
                  open={open === place}
                  onToggle={() => setOpen(open === place ? undefined : place)}
                />
              </li>
            ))}
          </ol>
        </div>
      </div>
    </div>
  )
}

/** What stands on the arrow: the label, that it is a repetition, and what its Reason says. */
function shownLabel({ label, repeated, reason }: LadderArrowShape, t: Speech['t']): string {
  return [label, repeated ? `(${t.call.again})` : '', reason && `· ${reasonText(reason)}`].filter(Boolean).join(' ')
}

interface RowProps {
  readonly arrow: LadderArrowShape
  readonly entry: TraceEntryShape | undefined
  readonly columns: CallTraceShape['columns']
  readonly layout: LadderLayout
  readonly open: boolean
  readonly onToggle: () => void
}

function Row({ arrow, entry, columns, layout, open, onToggle }: RowProps) {
  const speech = useSpeech()
  const { t } = speech
  if (arrow.kind === 'note') return <p className="ladder-note">{arrow.label}</p>
  const after = afterText(arrow.after, speech)
  const [from = '', to = ''] = [arrow.from, arrow.to].map((place) => columns[place]?.label)
  const line = arrowLine(arrow, layout)
  return (
    <>
      <button
        type="button"
        className="ladder-row"
        data-kind={arrow.kind}
        data-repeated={arrow.repeated}
        aria-expanded={open}
        aria-label={t.call.arrow(after, from, to, arrow.label)}
        title={arrow.reason ? `${t.call.reason}: ${arrow.reason}` : undefined}
        onClick={onToggle}
      >
        <svg width={layout.width} height={rowHeight} aria-hidden="true" focusable="false">
          <text className="ladder-time" x={layout.timeWidth - 10} y={line.y + 4} textAnchor="end">
            {`${after} `}
          </text>
          {columns.map((column, place) => (
            <line
              key={column.id}
              className="lifeline"
              data-own={column.id === 'baton'}
              x1={columnPlace(place, layout)}
              x2={columnPlace(place, layout)}
              y1={0}
              y2={rowHeight}
            />
          ))}
          <g className="arrow">
            <line x1={line.x1} x2={line.x2} y1={line.y} y2={line.y} />
            <path d={line.head} />
            <text x={line.labelX} y={line.y - 8} textAnchor="middle">
              {arrow.label}
            </text>
          </g>
        </svg>
      </button>
      {open && entry && (
        <div className="message">
          <pre>{entry.text.trimEnd()}</pre>
          <CopyButton text={entry.text} what={arrow.label} />
        </div>
      )}
    </>
  )
}

/** `41 ms`, `8.95 s`, `2:04` */
function afterText(ms: number, { t, number }: Speech): string {
  if (ms < 1000) return t.unit.ms(number(ms))
  if (ms < 60_000) return t.unit.s(number(ms / 1000, 2))
  return t.unit.s(number(ms / 1000, 0))
}
