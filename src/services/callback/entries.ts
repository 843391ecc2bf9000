import type { Directory } from '#directory'
import type { ContactRow } from '#storage'
import type { Asker } from './asker.ts'
import type { Entry, Party } from './understanding/index.ts'

/** Whom somebody who is not of ours may have called. */
export type PublicEntries = 'nobody' | 'groups' | 'groups-and-numbers' | 'everybody'

/**
 * Everybody whom this asker may name: for people of ours all people, groups and the contacts they see; for others what is public, never a
 * contact.
 */
export function entriesFor(
  asker: Pick<Asker, 'person'>,
  directory: Directory,
  contacts: readonly ContactRow[],
  shown: PublicEntries,
): readonly Entry[] {
  const { person } = asker
  const groupsOf = (id: string): string[] =>
    directory
      .groups()
      .filter(({ members }) => members.includes(id))
      .map(({ name }) => name)
  const groups: Entry[] = directory.groups().map(({ id, name, extension }) => ({
    ...{ kind: 'group', id, name, extension, login: '', email: '', within: [], numbers: [] },
  }))
  const queues: Entry[] = directory.queues().map(({ id, name, extension, numbers }) => ({
    ...{ kind: 'queue', id, name, extension, login: '', email: '', within: [] },
    numbers: numbers.map((number) => ({ number, label: '' })),
  }))
  const people: Entry[] = directory.people().map(({ id, name, login, extension, email, numbers }) => ({
    ...{ kind: 'person', id, name, extension, login, email, within: groupsOf(id) },
    numbers: numbers.map((number) => ({ number, label: '' })),
  }))
  if (person) return [...queues, ...groups, ...people, ...contacts.map(entryOfContact)]
  const open =
    shown === 'everybody'
      ? people
      : shown === 'groups-and-numbers'
        ? people.filter(({ numbers }) => numbers.length > 0)
        : []
  // What is inside is nobody's business outside: neither log-ins nor addresses.
  return shown === 'nobody' ? [] : [...queues, ...groups, ...open.map((entry) => ({ ...entry, login: '', email: '' }))]
}

function entryOfContact(row: ContactRow): Entry {
  const numbers = JSON.parse(row.numbers) as Entry['numbers']
  const { id, name, company, email } = row
  return {
    ...{ kind: 'contact', id, name: name || company, extension: '', login: '', email },
    ...{ within: company === '' ? [] : [company], numbers },
  }
}

/**
 * Whom a message is for by the address it was sent to: `sales@…` is the queue, group or person of that name, in this order.
 * @param general local parts that are for nobody in particular
 */
export function addressedTo(address: string, entries: readonly Entry[], general: readonly string[]): Party | undefined {
  const local = address.toLowerCase().split('@')[0]?.split('+')[0] ?? ''
  if (local === '' || general.includes(local)) return undefined
  const named = (entry: Entry): boolean =>
    entry.name.toLowerCase().replaceAll(' ', '.') === local ||
    (entry.login !== '' && entry.login.toLowerCase() === local) ||
    entry.email.toLowerCase() === address.toLowerCase()
  const fitting = entries.filter((entry) => entry.kind !== 'contact' && named(entry))
  const of = (kind: Entry['kind']): readonly Entry[] => fitting.filter((entry) => entry.kind === kind)
  const [first] = [...of('queue'), ...of('group'), ...fitting]
  return first && { kind: first.kind as 'person' | 'group' | 'queue', id: first.id, name: first.name, line: '' }
}
