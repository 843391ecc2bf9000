import { createHash } from 'node:crypto'
import type { OutboxRow } from '#storage'
import type { AskerNumber } from './asker.ts'
import type { Decision } from './decide.ts'
import type { StoredCaller } from './notices.ts'
import type { Party } from './understanding/index.ts'

/** A request that can be made. */
export type Scheduled = Decision & { kind: 'schedule' }

/** What a decision says about the request's row. */
export function changesOf({ called, caller, draft, target, opensAt = 0 }: Scheduled, now: number) {
  const theirs: StoredCaller = { ...caller.party, ...(caller.own ? { own: true } : {}) }
  return {
    ...{ called: JSON.stringify(called.party), caller: JSON.stringify(theirs), keys: draft.keys, askedAt: draft.at },
    ...{ dueAt: Math.max(draft.at ?? now, now, opensAt), questions: '[]', target },
  }
}

/** What can be shown of a request before everything is said. */
export function shownOf({ open, called, caller }: Decision & { kind: 'ask' }) {
  const theirs = caller && { ...caller.party, ...(caller.own ? { own: true } : {}) }
  return {
    ...{ called: called ? JSON.stringify(called.party) : nameless(open.draft.called), askedAt: open.draft.at },
    ...{ caller: theirs ? JSON.stringify(theirs) : nameless(open.draft.caller), keys: open.draft.keys },
  }
}

export function numberOf({ caller, draft }: Scheduled): AskerNumber | undefined {
  const { own } = caller
  if (!own || caller.personId !== '') return undefined
  return { ...own, label: draft.callerLabel ?? own.label }
}

export function nameless(party: Party | undefined): string {
  const name = party && 'name' in party ? party.name : ''
  return JSON.stringify({ dial: '', name })
}

export function renamed(notice: OutboxRow, id: string): OutboxRow {
  return { ...notice, id, body: JSON.stringify({ ...(JSON.parse(notice.body) as object), messageId: id }) }
}

export function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
