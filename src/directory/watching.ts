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

/**
 * {@link sightOf} for everybody at once: who sees something of a call that rings these people and groups. Supervisors and administrators,
 * who see everything, are left out unless a group names them.
 * @param called people and groups, by id
 */
export function watchersOf(
  directory: Pick<Directory, 'groups'>,
  called: readonly string[],
): ReadonlyMap<string, Exclude<Sight, 'none'>> {
  const found = new Map<string, Exclude<Sight, 'none'>>()
  if (called.length === 0) return found
  const groups = directory.groups()
  const meant = groups.filter(({ id, members }) => called.includes(id) || called.some((one) => members.includes(one)))
  for (const { members } of meant) for (const id of members) found.set(id, 'state')
  for (const { members, pickup } of meant) {
    if (pickup.members) for (const id of members) found.set(id, 'all')
    for (const by of pickup.by)
      for (const id of groups.find((group) => group.id === by)?.members ?? [by]) found.set(id, 'all')
  }
  for (const id of called) found.set(id, 'all')
  return found
}
