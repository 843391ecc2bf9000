import type { Directory, Person } from './types.ts'

/** What a watcher sees of somebody's calls: `state` leaves out who is at the other end. */
export type Sight = 'all' | 'state' | 'none'

/**
 * What a person may see of the calls of a person or group (a BLF key): everything of their own, of those who share a group with them, and of
 * everybody as a supervisor or administrator.
 * @param watched the person or group, by id
 */
export function sightOf(directory: Pick<Directory, 'groups'>, watcher: Person, watched: string): Sight {
  if (watcher.role !== 'person' || watcher.id === watched) return 'all'
  const together = directory
    .groups()
    .some(({ id, members }) => members.includes(watcher.id) && (id === watched || members.includes(watched)))
  return together ? 'all' : 'none'
}
