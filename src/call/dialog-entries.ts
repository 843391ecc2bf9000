import type { Group, Person } from '#directory'
import type { Branch } from './branch.ts'
import type { Call } from './call.ts'
import type { CallSettings } from './core.ts'
import type { DialogEntry, Identity } from './dialog-info-xml.ts'
import type { Leg } from './leg.ts'
import { type Presented, userPart } from './station.ts'

/** Whom somebody watches: a person, or the members of a group. */
export interface WatchedParty {
  readonly id: string
  readonly group: Group | undefined
  has(personId: string): boolean
}

/**
 * The dialogs of a call that a watched party has: one for every station that rings, one for a caller who waits, one for every leg of an
 * answered call. A group has what rings at its members, and of answered calls those that came in on its own number.
 */
export function entriesOf(call: Call, party: WatchedParty, settings: CallSettings): readonly DialogEntry[] {
  if (call.state === 'ended') return []
  const entries: DialogEntry[] = []
  for (const branch of call.ringingBranches) {
    const ids = branch.dialogIds
    if (!branch.live || !ids || branch.station.kind !== 'device' || !party.has(branch.station.person.id)) continue
    entries.push(ofBranch(call, branch, branch.station.person, ids, settings))
  }
  if (party.group && call.plan?.callee.id !== party.id) return entries
  for (const leg of [call.caller, call.callee]) {
    const { person } = leg?.party ?? {}
    if (!leg || !person || !party.has(person.id) || (party.group && leg.role === 'caller')) continue
    const entry = leg.dialog ? ofLeg(call, leg, person, settings) : ofWaiting(call, leg, person, settings)
    if (entry) entries.push(entry)
  }
  return entries
}

function ofBranch(
  call: Call,
  branch: Branch,
  person: Person,
  ids: { readonly callId: string; readonly localTag: string },
  settings: CallSettings,
): DialogEntry {
  return {
    callId: ids.callId,
    localTag: branch.remoteTag,
    remoteTag: ids.localTag,
    direction: 'recipient',
    state: branch.state === 'ringing' ? 'early' : 'trying',
    ...ends(person, shown(branch.presented ?? call.from.presented, settings), settings),
  }
}

/** A caller whose INVITE waits for its answer. */
function ofWaiting(call: Call, leg: Leg, person: Person, settings: CallSettings): DialogEntry | undefined {
  const waiting = leg === call.caller ? call.waiting : undefined
  return (
    waiting && {
      callId: waiting.callId,
      localTag: waiting.remoteTag,
      remoteTag: waiting.localTag,
      direction: 'initiator',
      state: waiting.early ? 'early' : 'trying',
      ...ends(person, calledBy(call, settings), settings),
    }
  )
}

function ofLeg(call: Call, leg: Leg, person: Person, settings: CallSettings): DialogEntry | undefined {
  const { dialog, role } = leg
  if (!dialog || dialog.ended) return undefined
  return {
    callId: dialog.callId,
    localTag: dialog.remoteTag,
    remoteTag: dialog.localTag,
    direction: role === 'caller' ? 'initiator' : 'recipient',
    state: 'confirmed',
    ...ends(person, otherEnd(call, leg, settings), settings),
  }
}

function ends(
  person: Person,
  remote: Identity,
  settings: CallSettings,
): Pick<DialogEntry, 'local' | 'remote' | 'target'> {
  const user = person.extension || person.login
  const uri = (text: string) => `sip:${userPart(text)}@${settings.domain}`
  return { local: { display: person.name, uri: uri(user) }, remote, target: uri(settings.pickupCode + user) }
}

/** As the stations are shown it: a hidden caller stays hidden. */
function shown({ number, name, hidden }: Presented, settings: CallSettings): Identity {
  if (hidden) return { display: 'Anonymous', uri: 'sip:anonymous@anonymous.invalid' }
  return { display: name, uri: `sip:${userPart(number)}@${settings.domain}` }
}

function calledBy(call: Call, settings: CallSettings): Identity {
  const { number = '', name = '' } = call.plan?.callee ?? {}
  return { display: name, uri: `sip:${userPart(number || call.dialled)}@${settings.domain}` }
}

/** Who is at the other end of an answered leg: after a transfer somebody else than who began the call or was called. */
function otherEnd(call: Call, leg: Leg, settings: CallSettings): Identity {
  const other = leg === call.caller ? call.callee : call.caller
  if (!other) return leg === call.caller ? calledBy(call, settings) : shown(call.from.presented, settings)
  const { person, station, hidden = false } = other.party
  if (station === call.from.station) return shown(call.from.presented, settings)
  const number = person ? person.extension || person.login : station
  return shown({ ...call.from.presented, number, name: person?.name ?? '', hidden }, settings)
}
