import { mayPickUp } from './pickup.ts'
import type { Directory, Person } from './types.ts'

/** What a watcher sees of somebody's calls: `state` leaves out who is at the other end. */
export type Sight = 'all' | 'state' | 'none'

/**
 * What a person may see of the calls of a person or group (a BLF key): everything where they might pick up, which includes their own, and
 * supervisors and administrators; that there is a call, where they share a group; else nothing.
 * @param watched the person or group, by id
 */
export function sightOf(directory: Pick<Directory, 'groups'>, watcher: Person, watched: string): Sight {
  if (mayPickUp(directory, watcher, watched)) return 'all'
  const together = directory
    .groups()
    .some(({ id, members }) => members.includes(watcher.id) && (id === watched || members.includes(watched)))
  return together ? 'state' : 'none'
}
