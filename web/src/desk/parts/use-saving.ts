import { type FormEvent, useEffect, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import { faultText } from '../api.ts'
import { useWords } from '../context.tsx'

interface Fault {
  /** As the server names the field. */
  readonly named: string
  readonly field: string
  readonly text: string
}

/** Beside its field the sentence need not begin with the field's name. */
function atField({ named, text }: Fault): string {
  const said = text.startsWith(named) ? text.slice(named.length).replace(/^:?\s+/, '') : text
  return said.charAt(0).toUpperCase() + said.slice(1)
}

/** What the server said about a field (`forward.busy`) or anything inside it; nothing when it said nothing, or it is shown already. */
export type FaultOf = (field: string) => string | undefined

/**
 * Sends a form and keeps what the server says about it. `faultOf` is asked by the fields while they are drawn; what none of them asked
 * for is left for `rest`. The keyboard goes to the first field with a fault.
 * @param onSave rejects with what was wrong
 */
export function useSaving(onSave: () => Promise<unknown>, onSaved?: () => void, failed?: (why: string) => string) {
  const w = useWords()
  const form = useRef<HTMLFormElement>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Fault>()

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
      // The directory calls what a trunk can be set to `settings.`; to the page it is all one form.
      const named = error instanceof ApiRefusal ? (error.field ?? '') : ''
      setFault({ named, field: named.replace(/^settings\./, ''), text: faultText(error, w.form.unreachable) })
    }
    setBusy(false)
  }
  let shown = false
  const faultOf: FaultOf = (field) => {
    if (!fault || shown || (fault.field !== field && !fault.field.startsWith(`${field}.`))) return undefined
    shown = true
    return atField(fault)
  }
  /** To be read after the fields were drawn. */
  const rest = () => (fault && !shown ? (failed ?? w.form.failed)(fault.text) : '')
  return { form, busy, submit, faultOf, rest, forget: () => setFault(undefined) }
}
