import { Modal, TextInput } from '@mantine/core'
import { useEffect, useId, useState } from 'react'
import type { Colleague } from '#api/contract.ts'
import { api } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { initials } from '../parts/shell.tsx'
import { numberText } from './party.ts'

export interface TargetAction {
  readonly label: string
  readonly hint?: string
  readonly primary?: boolean
  readonly colleaguesOnly?: boolean
  /** @param to extension or number  @param name what people call it */
  run(to: string, name: string): void | Promise<void>
}

interface Target {
  readonly key: string
  readonly colleague?: true
  readonly to: string
  readonly name: string
  readonly detail: string
  readonly state: 'free' | 'inCall' | 'offline' | 'away' | 'dnd' | ''
}

interface TargetDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly title: string
  /** The first is what Enter does. */
  readonly actions: readonly TargetAction[]
  /** Where else it can go, behind everybody: voicemail. */
  readonly places?: readonly { readonly to: string; readonly name: string }[]
}

const mostShown = 8

/** One list of colleagues, groups, contacts and plain numbers, with who is there. Keyboard: type, arrows, Enter. */
export function TargetDialog({ opened, onClose, title, actions, places = [] }: TargetDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="md"
      closeButtonProps={{ 'aria-label': useWords().form.close }}
    >
      {opened && <TargetList actions={actions} places={places} onClose={onClose} />}
    </Modal>
  )
}

function TargetList({ actions, places, onClose }: Pick<Required<TargetDialogProps>, 'actions' | 'places' | 'onClose'>) {
  const w = useWords()
  const { people, me } = useDesk()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const [found, setFound] = useState<readonly Target[]>([])
  const list = useId()

  useEffect(() => {
    const abort = new AbortController()
    const timer = setTimeout(async () => {
      const q = text.trim()
      const [groups, contacts] = await Promise.all([
        api.groups(abort.signal).catch(() => ({ groups: [] })),
        q.length < 2 ? { contacts: [] } : api.contacts({ q }, abort.signal).catch(() => ({ contacts: [] })),
      ])
      if (abort.signal.aborted) return
      setFound([
        ...groups.groups
          .filter((group) => group.extension !== '')
          .map(
            (group): Target => ({
              key: `g${group.id}`,
              to: group.extension,
              name: group.name,
              detail: group.extension,
              state: '',
            }),
          ),
        ...contacts.contacts.flatMap((contact) =>
          contact.numbers.map(
            ({ number, label }): Target => ({
              key: `c${contact.id}${number}`,
              to: number,
              name: contact.name || contact.company,
              detail: [numberText(number), label].filter(Boolean).join(' · '),
              state: '',
            }),
          ),
        ),
      ])
    }, 180)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [text])

  const wanted = text.trim().toLowerCase()
  const fits = ({ name, to, detail }: Target) => `${name} ${to} ${detail}`.toLowerCase().includes(wanted)
  const colleagues = people.filter((person) => person.id !== me.id && person.extension !== '').map(targetOf)
  const plain = /^[+*#0-9][0-9\s()./*#-]*$/.test(text.trim())
  const targets = [...colleagues, ...found].filter((target) => wanted === '' || fits(target)).slice(0, mostShown)
  for (const { to, name } of places) {
    const target: Target = { key: `s${to}`, to, name, detail: '', state: '' }
    if (wanted === '' || fits(target)) targets.push(target)
  }
  if (plain && !targets.some((target) => target.to === wanted))
    targets.push({
      key: 'plain',
      to: text.trim().replace(/[\s()./-]/g, ''),
      name: w.transfer.to(numberText(text.trim())),
      detail: '',
      state: '',
    })
  const current = targets[Math.min(chosen, targets.length - 1)]

  const run = (action: TargetAction | undefined, target: Target | undefined) => {
    if (!action || !target) return
    onClose()
    void action.run(target.to, target.name)
  }
  return (
    <div className="targets">
      <TextInput
        data-autofocus
        label={w.transfer.search}
        placeholder={w.transfer.placeholder}
        value={text}
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={current ? `${list}-${current.key}` : undefined}
        autoComplete="off"
        onChange={(event) => {
          setText(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, targets.length - 1))
          else if (event.key === 'ArrowUp') setChosen(Math.max(0, chosen - 1))
          else if (event.key === 'Enter') run(actions[0], current)
          else return
          event.preventDefault()
        }}
      />
      {targets.length === 0 && <p className="quiet">{w.transfer.none}</p>}
      <div role="listbox" id={list} aria-label={w.transfer.search} className="target-list">
        {targets.map((target) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard acts through the field above
          <div
            key={target.key}
            id={`${list}-${target.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={target === current}
            className="target"
            onClick={() => setChosen(targets.indexOf(target))}
            onDoubleClick={() => run(actions[0], target)}
          >
            <span className="avatar" aria-hidden="true">
              {target.key === 'plain' ? '#' : initials(target.name)}
            </span>
            <span className="target-name">
              <bdi>{target.name}</bdi> {target.detail && <bdi className="quiet">{target.detail}</bdi>}
            </span>
            {target.state && (
              <span className="target-state" data-state={target.state}>
                {w.transfer[target.state]}
              </span>
            )}
          </div>
        ))}
      </div>
      <div className="dialog-actions">
        {actions.map((action) => (
          <div key={action.label} className="explained">
            <button
              type="button"
              className="button"
              data-kind={action.primary ? 'primary' : undefined}
              disabled={!current || (action.colleaguesOnly && !current.colleague)}
              onClick={() => run(action, current)}
            >
              {action.label}
            </button>
            {action.hint && <p className="quiet">{action.hint}</p>}
          </div>
        ))}
      </div>
    </div>
  )
}

function targetOf(person: Colleague): Target {
  const state =
    person.presence === 'dnd'
      ? 'dnd'
      : person.inCall
        ? 'inCall'
        : !person.reachable
          ? 'offline'
          : person.presence === 'away'
            ? 'away'
            : 'free'
  return {
    key: `p${person.id}`,
    colleague: true,
    to: person.extension,
    name: person.name,
    detail: person.extension,
    state,
  }
}
