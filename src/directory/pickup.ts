import type { Directory, Group, Person } from './types.ts'

/**
 * Whether a person may take a call that rings somebody: their own always; a colleague's or a group's where a group of theirs allows it;
 * everybody's for supervisors and administrators.
 * @param called the person or group that rings, by id
 */
export function mayPickUp(directory: Pick<Directory, 'groups'>, picker: Person, called: string): boolean {
  if (picker.role !== 'person' || picker.id === called) return true
  const groups = directory.groups()
  return groups.some((group) => {
    const meant = group.id === called || group.members.includes(called)
    return meant && opens(group, picker, groups)
  })
}

/** Whether a person may take anybody's calls at all but their own. */
export function picksUp(directory: Pick<Directory, 'groups'>, picker: Person): boolean {
  const groups = directory.groups()
  return picker.role !== 'person' || groups.some((group) => opens(group, picker, groups))
}

function opens({ pickup, members }: Group, picker: Person, groups: readonly Group[]): boolean {
  if (pickup.members && members.includes(picker.id)) return true
  return pickup.by.some(
    (id) => id === picker.id || groups.some((group) => group.id === id && group.members.includes(picker.id)),
  )
}
