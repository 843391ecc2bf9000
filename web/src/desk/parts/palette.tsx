import { Modal } from '@mantine/core'
import {
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
  type SpotlightFilterFunction,
} from '@mantine/spotlight'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useLive } from '../../api/live.ts'
import { NewCallDialog } from '../calls/new-call.tsx'
import { numberText, whoCalls } from '../calls/party.ts'
import { usePickUp } from '../calls/pick-up.tsx'
import { takeable } from '../calls/pickup-model.ts'
import { activeCards, ringingCards } from '../calls/ring-model.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone, usePhone } from '../phone/hub.ts'
import { logOut } from '../session.ts'
import { matching } from './palette-list.ts'
import { openPalette, palette, paletteStore, takeHeld } from './palette-state.ts'
import { changePresence } from './shell.tsx'
import { Sign, type SignName } from './sign.tsx'
import { singleKeysOn, useSingleKeys } from './single-keys.ts'
import { type DeskPage, goTo } from './use-desk-route.ts'

/** Ctrl-K: calls, people, pages and acts in one list; a number that is typed can be called. And `?`, the sheet of keys. */
export function Palette() {
  const w = useWords()
  const { me, people } = useDesk()
  const { calls } = useLive()
  const { calls: sessions } = usePhone()
  const pickUp = usePickUp()
  const [query, setQuery] = useState('')
  const [field, setField] = useState<HTMLInputElement | null>(null)
  const [sheet, setSheet] = useState(false)
  const [dialling, setDialling] = useState(false)

  useSingleKeys({ '?': () => setSheet(true), '/': openPalette, n: () => setDialling(true) })

  const action = (
    id: string,
    label: string,
    sign: SignName,
    run: () => void,
    description?: string,
  ): SpotlightActionData => ({
    id,
    label,
    ...(description ? { description } : {}),
    leftSection: <Sign name={sign} size={20} />,
    onClick: run,
  })
  const acts: SpotlightActionData[] = []
  for (const { key, call, session } of ringingCards(calls.values(), sessions, me.id)) {
    const who = whoCalls(
      { name: call?.caller.name || session?.name || '', number: call?.caller.number || session?.number || '' },
      w,
    )
    if (session)
      acts.push(
        action(`answer-${key}`, `${w.incoming.answer}: ${who}`, 'phone', () =>
          phone.send({ do: 'answer', call: session.id }),
        ),
      )
  }
  for (const call of takeable(calls.values(), me.id)) {
    const about = w.pickup.about(whoCalls(call.caller, w), call.callee.name || numberText(call.callee.number))
    acts.push(action(`pick-up-${call.id}`, `${w.pickup.button}: ${about}`, 'phone', () => void pickUp(call)))
  }
  for (const { key, session } of activeCards(calls, sessions)) {
    const who = whoCalls(session, w)
    acts.push(
      action(`mute-${key}`, `${session.muted ? w.active.unmute : w.active.mute}: ${who}`, 'mute', () =>
        phone.send({ do: 'mute', call: session.id, on: !session.muted }),
      ),
      action(`hold-${key}`, `${session.held ? w.active.resume : w.active.hold}: ${who}`, 'hold', () =>
        phone.send({ do: 'hold', call: session.id, on: !session.held }),
      ),
      action(`hangup-${key}`, `${w.active.hangUp}: ${who}`, 'hangup', () =>
        phone.send({ do: 'hangup', call: session.id }),
      ),
    )
  }
  const always = [
    action('new-call', w.home.newCall, 'plus', () => setDialling(true)),
    ...(['available', 'away', 'dnd'] as const)
      .filter((presence) => presence !== me.settings.presence)
      .map((presence) =>
        action(
          `presence-${presence}`,
          w.presence[presence],
          presence === 'available' ? 'check' : presence,
          () => void changePresence(presence),
          w.presence.title,
        ),
      ),
    action('have-called', w.callbacks.ask, 'callbacks', () => goTo('callbacks', 'new')),
    action('shortcuts', w.palette.shortcuts, 'keypad', () => setSheet(true), '?'),
    action('log-out', w.logOut, 'close', () => void logOut()),
  ]
  const pages: [DeskPage, SignName][] = [
    ['calls', 'phone'],
    ['history', 'history'],
    ['charges', 'charges'],
    ['callbacks', 'callbacks'],
    ['contacts', 'contacts'],
    ['devices', 'devices'],
    ['settings', 'settings'],
  ]
  if (me.role === 'administrator')
    pages.push(
      ['people', 'people'],
      ['groups', 'groups'],
      ['queues', 'history'],
      ['numbers', 'numbers'],
      ['trunks', 'trunks'],
    )
  const dial = (text: string): SpotlightActionData[] => {
    const number = /^[+*#0-9][0-9\s()./*#-]*$/.test(text.trim()) ? text.trim().replace(/[\s()./-]/g, '') : ''
    if (!number) return []
    return [
      action('dial', w.palette.call(numberText(number)), 'phone', () => phone.send({ do: 'dial', to: number }), text),
    ]
  }
  const groupsFor = (text: string): SpotlightActionGroupData[] => [
    { group: w.palette.act, actions: [...acts, ...dial(text), ...always] },
    {
      group: w.palette.peopleGroup,
      actions: people
        .filter((person) => person.id !== me.id && person.extension !== '')
        .map((person) =>
          action(
            `call-${person.id}`,
            w.palette.call(person.name),
            'contacts',
            () => phone.send({ do: 'dial', to: person.extension }),
            person.extension,
          ),
        ),
    },
    {
      group: w.palette.go,
      actions: pages.map(([page, sign]) => action(`go-${page}`, w.pages[page], sign, () => goTo(page))),
    },
  ]

  /** Enter does what the text finds, also when the list that is drawn is still that of an earlier text. */
  const enter = (text: string, event?: KeyboardEvent<HTMLInputElement>) => {
    const drawn =
      event && text === query && event.currentTarget.closest('[role=dialog]')?.querySelector('[data-selected]')
    if (drawn) return
    event?.preventDefault()
    event?.stopPropagation()
    const first = text.trim() ? matching(text, groupsFor(text))[0]?.actions[0] : undefined
    if (!first) return
    palette.close()
    first.onClick?.(undefined as never)
  }
  const latestEnter = useRef(enter)
  latestEnter.current = enter
  useEffect(() => {
    if (!field) return
    field.focus()
    const { text, enter: entered } = takeHeld()
    if (text) setQuery(text)
    if (entered) latestEnter.current(text)
  }, [field])

  return (
    <>
      <Spotlight
        store={paletteStore}
        attributes={{ content: { 'aria-label': w.palette.open } }}
        actions={groupsFor(query)}
        filter={matching as SpotlightFilterFunction}
        query={query}
        onQueryChange={setQuery}
        transitionProps={{ duration: 0 }}
        shortcut={null}
        nothingFound={w.palette.none}
        highlightQuery
        scrollable
        maxHeight={420}
        lockScroll={false}
        searchProps={{
          ref: setField,
          onKeyDownCapture: (event) => {
            if (event.key === 'Enter' && !event.nativeEvent.isComposing) enter(event.currentTarget.value, event)
          },
          placeholder: w.palette.placeholder,
          'aria-label': w.palette.placeholder,
          leftSection: <Sign name="search" size={20} />,
        }}
      />
      <NewCallDialog opened={dialling} onClose={() => setDialling(false)} />
      <ShortcutSheet opened={sheet} onClose={() => setSheet(false)} />
    </>
  )
}

function ShortcutSheet({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const w = useWords()
  const keys: readonly (readonly [string, string])[] = [
    ['Ctrl K', w.shortcuts.palette],
    ['?', w.shortcuts.sheet],
    ['A', w.shortcuts.answer],
    ['V', w.shortcuts.video],
    ['D', w.shortcuts.decline],
    ['O', w.shortcuts.answerOn],
    ['T', w.shortcuts.sendTo],
    ['S', w.shortcuts.hush],
    ['P', w.shortcuts.pickUp],
    ['C', w.shortcuts.card],
    ['M', w.shortcuts.mute],
    ['H', w.shortcuts.hold],
    ['K', w.shortcuts.keypad],
    ['T', w.shortcuts.transfer],
    ['X', w.shortcuts.hangUp],
    ['N', w.shortcuts.newCall],
  ]
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={w.shortcuts.title}
      closeButtonProps={{ 'aria-label': w.form.close }}
    >
      {!singleKeysOn() && <p className="hint">{w.shortcuts.off}</p>}
      <dl className="sheet">
        {keys.map(([key, what]) => (
          <div key={key + what}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
