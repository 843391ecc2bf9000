import { seededRandom, silentLog, VirtualClock } from '#lib'
import { seedDemo } from './demo.ts'
import { createDirectory, type DirectoryParts } from './directory.ts'
import { type MemoryStorage, memoryStorage } from './memory-storage.ts'
import type { Device, Directory, DirectoryAdmin, RegistrationRequest } from './types.ts'

/** A directory with the demo organisation over memory and a clock of its own: for tests. */
export interface Fixture {
  readonly directory: Directory & DirectoryAdmin
  readonly storage: MemoryStorage
  readonly clock: VirtualClock
  /** The same storage after a restart. */
  restart(): Promise<Directory & DirectoryAdmin>
}

export async function demoFixture(parts: Partial<DirectoryParts> = {}): Promise<Fixture> {
  const storage = memoryStorage()
  const clock = new VirtualClock()
  const all = { storage, clock, random: seededRandom(1), log: silentLog, demo: true, ...parts }
  const directory = await createDirectory(all)
  await seedDemo(directory)
  return { directory, storage, clock, restart: () => createDirectory({ ...all, random: seededRandom(2) }) }
}

type Contact = RegistrationRequest['contacts'][number]

/** A REGISTER's content with everything that a test does not care about filled in. */
export function registration(
  device: Device | undefined,
  contacts: readonly (Partial<Contact> & { uri: string })[],
  rest: Partial<RegistrationRequest> & { port?: number; protocol?: string; address?: string } = {},
): RegistrationRequest {
  if (!device) throw new Error('the device is missing')
  const { port = 5062, protocol = 'udp', address = '127.0.0.1', ...more } = rest
  return {
    device,
    aor: `sip:${device.username}@baton.local`,
    callIdHeader: 'call-1',
    cseq: 1,
    contacts: contacts.map((contact) => ({ expires: 3_600, q: 1_000, instance: '', regId: 0, push: '', ...contact })),
    removeAll: false,
    path: [],
    flow: { protocol, remoteAddress: address, remotePort: port, localPort: 5060 },
    userAgent: 'test',
    ...more,
  }
}
