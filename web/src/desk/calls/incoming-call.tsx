import { Menu } from '@mantine/core'
import { useEffect, useId, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import type { CallCard, DeviceShape } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { clockText } from '../../parts/use-now.ts'
import { causeText } from '../../parts/words.ts'
import { api, faultText } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { say, sayTrouble } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useSingleKeys } from '../parts/single-keys.ts'
import { phone } from '../phone/hub.ts'
import { useOpen } from './dock.tsx'
import { numberText, whoCalls } from './party.ts'
import type { RingingCard } from './ring-model.ts'
import { TargetDialog } from './target-dialog.tsx'

interface IncomingProps {
  readonly card: RingingCard
  /** Single keys act on the first card. */
  readonly first: boolean
  /** Another call goes on. */
  readonly waiting: boolean
}

/** A call that rings: who, everything known about them, and the choices. */
export function IncomingCall({ card, first, waiting }: IncomingProps) {
  const w = useWords()
  const { devices } = useDesk()
  const late = useLater(card.key, noPhoneMs)
  const { call, session } = card
  const known = useCard(call?.id)
  const [busy, setBusy] = useState('')
  const [menu, setMenu] = useState(false)
  const [sending, openSending, closeSending] = useOpen()
  const title = useId()
  const about = useId()
  const element = useRef<HTMLDivElement>(null)

  const party = {
    name: known?.party.name || call?.caller.name || session?.name || '',
    number: known?.party.number || call?.caller.number || session?.number || '',
  }
  const who = whoCalls(party, w)

  // Only whoever does nothing else is taken to the card; somebody who types stays where they are.
  useEffect(() => {
    if (document.activeElement === document.body && !document.querySelector('[aria-modal=true]'))
      element.current?.focus({ preventScroll: true })
  }, [])

  const act = async (name: string, what: () => Promise<unknown>, done: string) => {
    setBusy(name)
    try {
      await what()
      if (done) say(done)
    } catch (error) {
      const faster = error instanceof ApiRefusal && error.status === 409
      sayTrouble(faster ? w.incoming.faster : w.incoming.failed(faultText(error, w.incoming.unreachable)))
    }
    setBusy('')
  }
  const answering = (video: boolean) =>
    session &&
    (() => {
      phone.goAvailable()
      phone.send({ do: 'answer', call: session.id, video })
    })
  const answer = answering(false)
  const answerVideo = session?.video === 'offered' ? answering(true) : undefined
  const decline = () => {
    if (call) void act('decline', () => api.decline(call.id), '')
    else if (session) phone.send({ do: 'decline', call: session.id })
  }
  const answerOn = (device: DeviceShape) => {
    if (call) void act('answer-on', () => api.answerOn(call.id, device.id), w.incoming.answeringOn(device.name))
  }
  const others = devices.filter((device) => device.kind !== 'desk' && device.bindings.length > 0)

  useSingleKeys(
    first ? { a: answer, v: answerVideo, d: decline, o: call && (() => setMenu(true)), t: call && openSending } : {},
  )

  return (
    <div
      ref={element}
      role="alertdialog"
      aria-modal="false"
      aria-labelledby={title}
      aria-describedby={about}
      tabIndex={-1}
      className="card incoming"
    >
      <h2 id={title} className="unseen" aria-live="assertive">
        {w.incoming.label(who)}
      </h2>
      <div className="incoming-head">
        <span className="ring-mark" aria-hidden="true">
          <Sign name="phone" size={24} />
        </span>
        <div id={about} className="incoming-who">
          <p className="incoming-name">
            <bdi>{who}</bdi>
          </p>
          <p className="incoming-line">
            {party.name && party.number && <bdi className="number">{numberText(party.number)}</bdi>}
            {known?.party.company && <bdi className="company">{known.party.company}</bdi>}
          </p>
          <p className="quiet">{calledText(known, w) || w.incoming.calls}</p>
        </div>
        <button
          type="button"
          className="icon-button"
          aria-label={w.incoming.hush}
          title={`${w.incoming.hush} (${w.incoming.key('S')})`}
          onClick={() => phone.send({ do: 'hush' })}
        >
          <Sign name="weak" size={18} />
        </button>
      </div>
      {known && <Background card={known} />}
      {!known && call && <div className="skeleton line-skeleton" aria-hidden="true" />}
      {waiting && <p className="quiet">{w.incoming.holdsOther}</p>}
      {!session && late && <p className="quiet">{w.incoming.noPhone}</p>}
      <div className="incoming-actions">
        <button
          type="button"
          className="button"
          data-kind="primary"
          disabled={!answer}
          aria-keyshortcuts={first ? 'A' : undefined}
          onClick={answer}
        >
          <Sign name="phone" /> {w.incoming.answer}
        </button>
        <button
          type="button"
          className="button"
          data-kind="danger"
          disabled={busy === 'decline'}
          aria-keyshortcuts={first ? 'D' : undefined}
          onClick={decline}
        >
          <Sign name="hangup" /> {w.incoming.decline}
        </button>
        {answerVideo && (
          <button
            type="button"
            className="button answer-video"
            aria-keyshortcuts={first ? 'V' : undefined}
            onClick={answerVideo}
          >
            <Sign name="camera" /> {w.incoming.answerVideo}
          </button>
        )}
        <Menu opened={menu} onChange={setMenu} position="top" shadow="md" width={260} returnFocus>
          <Menu.Target>
            <button type="button" className="button" disabled={!call || busy === 'answer-on'}>
              <Sign name="devices" /> {w.incoming.answerOn}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{w.station.intro}</Menu.Label>
            {others.length === 0 && <Menu.Item disabled>{w.incoming.noDevice}</Menu.Item>}
            {others.map((device) => (
              <Menu.Item key={device.id} leftSection={<Sign name="phone" />} onClick={() => answerOn(device)}>
                {device.name}
                <span className="menu-hint">{w.devices.kinds[device.kind]}</span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <button type="button" className="button" disabled={!call} onClick={openSending}>
          <Sign name="transfer" /> {w.incoming.sendTo}
        </button>
      </div>
      {call && (
        <TargetDialog
          opened={sending}
          onClose={closeSending}
          title={w.transfer.sendTitle}
          places={[{ to: 'voicemail', name: w.voicemail.place }]}
          actions={[
            {
              label: w.transfer.send,
              primary: true,
              run: (to, name) => act('send', () => api.divert(call.id, to), w.incoming.diverted(name)),
            },
          ]}
        />
      )}
    </div>
  )
}

/** The server's word may come before the browser's own INVITE; only after this it is worth saying that none came. */
const noPhoneMs = 2500

/** True some time after the key was new. */
function useLater(key: string, ms: number): boolean {
  const [passed, setPassed] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setPassed(key), ms)
    return () => clearTimeout(timer)
  }, [key, ms])
  return passed === key
}

/** Reads the card once; without it the call's own words stand. */
function useCard(id: string | undefined): CallCard | undefined {
  const [card, setCard] = useState<CallCard>()
  useEffect(() => {
    if (!id) return
    const abort = new AbortController()
    const read = (triesLeft: number) => {
      api.card(id, abort.signal).then(setCard, () => {
        if (triesLeft > 0 && !abort.signal.aborted) setTimeout(() => read(triesLeft - 1), 1000)
      })
    }
    read(3)
    return () => abort.abort()
  }, [id])
  return card
}

function calledText(card: CallCard | undefined, w: ReturnType<typeof useWords>): string {
  if (!card) return ''
  const { kind, name, number } = card.called
  if (kind === 'group') return w.incoming.to(w.incoming.group(name || number))
  return number ? w.incoming.to(numberText(number)) : ''
}

/** Why the server makes this call. */
function requestedText(
  { channel, note, mine }: NonNullable<CallCard['requested']>,
  w: ReturnType<typeof useWords>,
): string {
  if (channel === 'queue') return w.incoming.keptPlace(note)
  return mine ? w.incoming.requestedByMe : w.incoming.requested
}

/** What is known: why it rings, standing remark, newest notes, and how earlier calls went. */
function Background({ card }: { readonly card: CallCard }) {
  const w = useWords()
  const { t, dayAndTime } = useSpeech()
  return (
    <div className="background">
      {card.requested && (
        <p className="remark">
          {requestedText(card.requested, w)}
          {card.requested.note && card.requested.channel !== 'queue' && (
            <>
              {': '}
              <bdi>{card.requested.note}</bdi>
            </>
          )}
        </p>
      )}
      {card.contact?.remark && <p className="remark">{card.contact.remark}</p>}
      {card.notes.length > 0 && (
        <>
          <h3>{w.incoming.notes}</h3>
          <ul className="plain">
            {card.notes.slice(0, 2).map((note) => (
              <li key={note.id} className="note">
                <bdi>{note.text}</bdi>
                <span className="quiet">
                  {note.author} · {dayAndTime(note.at)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {card.pastCalls.length === 0 ? (
        <p className="quiet">{w.incoming.noPast}</p>
      ) : (
        <>
          <h3>{w.incoming.past}</h3>
          <ul className="plain">
            {card.pastCalls.slice(0, 3).map((record) => (
              <li key={record.id} className="past">
                <span>{dayAndTime(record.startedAt)}</span>
                <span className="quiet">
                  {causeText(record.cause, t)}
                  {record.answeredAt !== null &&
                    record.endedAt !== null &&
                    ` · ${clockText(record.endedAt - record.answeredAt)}`}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
