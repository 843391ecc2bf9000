import { NativeSelect, Select, TextInput } from '@mantine/core'
import { useWords } from '../context.tsx'

/** Where a queue sends callers: nowhere (they hear why), somebody who is dialled, or a mailbox. */
export interface TargetForm {
  readonly kind: 'hear' | 'dial' | 'voicemail'
  readonly dial: string
  readonly mailbox: string
}

const prefix = 'voicemail:'

export function targetFormOf(to: string): TargetForm {
  if (to.startsWith(prefix)) return { kind: 'voicemail', dial: '', mailbox: to.slice(prefix.length) }
  return { kind: to === '' ? 'hear' : 'dial', dial: to, mailbox: '' }
}

/** What the server is told. */
export function targetOf({ kind, dial, mailbox }: TargetForm): string {
  return kind === 'hear' ? '' : kind === 'dial' ? dial : `${prefix}${mailbox}`
}

interface QueueTargetProps {
  readonly label: string
  /** What callers hear where they are sent nowhere. */
  readonly hear: string
  readonly form: TargetForm
  readonly error: string | undefined
  readonly mailboxes: readonly { readonly id: string; readonly name: string }[]
  readonly change: (form: TargetForm) => void
}

/** A choice, and beside it whom the choice is about. */
export function QueueTarget({ label, hear, form, error, mailboxes, change }: QueueTargetProps) {
  const w = useWords()
  return (
    <div className="form-two">
      <NativeSelect
        label={label}
        data={[
          { value: 'hear', label: hear },
          { value: 'dial', label: w.queues.toDial },
          { value: 'voicemail', label: w.queues.toVoicemail },
        ]}
        value={form.kind}
        error={form.kind === 'hear' ? error : undefined}
        onChange={(event) => change({ ...form, kind: event.currentTarget.value as TargetForm['kind'] })}
      />
      {form.kind === 'dial' && (
        <TextInput
          required
          label={w.queues.dialled}
          value={form.dial}
          error={error}
          onChange={(event) => change({ ...form, dial: event.currentTarget.value })}
        />
      )}
      {form.kind === 'voicemail' && (
        <Select
          required
          searchable
          label={w.queues.mailbox}
          data={mailboxes.map(({ id, name }) => ({ value: id, label: name }))}
          value={form.mailbox}
          error={error}
          onChange={(mailbox) => change({ ...form, mailbox: mailbox ?? '' })}
        />
      )}
    </div>
  )
}
