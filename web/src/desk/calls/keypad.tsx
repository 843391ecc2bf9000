import { useEffect, useRef } from 'react'
import { useWords } from '../context.tsx'

const keys = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
] as const

interface KeypadProps {
  readonly tones: string
  readonly onTone: (tone: string) => void
  readonly onClose: () => void
}

/** Tones by click or by typing while it has the focus; Escape closes it. */
export function Keypad({ tones, onTone, onClose }: KeypadProps) {
  const w = useWords()
  const pad = useRef<HTMLFieldSetElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    pad.current?.focus()
    return () => before?.focus()
  }, [])
  return (
    <fieldset
      ref={pad}
      className="keypad"
      tabIndex={-1}
      onKeyDown={(event) => {
        if (/^[0-9*#]$/.test(event.key)) onTone(event.key)
        else if (event.key === 'Escape') onClose()
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      <legend className="unseen">{w.active.keypad}</legend>
      <p className="tones" role="status">
        <span className="unseen">{w.active.tones}: </span>
        {tones || <span className="quiet">{w.active.tonesHint}</span>}
      </p>
      <div className="keys">
        {keys.map(([key, letters]) => (
          <button key={key} type="button" aria-label={key} onClick={() => onTone(key)}>
            <span>{key}</span>
            <small aria-hidden="true">{letters}</small>
          </button>
        ))}
      </div>
    </fieldset>
  )
}
