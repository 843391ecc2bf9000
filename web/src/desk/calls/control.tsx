import { Sign, type SignName } from '../parts/sign.tsx'

interface ControlProps {
  readonly symbol: SignName
  readonly label: string
  readonly keyName: string
  readonly pressed?: boolean
  readonly danger?: boolean
  readonly disabled?: boolean
  readonly onClick: () => void
}

/** One of the things one does in a call. */
export function Control({ symbol, label, keyName, pressed, danger, disabled, onClick }: ControlProps) {
  return (
    <button
      type="button"
      className="control"
      data-kind={danger ? 'danger' : undefined}
      data-on={pressed === true}
      disabled={disabled}
      aria-keyshortcuts={keyName}
      title={`${label} (${keyName})`}
      onClick={onClick}
    >
      <Sign name={symbol} size={20} />
      <span>{label}</span>
    </button>
  )
}
