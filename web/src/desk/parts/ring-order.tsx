import { NumberInput, SegmentedControl } from '@mantine/core'
import { type MouseEvent, useId, useState } from 'react'
import type { GroupShape } from '#api/contract.ts'
import { useWords } from '../context.tsx'
import { Sign } from './sign.tsx'
import type { FaultOf } from './use-saving.ts'

type RingPlan = GroupShape['ring']

type RingTimes = Pick<RingPlan, 'mode' | 'ringMs' | 'stepMs'>

/** How a form keeps a ring plan: seconds as they are typed. */
export interface RingForm {
  readonly mode: RingPlan['mode']
  readonly order: readonly string[]
  readonly ringSeconds: number | string
  readonly stepSeconds: number | string
}

export function ringFormOf({ mode, order, ringMs, stepMs }: RingTimes & Pick<RingForm, 'order'>): RingForm {
  return { mode, order, ringSeconds: ringMs / 1000, stepSeconds: stepMs / 1000 }
}

const ms = (seconds: number | string) => Math.round(Number(seconds) * 1000)

/** What the server is told. @param entries who can ring now; others are left out of the order */
export function ringPlanOf({ mode, order, ringSeconds, stepSeconds }: RingForm, entries: readonly RingEntry[]) {
  const kept = mode === 'order' ? inOrder(order, entries).map(({ key }) => key) : []
  return { mode, order: kept, ringMs: ms(ringSeconds), stepMs: ms(stepSeconds) }
}

/** Somebody or something that rings: `key` is what the order names it by. */
export interface RingEntry {
  readonly key: string
  readonly name: string
}

/** The entries in the order that was set; those without a place come last. */
function inOrder(order: readonly string[], entries: readonly RingEntry[]): readonly RingEntry[] {
  const place = ({ key }: RingEntry) => (order.includes(key) ? order.indexOf(key) : order.length)
  return [...entries].sort((a, b) => place(a) - place(b))
}

interface RingOrderProps {
  readonly form: RingForm
  readonly entries: readonly RingEntry[]
  readonly label: string
  readonly change: (part: Partial<RingForm>) => void
  readonly faultOf: FaultOf
}

/** All together, or one after the other in an order that arrows change. */
export function RingOrder({ form, entries, label, change, faultOf }: RingOrderProps) {
  const w = useWords()
  const head = useId()
  const listed = inOrder(form.order, entries)
  const [moved, setMoved] = useState('')
  const swap = (event: MouseEvent<HTMLButtonElement>, place: number, other: number) => {
    const keys = listed.map(({ key }) => key)
    const [key, neighbour] = [keys[place], keys[other]]
    if (key === undefined || neighbour === undefined) return
    keys[place] = neighbour
    keys[other] = key
    change({ order: keys })
    setMoved(w.ring.moved(listed[place]?.name ?? '', other + 1))
    // A button that moves in the page would lose the keyboard.
    const button = event.currentTarget
    requestAnimationFrame(() => button.focus())
  }
  const seconds = { required: true, min: 1, max: 600, hideControls: true }
  const orderFault = faultOf('ring.order')
  return (
    <>
      <div>
        <p className="mantine-InputWrapper-label" id={head}>
          {label}
        </p>
        <SegmentedControl
          aria-labelledby={head}
          value={form.mode}
          data={[
            { value: 'all', label: w.ring.all },
            { value: 'order', label: w.ring.order },
          ]}
          onChange={(mode) => change({ mode: mode as RingPlan['mode'] })}
        />
      </div>
      {form.mode === 'order' && (
        <ol className="ring-order" aria-label={w.ring.orderOf}>
          {listed.map(({ key, name }, place) => (
            <li key={key}>
              <bdi>{name}</bdi>
              <button
                type="button"
                className="icon-button"
                aria-label={w.ring.earlier(name)}
                title={w.ring.earlier(name)}
                aria-disabled={place === 0}
                onClick={(event) => swap(event, place, place - 1)}
              >
                <Sign name="up" size={18} />
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={w.ring.later(name)}
                title={w.ring.later(name)}
                aria-disabled={place === listed.length - 1}
                onClick={(event) => swap(event, place, place + 1)}
              >
                <Sign name="down" size={18} />
              </button>
            </li>
          ))}
        </ol>
      )}
      <p role="status" className="unseen">
        {moved}
      </p>
      {orderFault && (
        <p role="alert" className="fault">
          {orderFault}
        </p>
      )}
      {form.mode === 'order' ? (
        <NumberInput
          {...seconds}
          label={w.ring.stepFor}
          value={form.stepSeconds}
          error={faultOf('ring.stepMs')}
          onChange={(stepSeconds) => change({ stepSeconds })}
        />
      ) : (
        <NumberInput
          {...seconds}
          label={w.ring.ringFor}
          value={form.ringSeconds}
          error={faultOf('ring.ringMs')}
          onChange={(ringSeconds) => change({ ringSeconds })}
        />
      )}
    </>
  )
}
