import { FileButton } from '@mantine/core'
import { useState } from 'react'
import { api, ask, faultText } from '../api.ts'
import { useWords } from '../context.tsx'
import { say } from './say.ts'
import { Sign } from './sign.tsx'
import { useList } from './use-list.ts'

interface GreetingProps {
  /** A person's or group's id. */
  readonly mailbox: string
  readonly title: string
  /** Whether it stands by itself on its page. */
  readonly alone?: boolean
}

/** What callers of a mailbox hear before they leave a message: it can be heard, replaced at once, and taken away again. */
export function Greeting({ mailbox, title, alone = false }: GreetingProps) {
  const w = useWords()
  const path = { id: mailbox }
  const { value, reload } = useList((signal) => ask('GET /api/v1/mailboxes/{id}', { path, signal }), mailbox)
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  // Another recording at the same address is read anew.
  const [version, setVersion] = useState(0)
  const recorded = value?.greeting === 'recorded'
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
    setVersion((before) => before + 1)
    reload()
  }
  const upload = (file: File | null) => {
    if (file) void run(async () => api.putGreeting(mailbox, await base64Of(file)), w.voicemail.greetingSaved)
  }
  return (
    <section className="greeting" aria-label={title}>
      {alone ? <h2>{title}</h2> : <h3>{title}</h3>}
      <p className="quiet">{recorded ? w.voicemail.greetingRecorded : w.voicemail.greetingSpoken}</p>
      {recorded && (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written down what is said
        <audio
          key={version}
          controls
          preload="none"
          src={`/api/v1/mailboxes/${encodeURIComponent(mailbox)}/greeting`}
          aria-label={title}
        />
      )}
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
        {recorded && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={() => void run(() => api.resetGreeting(mailbox), w.voicemail.greetingReset)}
          >
            {w.voicemail.reset}
          </button>
        )}
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
