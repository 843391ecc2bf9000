import { Popover } from '@mantine/core'
import { useEffect, useState } from 'react'
import { clockText } from '../../parts/use-now.ts'
import { callAddress } from '../../parts/use-route.ts'
import { useWords } from '../context.tsx'
import { Sign, type SignName } from '../parts/sign.tsx'
import { useSingleKeys } from '../parts/single-keys.ts'
import { phone, useLevel } from '../phone/hub.ts'
import { useAwake, useMediaKeys } from './call-effects.ts'
import { CallPictures } from './call-pictures.tsx'
import { Control } from './control.tsx'
import { DevicePickers } from './device-pickers.tsx'
import { useOpen } from './dock.tsx'
import { Keypad } from './keypad.tsx'
import { numberText, whoCalls } from './party.ts'
import type { ActiveCard } from './ring-model.ts'
import { TargetDialog } from './target-dialog.tsx'

interface ActiveProps {
  readonly card: ActiveCard
  readonly all: readonly ActiveCard[]
  /** The one that single keys act on. */
  readonly main: boolean
}

const qualitySymbol: Readonly<Record<string, SignName>> = {
  good: 'speaker',
  fair: 'speaker',
  poor: 'weak',
  silent: 'weak',
}

/** A call that goes on, with everything one does in a call. */
export function ActiveCall({ card, all, main }: ActiveProps) {
  const w = useWords()
  const { session, call } = card
  const { id } = session
  const [keypad, setKeypad] = useState(false)
  const [transferring, openTransfer, closeTransfer] = useOpen()
  const party = partyOf(card)
  const who = whoCalls(party, w)
  const first = all.find((other) => other.key === session.asksFor)
  const firstName = first ? whoCalls(partyOf(first), w) : ''
  const talking = session.state === 'talking'
  const mayVideo = talking && !session.held
  const video = mayVideo && (session.video === 'on' || session.video === 'off')
  const toggleVideo = () => phone.send({ do: 'video', call: id, on: session.video !== 'on' })
  useMediaKeys(main, id, session.muted)
  useAwake(main && talking)

  useSingleKeys(
    main
      ? {
          k: talking ? () => setKeypad(!keypad) : undefined,
          t: talking ? openTransfer : undefined,
          v: mayVideo ? toggleVideo : undefined,
          x: () => phone.send({ do: 'hangup', call: id }),
        }
      : {},
  )

  const state = session.held
    ? w.active.held
    : session.heldByThem
      ? w.active.heldByThem
      : talking
        ? w.active.talking
        : session.state === 'calling'
          ? w.active.calling
          : w.active.connecting
  return (
    <article className="card active" tabIndex={-1} aria-label={who} data-held={session.held}>
      <div className="active-head">
        <div className="active-who">
          <p className="active-name">
            <bdi>{who}</bdi>
          </p>
          <p className="quiet">
            {party.name && <bdi className="number">{numberText(party.number)}</bdi>} <span>{state}</span>
          </p>
        </div>
        <Timer since={session.answeredAt ?? session.startedAt} running={session.answeredAt !== undefined} />
      </div>
      {first && (
        <div className="asking">
          <p className="quiet">{w.active.asks(who)}</p>
          <div className="asking-actions">
            <button
              type="button"
              className="button"
              data-kind="primary"
              disabled={!talking}
              onClick={() => phone.send({ do: 'complete', call: id })}
            >
              {w.active.complete(firstName, who)}
            </button>
            <button type="button" className="button" onClick={() => phone.send({ do: 'hangup', call: id })}>
              {w.active.back(firstName)}
            </button>
          </div>
        </div>
      )}
      {video && <CallPictures call={id} who={who} showsOwn={session.video === 'on'} />}
      <p className="quality" role="status" data-quality={session.reconnecting ? 'silent' : session.quality}>
        {session.reconnecting
          ? w.active.reconnecting
          : talking &&
            session.quality &&
            !session.held &&
            !session.heldByThem && (
              <>
                <Sign name={qualitySymbol[session.quality] ?? 'speaker'} /> {w.quality[session.quality]}
              </>
            )}
      </p>
      {main && talking && !session.held && <Level muted={session.muted} />}
      <div className="active-actions">
        <Control
          symbol={session.muted ? 'mute' : 'microphone'}
          label={session.muted ? w.active.unmute : w.active.mute}
          keyName="M"
          pressed={session.muted}
          disabled={!talking}
          onClick={() => phone.send({ do: 'mute', call: id, on: !session.muted })}
        />
        <Control
          symbol={session.held ? 'resume' : 'hold'}
          label={session.held ? w.active.resume : w.active.hold}
          keyName="H"
          pressed={session.held}
          disabled={!talking}
          onClick={() => phone.send({ do: 'hold', call: id, on: !session.held })}
        />
        <Control
          symbol="keypad"
          label={w.active.keypad}
          keyName="K"
          pressed={keypad}
          disabled={!talking}
          onClick={() => setKeypad(!keypad)}
        />
        <Control symbol="transfer" label={w.active.transfer} keyName="T" disabled={!talking} onClick={openTransfer} />
        {mayVideo && (
          <Control
            symbol={session.video === 'on' ? 'cameraOff' : 'camera'}
            label={session.video === 'on' ? w.active.stopVideo : w.active.startVideo}
            keyName="V"
            onClick={toggleVideo}
          />
        )}
        <Popover position="top" width={300} shadow="md" withinPortal trapFocus returnFocus>
          <Popover.Target>
            <button type="button" className="control">
              <Sign name="speaker" size={20} />
              <span>{w.active.devices}</span>
            </button>
          </Popover.Target>
          <Popover.Dropdown aria-label={w.active.devices}>
            <DevicePickers inCall />
          </Popover.Dropdown>
        </Popover>
        <Control
          symbol="hangup"
          label={talking ? w.active.hangUp : w.active.cancel}
          keyName="X"
          danger
          onClick={() => phone.send({ do: 'hangup', call: id })}
        />
      </div>
      {keypad && talking && (
        <Keypad
          tones={session.tones}
          onTone={(tone) => phone.send({ do: 'tone', call: id, tone })}
          onClose={() => setKeypad(false)}
        />
      )}
      {call && (
        <a className="quiet active-more" href={callAddress(call.id)}>
          {w.active.showMessages}
        </a>
      )}
      <TargetDialog
        opened={transferring}
        onClose={closeTransfer}
        title={w.transfer.title}
        actions={[
          {
            label: w.transfer.askFirst,
            hint: w.transfer.askHint,
            primary: true,
            run: (to) => phone.send({ do: 'ask', call: id, to }),
          },
          { label: w.transfer.send, hint: w.transfer.sendHint, run: (to) => phone.send({ do: 'send', call: id, to }) },
        ]}
      />
    </article>
  )
}

function partyOf({ session, call }: ActiveCard): { name: string; number: string } {
  const comesIn = session.direction === 'in' || session.takesFrom !== undefined
  const other = call && (comesIn ? call.caller : call.callee)
  return { name: other?.name || session.name, number: other?.number || session.number }
}

function Timer({ since, running }: { readonly since: number; readonly running: boolean }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return <span className="timer active-timer">{running ? clockText(Date.now() - since) : ''}</span>
}

/** Own loudness; whoever speaks while muted is told so. */
function Level({ muted }: { readonly muted: boolean }) {
  const w = useWords()
  const level = useLevel()
  const [warned, setWarned] = useState(false)
  const loud = muted && level > 0.45
  useEffect(() => {
    if (!muted) setWarned(false)
    else if (loud) setWarned(true)
  }, [muted, loud])
  return (
    <div className="level-row">
      <meter className="level" data-muted={muted} aria-label={w.active.level} min={0} max={1} value={level} />
      <p role="status" className="muted-note" data-loud={loud}>
        {muted && warned ? w.active.mutedSpeaking : ''}
      </p>
    </div>
  )
}
