import { useState } from 'react'
import { useDesk, useWords } from '../../context.tsx'
import { Greeting } from '../../parts/greeting.tsx'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import { afterMsOf, VoicemailFields, voicemailFormOf } from '../../parts/voicemail-fields.tsx'
import type { SettingsPartProps } from './settings-part.ts'

/** Whether callers may leave messages, when, and what they hear before. */
export function VoicemailPart({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { me } = useDesk()
  const [form, setForm] = useState(() => voicemailFormOf(settings.voicemail))
  const send = () => {
    const afterMs = afterMsOf(form)
    return save({ voicemail: { on: form.on, mail: form.mail, ...(afterMs === null ? {} : { afterMs }) } })
  }
  return (
    <Part title={w.voicemail.settings} intro={w.voicemail.settingsIntro}>
      <SaveForm onSave={send}>
        {(faultOf) => (
          <VoicemailFields
            form={form}
            mail={w.voicemail.mail}
            change={(part) => setForm((before) => ({ ...before, ...part }))}
            faultOf={faultOf}
          />
        )}
      </SaveForm>
      <Greeting mailbox={me.id} title={w.voicemail.greeting} />
    </Part>
  )
}
