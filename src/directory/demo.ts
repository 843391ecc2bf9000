import type { Accounts } from './accounts.ts'
import { digestSecrets } from './secrets.ts'
import { demoNumbers } from './trunks.ts'
import type { Directory, DirectoryAdmin } from './types.ts'

const people = [
  { login: 'alice', name: 'Alice', extension: '101' },
  { login: 'bob', name: 'Bob', extension: '102' },
  { login: 'carol', name: 'Carol', extension: '103' },
  { login: 'dave', name: 'Dave', extension: '104' },
  { login: 'admin', name: 'Administrator', extension: '', role: 'administrator' },
] as const

const front = ['alice', 'bob', 'carol'].map(idOf)

function idOf(login: string): string {
  return `demo-${login}`
}

/** The password of a demo person: everybody knows it, so these people are served on loopback only. */
export function demoPassword(login: string): string {
  return `${login}-demo`
}

/**
 * Puts the demo organisation into an empty directory: alice 101, bob 102, carol 103, dave 104 with a phone and a number each,
 * `admin`, the group `front` (200) and the demo trunk. The trunk comes last and marks the end: once it is there nothing is
 * touched, so changes outlive a restart. With `accounts`, demo people without a password for the desk are given theirs.
 */
export async function seedDemo(directory: Directory & DirectoryAdmin, accounts?: Accounts): Promise<void> {
  await seedOrganisation(directory)
  for (const { login } of accounts ? people : []) {
    const person = directory.personById(idOf(login))
    if (person?.login === login && !accounts?.hasPassword(person.id))
      await accounts?.setPassword(person.id, demoPassword(login))
  }
}

async function seedOrganisation(directory: Directory & DirectoryAdmin): Promise<void> {
  if (directory.trunkById('demo')) return
  const numbers = new Set(directory.numbers().map((row) => row.number))
  for (const [index, { login, ...rest }] of people.entries()) {
    if (directory.personByLogin(login)) continue
    const person = await directory.putPerson({ id: idOf(login), login, ...rest })
    const device = await directory.putDevice({
      id: `${person.id}-phone`,
      personId: person.id,
      name: 'phone',
      username: login,
    })
    await directory.setDevicePassword(device.id, demoPassword(login))
    const number = demoNumbers[index]
    if (number !== undefined && !numbers.has(number)) {
      await directory.putNumber({ number, targetKind: 'person', targetId: person.id })
    }
  }
  if (!directory.groupById('demo-front')) {
    const members = front.filter((id) => directory.personById(id))
    await directory.putGroup({ id: 'demo-front', name: 'front', extension: '200', members })
  }
  await directory.putTrunk({ id: 'demo', name: 'demo', settings: { sources: ['127.0.0.1'], demo: true, healthMs: 0 } })
}

/** Whether the desk still takes a demo password; see {@link hasDemoPeople}. */
export async function hasDemoPasswords(directory: Directory, accounts: Accounts): Promise<boolean> {
  for (const { login } of people) {
    const person = directory.personByLogin(login)
    if (person && accounts.hasPassword(person.id) && (await accounts.checkPassword(person.id, demoPassword(login))))
      return true
  }
  return false
}

/** Whether somebody can still log in with a demo password: such people must not be served beyond loopback. */
export function hasDemoPeople(directory: Directory, domain = 'baton.local'): boolean {
  return people.some(({ login }) => {
    const secrets = directory.secretsOf(login)
    return secrets !== undefined && secrets.ha1Md5 === digestSecrets(login, domain, demoPassword(login)).ha1Md5
  })
}
