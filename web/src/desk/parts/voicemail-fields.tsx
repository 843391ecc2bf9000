import { NumberInput, Switch } from '@mantine/core'
import type { PersonalSettings } from '#api/contract.ts'
import { useWords } from '../context.tsx'
import { inputsOf } from './inputs.ts'
import type { FaultOf } from './use-saving.ts'

/** How a form keeps whether callers may leave messages: seconds as they are typed. */
export interface VoicemailForm {
  readonly on: boolean
  readonly after: number | string
  readonly mail: boolean
}

export function voicemailFormOf({ on, afterMs, mail }: PersonalSettings['voicemail']): VoicemailForm {
  return { on, after: afterMs === undefined ? '' : afterMs / 1000, mail }
}

/** What the server is told; `null`: after the whole ringing time. */
export function afterMsOf({ after }: VoicemailForm): number | null {
  return after === '' ? null : Math.round(Number(after) * 1000)
}

interface VoicemailFieldsProps {
  readonly form: VoicemailForm
  readonly mail: string
  readonly change: (part: Partial<VoicemailForm>) => void
  readonly faultOf: FaultOf
}

/** Whether callers may leave messages, when, and whether these are mailed. */
export function VoicemailFields({ form, mail, change, faultOf }: VoicemailFieldsProps) {
  const w = useWords()
  const inputs = inputsOf(form, change, faultOf)
  return (
    <>
      <Switch label={w.voicemail.on} {...inputs.onOff('on')} />
      <NumberInput
        label={w.voicemail.after}
        description={w.voicemail.afterHint}
        min={1}
        max={600}
        disabled={!form.on}
        {...inputs.number('after', 'voicemail.afterMs')}
      />
      <Switch label={mail} disabled={!form.on} {...inputs.onOff('mail')} />
    </>
  )
}
