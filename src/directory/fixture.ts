import { seededRandom, silentLog, VirtualClock } from '#lib'
import { type BindingRow, openStorage, type Storage } from '#storage'
import { seedDemo } from './demo.ts'
import { createDirectory, type DirectoryParts } from './directory.ts'
import type { Device, Directory, DirectoryAdmin, RegistrationRequest } from './types.ts'

/** The parts of storage that the directory uses, over SQLite in memory. `gate` holds writes back until it resolves. */
export interface TestStorage extends Pick<Storage, 'directory' | 'bindings'> {
  gate: Promise<void> | undefined
  readonly writes: string[]
  bindingRows(): Promise<readonly BindingRow[]>
}

async function testStorage(clock: VirtualClock): Promise<TestStorage> {
  const { directory, bindings } = await openStorage({ folder: ':memory:', thread: false, clock })
  const write = async (name: string, run: () => Promise<void>): Promise<void> => {
    if (storage.gate) await storage.gate
    storage.writes.push(name)
    await run()
  }
  const storage: TestStorage = {
    gate: undefined,
    writes: [],
    bindingRows: () => bindings.load(),
    directory: {
      load: () => directory.load(),
      put: (table, row) => write(`put ${table}`, () => directory.put(table, row)),
      remove: (table, id) => write(`remove ${table}`, () => directory.remove(table, id)),
    },
    bindings: {
      load: () => bindings.load(),
      put: (row) => write('put binding', () => bindings.put(row)),
      remove: (id) => write('remove binding', () => bindings.remove(id)),
    },
  }
  return storage
}

/** A directory with the demo organisation over memory and a clock of its own: for tests. */
export interface Fixture {
  readonly directory: Directory & DirectoryAdmin
  readonly storage: TestStorage
  readonly clock: VirtualClock
  /** The same storage after a restart. */
  restart(): Promise<Directory & DirectoryAdmin>
}

export async function demoFixture(parts: Partial<DirectoryParts> = {}): Promise<Fixture> {
  const clock = new VirtualClock()
  const storage = await testStorage(clock)
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
    flow: { protocol, remoteAddress: address, remotePort: port, id: `${protocol} ${address}:${port}` },
    userAgent: 'test',
    ...more,
  }
}
