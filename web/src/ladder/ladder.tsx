import { useState } from 'react'
import type { CallTraceShape, LadderArrowShape, TraceEntryShape } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { arrowLine, columnPlace, gapOf, rowHeight, timeWidth, totalWidth } from './layout.ts'

/**
 * A call's messages as a ladder. It is a list of buttons, each with its arrow drawn on it: the list is what a screen reader and the
 * keyboard meet, the drawing is what the eye meets. A button opens the message below itself.
 */
export function Ladder({ trace }: { readonly trace: CallTraceShape }) {
  const { t } = useSpeech()
  const [open, setOpen] = useState<number | undefined>(undefined)
  const gap = gapOf(trace)
  const width = totalWidth(trace.columns.length, gap)
  return (
    <div className="card ladder">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="ladder-scroll" tabIndex={0} aria-label={t.call.messages}>
        <div style={{ width }}>
          <div className="ladder-head" aria-hidden="true">
            {trace.columns.map((column, place) => (
              <span key={column.id} style={{ left: columnPlace(place, gap) }} data-own={column.id === 'baton'}>
                {column.label}
              </span>
            ))}
          </div>
          <ol className="ladder-rows">
            {trace.arrows.map((arrow, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: arrow n stands for entry n for good
              <li key={place}>
                <Row
                  arrow={arrow}
                  entry={trace.entries[place]}
                  columns={trace.columns}
                  gap={gap}
                  open={open === place}
                  onToggle={() => setOpen(open === place ? undefined : place)}
                />
              </li>
            ))}
          </ol>
        </div>
      </section>
    </div>
  )
}

interface RowProps {
  readonly arrow: LadderArrowShape
  readonly entry: TraceEntryShape | undefined
  readonly columns: CallTraceShape['columns']
  readonly gap: number
  readonly open: boolean
  readonly onToggle: () => void
}

function Row({ arrow, entry, columns, gap, open, onToggle }: RowProps) {
  const { t, number } = useSpeech()
  const after = arrow.after < 10_000 ? t.unit.ms(number(arrow.after)) : t.unit.s(number(arrow.after / 1000, 1))
  if (arrow.kind === 'note') return <p className="ladder-note">{arrow.label}</p>
  const names = [arrow.from, arrow.to].map((place) => columns[place]?.label ?? '')
  const said = t.call.arrow(after, names[0] ?? '', names[1] ?? '', arrow.label)
  const more = [arrow.repeated ? t.call.again : '', arrow.reason ? `${t.call.reason}: ${arrow.reason}` : '']
  const line = arrowLine(arrow, gap)
  const width = totalWidth(columns.length, gap)
  return (
    <>
      <button
        type="button"
        className="ladder-row"
        data-kind={arrow.kind}
        data-repeated={arrow.repeated}
        aria-expanded={open}
        aria-label={[said, ...more].filter(Boolean).join('. ')}
        title={arrow.reason ? `${t.call.reason}: ${arrow.reason}` : undefined}
        onClick={onToggle}
      >
        <svg width={width} height={rowHeight} aria-hidden="true" focusable="false">
          <text className="ladder-time" x={timeWidth - 8} y={line.y + 4} textAnchor="end">
            {after}
          </text>
          {columns.map((column, place) => (
            <line
              key={column.id}
              className="lifeline"
              data-own={column.id === 'baton'}
              x1={columnPlace(place, gap)}
              x2={columnPlace(place, gap)}
              y1={0}
              y2={rowHeight}
            />
          ))}
          <g className="arrow">
            <line x1={line.x1} x2={line.x2} y1={line.y} y2={line.y} />
            <path d={line.head} />
            <text x={line.labelX} y={line.y - 7} textAnchor="middle">
              {arrow.label}
              {arrow.repeated ? ` ↻ ${t.call.again}` : ''}
              {arrow.reason ? ' ⓘ' : ''}
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
