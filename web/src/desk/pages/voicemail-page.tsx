import { NativeSelect } from '@mantine/core'
import { useRef, useState } from 'react'
import type { VoicemailMessage } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { useSpeech } from '../../i18n/index.ts'
import { clockText } from '../../parts/use-now.ts'
import { partyText } from '../../parts/words.ts'
import { api, ask, faultText } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useDesk, useWords } from '../context.tsx'
import { SureDialog } from '../parts/form-dialog.tsx'
import { Greeting } from '../parts/greeting.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say, sayTrouble } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'
import { phone } from '../phone/hub.ts'

/** Messages that callers left for me and my groups, newest first. */
export function VoicemailPage() {
  const w = useWords()
  const { t } = useSpeech()
  const { voicemailCode } = useDesk()
  const { messages: changes } = useLive()
  const [shown, setShown] = useState(30)
  const [mailbox, setMailbox] = useState('')
  const mailboxes = useMailboxes(String(changes))
  const only = mailboxes.some(({ id }) => id === mailbox) ? { mailbox } : {}
  const key = `${changes} ${shown} ${only.mailbox}`
  const { value, failed, reload } = useList((signal) => api.voicemail({ limit: shown, ...only }, signal), key)
  const [removing, setRemoving] = useState<VoicemailMessage>()
  return (
    <div className="page">
      <PageHead title={w.voicemail.title} intro={w.voicemail.intro(voicemailCode)} />
      <p className="unseen" role="status">
        {value && value.fresh > 0 ? w.voicemail.waiting(value.fresh) : ''}
      </p>
      {mailboxes.length > 1 && (
        <NativeSelect
          className="mailboxes"
          label={w.voicemail.whose}
          data={[
            { value: '', label: w.voicemail.allMailboxes },
            ...mailboxes.map(({ id, name, fresh }) => ({ value: id, label: w.voicemail.mailbox(name, fresh) })),
          ]}
          value={only.mailbox ?? ''}
          onChange={(event) => setMailbox(event.currentTarget.value)}
        />
      )}
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={4} />}
      {value?.messages.length === 0 && <Empty title={w.voicemail.empty} hint={w.voicemail.emptyHint} />}
      {value && value.messages.length > 0 && (
        <ul className="card rows" aria-label={w.voicemail.title}>
          {value.messages.map((message) => (
            <Message key={message.id} message={message} onRemove={() => setRemoving(message)} onChanged={reload} />
          ))}
        </ul>
      )}
      {value?.next && shown < 200 && (
        <button type="button" className="button" onClick={() => setShown(Math.min(200, shown + 30))}>
          {w.form.more}
        </button>
      )}
      {mailboxes
        .filter(({ id, kind }) => id === only.mailbox && kind === 'group')
        .map(({ id, name }) => (
          <div key={id} className="card greeting-card">
            <Greeting alone mailbox={id} title={w.voicemail.greetingOf(name)} />
          </div>
        ))}
      <SureDialog
        question={removing && w.voicemail.sure(partyText(removing.caller, t))}
        action={w.voicemail.remove}
        onClose={() => setRemoving(undefined)}
        onSure={async () => {
          if (removing) await api.removeMessage(removing.id)
          say(w.voicemail.removed)
          reload()
        }}
      />
    </div>
  )
}

/** Those that take messages or hold some; what is always empty is not shown. */
function useMailboxes(changes: string) {
  const { value } = useList((signal) => ask('GET /api/v1/mailboxes', { signal }), changes)
  const all = value?.mailboxes ?? []
  return all.filter(({ kind, on, fresh, heard }) => kind === 'person' || on || fresh + heard > 0)
}

interface MessageProps {
  readonly message: VoicemailMessage
  readonly onRemove: () => void
  readonly onChanged: () => void
}

function Message({ message, onRemove, onChanged }: MessageProps) {
  const w = useWords()
  const { t, dayAndTime } = useSpeech()
  const { id, caller, mailbox, at, ms, heardAt, partial } = message
  const who = partyText(caller, t)
  const told = useRef(false)
  const mark = (heard: boolean) =>
    api.hearMessage(id, heard).then(onChanged, (error: unknown) => {
      told.current = false
      sayTrouble(w.form.failed(faultText(error, w.form.unreachable)))
    })
  const played = () => {
    if (heardAt !== null || told.current) return
    told.current = true
    void mark(true)
  }
  const number = caller.number === 'anonymous' ? '' : caller.number
  const callBack = w.history.callBack(who)
  return (
    <li className="row voice-message" data-fresh={heardAt === null}>
      <div className="row-main">
        <p>
          <strong>
            <bdi>{who}</bdi>
          </strong>{' '}
          {heardAt === null && <span className="tag">{w.voicemail.fresh}</span>}
        </p>
        <p className="quiet">
          {caller.name && number && (
            <>
              <bdi className="number">{numberText(number)}</bdi>
              {' · '}
            </>
          )}
          <time dateTime={new Date(at).toISOString()}>{dayAndTime(at)}</time>
          {' · '}
          <span className="number">{clockText(ms)}</span>
          {mailbox.kind === 'group' && ` · ${w.voicemail.toGroup(mailbox.name)}`}
        </p>
        {partial && <p className="quiet">{w.voicemail.partial}</p>}
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
      <audio
        controls
        preload="none"
        src={`/api/v1/voicemail/${encodeURIComponent(id)}/audio`}
        aria-label={w.voicemail.play(who)}
        onPlay={played}
      />
      <div className="voice-message-acts">
        {number !== '' && (
          <button
            type="button"
            className="icon-button"
            aria-label={callBack}
            title={callBack}
            onClick={() => phone.send({ do: 'dial', to: number })}
          >
            <Sign name="phone" size={18} />
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={heardAt === null ? w.voicemail.heard : w.voicemail.unheard}
          title={heardAt === null ? w.voicemail.heard : w.voicemail.unheard}
          onClick={() => {
            told.current = heardAt === null
            void mark(heardAt === null)
          }}
        >
          <Sign name={heardAt === null ? 'check' : 'bell'} size={18} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={w.voicemail.remove}
          title={w.voicemail.remove}
          onClick={onRemove}
        >
          <Sign name="bin" size={18} />
        </button>
      </div>
    </li>
  )
}
