import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { useWords } from '../context.tsx'
import { type FaultOf, useSaving } from './use-saving.ts'

interface FormDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  /** What the main button says; by default "Save". */
  readonly action?: string
  readonly danger?: boolean
  /** What is said of a fault that belongs to no field; by default "Not saved". */
  readonly failed?: (why: string) => string
  /** Rejections are shown; what was typed stays. Closes when it resolves. */
  readonly onSave: () => Promise<unknown>
  readonly onRemove?: (() => void) | undefined
  /** The fields; told which field the server complained about. */
  readonly children: ReactNode | ((faultOf: FaultOf) => ReactNode)
}

/** A form in a dialog. Errors say what was wrong beside the field they are about, or at the end. */
export function FormDialog({
  opened,
  onClose,
  title,
  action,
  danger,
  failed,
  onSave,
  onRemove,
  children,
}: FormDialogProps) {
  const w = useWords()
  const close = () => {
    forget()
    onClose()
  }
  const { form, busy, submit, faultOf, rest, forget } = useSaving(onSave, close, failed)
  const fields = typeof children === 'function' ? children(faultOf) : children
  return (
    <Modal opened={opened} onClose={close} title={title} size="md" closeButtonProps={{ 'aria-label': w.form.close }}>
      <form ref={form} onSubmit={submit} className="form">
        {fields}
        <p role="alert" className="fault">
          {rest()}
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

interface SureDialogProps {
  readonly question: string | undefined
  readonly onClose: () => void
  readonly onSure: () => Promise<unknown>
  readonly action?: string
}

/** Asks before something is taken away for good. */
export function SureDialog({ question, onClose, onSure, action }: SureDialogProps) {
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
