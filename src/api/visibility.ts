import type { CallView } from '#call'
import { type Directory, mayPickUp, type Person, sightOf, watchersOf } from '#directory'
import type { RecordRow } from '#storage'

/** What somebody sees of a live call. `take`: everything, and may pick it up; `all`: everything; `state`: all but who calls. */
export type CallSight = 'take' | 'all' | 'state'

const hidden = { number: '', name: '', personId: '' }

/** The view as it is told, without its readonly marks; JSON leaves out what is undefined. */
export function shape({ rings: _rings, ...view }: CallView, sight: CallSight = 'all') {
  const callerHidden = sight === 'state'
  return {
    ...view,
    caller: { ...(callerHidden ? hidden : view.caller) },
    callee: { ...view.callee },
    trunk: callerHidden ? '' : view.trunk,
    branches: view.branches.map((b) => ({ ...b })),
    mayPickUp: sight === 'take',
    callerHidden,
  }
}

/** People whose call this is: both sides, those whose stations ring or rang, and the members of the group that was called. */
export function peopleOf(view: CallView, directory: Pick<Directory, 'groupById'> | undefined): ReadonlySet<string> {
  const people = new Set<string>()
  const add = (id: string) => {
    if (id !== '') people.add(id)
  }
  add(view.caller.personId)
  for (const branch of view.branches) add(branch.personId)
  const group = view.callee.personId === '' ? undefined : directory?.groupById(view.callee.personId)
  if (group) for (const member of group.members) people.add(member)
  else add(view.callee.personId)
  return people
}

/** What everybody without further rights sees of a live call, by person; whoever is missing sees nothing. */
export function sightsOf(
  view: CallView,
  directory: Pick<Directory, 'groupById' | 'groups'> | undefined,
): ReadonlyMap<string, CallSight> {
  const sights = new Map<string, CallSight>()
  if (directory)
    for (const [id, sight] of watchersOf(directory, view.rings)) sights.set(id, sight === 'all' ? 'take' : 'state')
  for (const id of peopleOf(view, directory)) if (sights.get(id) !== 'take') sights.set(id, 'all')
  if (view.caller.personId !== '') sights.set(view.caller.personId, 'all')
  return sights
}

/** What one person sees of a live call; `undefined`: nothing. */
export function callSightOf(
  view: CallView,
  person: Person,
  directory: Pick<Directory, 'groupById' | 'groups'>,
): CallSight | undefined {
  if (view.caller.personId === person.id) return 'all'
  if (view.rings.some((id) => mayPickUp(directory, person, id))) return 'take'
  if (person.role !== 'person' || isTheirs(view, person, directory)) return 'all'
  return view.rings.some((id) => sightOf(directory, person, id) === 'state') ? 'state' : undefined
}

/** Whether a live call is a person's own, so that they may do more with it than pick it up. */
export function isTheirs(view: CallView, person: Person, directory: Pick<Directory, 'groupById'>): boolean {
  if (view.caller.personId === person.id || view.callee.personId === person.id) return true
  if (view.branches.some((branch) => branch.personId === person.id)) return true
  const group = view.callee.personId === '' ? undefined : directory.groupById(view.callee.personId)
  return group?.members.includes(person.id) ?? false
}

/** Whether a person had a part in a call that is over. */
export function tookPart(row: RecordRow, personId: string): boolean {
  if (row.callerId === personId || row.calleeId === personId || row.answeredById === personId) return true
  try {
    const branches: unknown = JSON.parse(row.branches)
    return (
      Array.isArray(branches) && branches.some((branch: { personId?: unknown } | null) => branch?.personId === personId)
    )
  } catch {
    return false
  }
}
