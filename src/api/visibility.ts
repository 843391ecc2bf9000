import type { CallView } from '#call'
import type { Directory, Person } from '#directory'
import type { RecordRow } from '#storage'

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

/** Whether a person without further rights may see a live call. */
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
