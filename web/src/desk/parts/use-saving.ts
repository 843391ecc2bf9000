import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import { faultText } from '../api.ts'
import { useWords } from '../context.tsx'

/** What the server said about a field (`forward.busy`) or anything inside it; nothing when it said nothing, or it is shown already. */
export type FaultOf = (field: string) => string | undefined

/**
 * Sends a form and keeps what the server says about it. `faultOf` is asked by the fields while they are drawn; what none of them asked
 * for is left for `rest`. The keyboard goes to the first field with a fault.
 * @param onSave rejects with what was wrong
 */
export function useSaving(onSave: () => Promise<unknown>, onSaved?: () => void) {
  const w = useWords()
  const form = useRef<HTMLFormElement>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<{ readonly field: string; readonly text: string }>()

  useEffect(() => {
    if (fault) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [fault])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    try {
      await onSave()
      onSaved?.()
    } catch (error) {
      const field = error instanceof ApiRefusal ? (error.field ?? '') : ''
      setFault({ field, text: faultText(error, w.form.unreachable) })
    }
    setBusy(false)
  }
  let shown = false
  const faultOf: FaultOf = (field) => {
    if (!fault || shown || (fault.field !== field && !fault.field.startsWith(`${field}.`))) return undefined
    shown = true
    return fault.text
  }
  /** To be read after the fields were drawn. */
  const rest = () => (fault && !shown ? w.form.failed(fault.text) : '')
  return { form, busy, submit, faultOf, rest, forget: () => setFault(undefined) }
}
