import type { ReactNode } from 'react'
import type { BranchShape, CallShape } from '#api/contract.ts'
import { useSpeech } from '../i18n/index.ts'
import { Icon } from '../parts/icon.tsx'
import { clockText, useNow } from '../parts/use-now.ts'
import { callAddress } from '../parts/use-route.ts'
import { branchText, numberText, partyText, stateOf } from '../parts/words.ts'

interface CallCardProps {
  readonly call: CallShape
  /** Its messages may be read. */
  readonly link?: boolean
  /** What can be done with it. */
  readonly children?: ReactNode
}

/** One live call; the whole card leads to its messages. */
export function CallCard({ call, link = true, children }: CallCardProps) {
  const { t } = useSpeech()
  return (
    <li className="card call" data-state={stateOf(call)}>
      {link ? (
        <a className="call-link" href={callAddress(call.id)} title={t.live.open}>
          <CallLine call={call} />
        </a>
      ) : (
        <p className="call-plain">
          <CallLine call={call} />
        </p>
      )}
      <Branches branches={call.branches} />
      {children}
    </li>
  )
}

/** Who calls whom, the state in words, and for how long. */
export function CallLine({ call }: { readonly call: CallShape }) {
  const { t } = useSpeech()
  const state = stateOf(call)
  const now = useNow(call.state !== 'ended')
  const since = call.answeredAt ?? call.startedAt
  return (
    <>
      <span className="parties">
        {call.callerHidden ? <span className="party-name">{t.somebody}</span> : <Party party={call.caller} />}
        <Icon name="arrow" />
        <span className="unseen">{t.to}</span>
        <Party party={call.callee} />
      </span>
      <span className="call-state">
        <span className="state" data-state={state}>
          <Icon name={state} />
          {t.state[state]}
        </span>
        <span className="timer">{clockText(now - since)}</span>
        {call.trunk && <span className="quiet">{t.live.from(call.trunk)}</span>}
      </span>
    </>
  )
}

function Party({ party }: { readonly party: CallShape['caller'] }) {
  const { t } = useSpeech()
  return (
    <span className="party">
      <bdi className="party-name">{partyText(party, t)}</bdi>{' '}
      {party.name && party.number && <bdi className="party-number">{numberText(party.number)}</bdi>}
    </span>
  )
}

const branchIcon = { calling: 'calling', ringing: 'ringing', answered: 'answered', ended: 'ended' } as const

/** The stations that a call rings or rang. */
export function Branches({ branches }: { readonly branches: readonly BranchShape[] }) {
  const { t } = useSpeech()
  if (branches.length === 0) return null
  return (
    <ul className="branches" aria-label={t.branches}>
      {branches.map((branch, place) => (
        // A station may be rung twice in one call; its place is what tells the two apart.
        // biome-ignore lint/suspicious/noArrayIndexKey: branches are only ever appended
        <li key={place} className="branch" data-state={branch.state}>
          <Icon name={branchIcon[branch.state]} />
          <bdi>{branch.station}</bdi> <span className="quiet">{branchText(branch, t)}</span>
        </li>
      ))}
    </ul>
  )
}
