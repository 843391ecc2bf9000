import { Modal } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import { faultText } from '../api.ts'
import { useWords } from '../context.tsx'

interface FormDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  /** What the main button says; by default "Save". */
  readonly action?: string
  readonly danger?: boolean
  /** Rejections are shown; what was typed stays. Closes when it resolves. */
  readonly onSave: () => Promise<unknown>
  readonly onRemove?: (() => void) | undefined
  /** The fields; told which field the server complained about. */
  readonly children: ReactNode | ((faultOf: (field: string) => string | undefined) => ReactNode)
}

/** A form in a dialog. Errors say what was wrong beside the field they are about, or at the end. */
export function FormDialog({ opened, onClose, title, action, danger, onSave, onRemove, children }: FormDialogProps) {
  const w = useWords()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<{ field: string | undefined; text: string }>()
  const close = () => {
    setFault(undefined)
    onClose()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    try {
      await onSave()
      close()
    } catch (error) {
      setFault({
        field: error instanceof ApiRefusal ? error.field : undefined,
        text: faultText(error, w.form.unreachable),
      })
    }
    setBusy(false)
  }
  let shownAtField = false
  const faultOf = (field: string) => {
    if (!fault?.field || fault.field.split('.')[0] !== field) return undefined
    shownAtField = true
    return fault.text
  }
  const fields = typeof children === 'function' ? children(faultOf) : children
  return (
    <Modal opened={opened} onClose={close} title={title} size="md" closeButtonProps={{ 'aria-label': w.form.close }}>
      <form onSubmit={submit} className="form">
        {fields}
        <p role="alert" className="fault">
          {fault && !shownAtField ? w.form.failed(fault.text) : ''}
        </p>
        <div className="dialog-actions">
          <button type="submit" className="button" data-kind={danger ? 'danger' : 'primary'} disabled={busy}>
            {action ?? w.form.save}
          </button>
          <button type="button" className="button" onClick={close}>
            {w.form.cancel}
          </button>
          {onRemove && (
            <button type="button" className="button dialog-remove" data-kind="danger-quiet" onClick={onRemove}>
              {w.form.remove}
            </button>
          )}
        </div>
      </form>
    </Modal>
  )
}

/** Asks before something is taken away for good. */
export function SureDialog({
  question,
  onClose,
  onSure,
  action,
}: {
  readonly question: string | undefined
  readonly onClose: () => void
  readonly onSure: () => Promise<unknown>
  readonly action?: string
}) {
  const w = useWords()
  return (
    <FormDialog
      opened={question !== undefined}
      onClose={onClose}
      title={action ?? w.form.remove}
      action={action ?? w.form.remove}
      danger
      onSave={onSure}
    >
      <p>{question}</p>
    </FormDialog>
  )
}
