import type { Colleague } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { api } from '../api.ts'
import { RingingBadge } from '../calls/pick-up.tsx'
import { ringingAt } from '../calls/pickup-model.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { initials } from './shell.tsx'
import { Sign } from './sign.tsx'
import { useList } from './use-list.ts'

/** More than these are found by the search. */
const mostShown = 12

/** Those who share a group with me: who rings, who talks, who is free. Nothing without a group. */
export function Colleagues() {
  const w = useWords()
  const { me, people } = useDesk()
  const { calls } = useLive()
  const { value } = useList((signal) => api.groups(signal))
  const together = new Set(
    value?.groups.filter(({ members }) => members.includes(me.id)).flatMap(({ members }) => members),
  )
  const rings = (id: string) => (ringingAt(calls.values(), id) ? 0 : 1)
  const shown = people
    .filter(({ id }) => id !== me.id && together.has(id))
    .sort((a, b) => rings(a.id) - rings(b.id) || a.name.localeCompare(b.name))
    .slice(0, mostShown)
  if (shown.length === 0) return null
  return (
    <section aria-labelledby="colleagues-title">
      <div className="section-head">
        <h2 id="colleagues-title">{w.home.colleagues}</h2>
      </div>
      <ul className="card rows" aria-labelledby="colleagues-title">
        {shown.map((person) => (
          <ColleagueRow key={person.id} person={person} />
        ))}
      </ul>
    </section>
  )
}

function ColleagueRow({ person }: { readonly person: Colleague }) {
  const w = useWords()
  const call = w.palette.call(person.name)
  return (
    <li className="row">
      <span className="avatar" aria-hidden="true">
        {initials(person.name)}
      </span>
      <div className="row-main">
        <strong>
          <bdi>{person.name}</bdi>
        </strong>
        <p className="quiet number">{person.extension}</p>
      </div>
      <ColleagueState person={person} />
      {person.extension !== '' && (
        <button
          type="button"
          className="icon-button"
          aria-label={call}
          title={call}
          onClick={() => phone.send({ do: 'dial', to: person.extension })}
        >
          <Sign name="phone" size={18} />
        </button>
      )}
    </li>
  )
}

/** How a colleague can be reached; while their phone rings, who calls, and the button to take it where I may. */
export function ColleagueState({ person }: { readonly person: Colleague }) {
  const w = useWords()
  const { calls } = useLive()
  const ringing = ringingAt(calls.values(), person.id)
  if (ringing) return <RingingBadge call={ringing} />
  const state = stateOf(person)
  return (
    <span className="target-state" data-state={state}>
      {w.transfer[state]}
    </span>
  )
}

function stateOf(person: Colleague): 'dnd' | 'inCall' | 'offline' | 'away' | 'free' {
  if (person.presence === 'dnd') return 'dnd'
  if (person.inCall) return 'inCall'
  if (!person.reachable) return 'offline'
  return person.presence === 'away' ? 'away' : 'free'
}
