import { FileButton, NumberInput, Switch } from '@mantine/core'
import { useState } from 'react'
import { api, faultText } from '../../api.ts'
import { useWords } from '../../context.tsx'
import { inputsOf } from '../../parts/inputs.ts'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import { say } from '../../parts/say.ts'
import { Sign } from '../../parts/sign.tsx'
import type { SettingsPartProps } from './settings-part.ts'

/** Whether callers may leave messages, when, and what they hear before. */
export function VoicemailPart({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { on, afterMs, mail } = settings.voicemail
  const [form, setForm] = useState<{ on: boolean; after: number | string; mail: boolean }>({
    on,
    after: afterMs === undefined ? '' : afterMs / 1000,
    mail,
  })
  const send = () => {
    const after = form.after === '' ? {} : { afterMs: Math.round(Number(form.after) * 1000) }
    return save({ voicemail: { on: form.on, mail: form.mail, ...after } })
  }
  return (
    <Part title={w.voicemail.settings} intro={w.voicemail.settingsIntro}>
      <SaveForm onSave={send}>
        {(faultOf) => {
          const inputs = inputsOf(form, (part) => setForm((before) => ({ ...before, ...part })), faultOf)
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
              <Switch label={w.voicemail.mail} disabled={!form.on} {...inputs.onOff('mail')} />
            </>
          )
        }}
      </SaveForm>
      <Greeting />
    </Part>
  )
}

/** My own recording: put in place at once, and taken away again. */
function Greeting() {
  const w = useWords()
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const run = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true)
    setFault('')
    try {
      await work()
      say(done)
    } catch (error) {
      setFault(w.form.failed(faultText(error, w.form.unreachable)))
    }
    setBusy(false)
  }
  const upload = (file: File | null) => {
    if (file) void run(async () => api.putGreeting(await base64Of(file)), w.voicemail.greetingSaved)
  }
  return (
    <section className="greeting" aria-label={w.voicemail.greeting}>
      <h3>{w.voicemail.greeting}</h3>
      <p className="quiet">{w.voicemail.greetingHint}</p>
      <p role="alert" className="fault">
        {fault}
      </p>
      <div className="dialog-actions">
        <FileButton accept="audio/wav,audio/x-wav,.wav" onChange={upload}>
          {(props) => (
            <button type="button" className="button" disabled={busy} {...props}>
              <Sign name="upload" /> {w.voicemail.upload}
            </button>
          )}
        </FileButton>
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() => void run(() => api.resetGreeting(), w.voicemail.greetingReset)}
        >
          {w.voicemail.reset}
        </button>
      </div>
    </section>
  )
}

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
