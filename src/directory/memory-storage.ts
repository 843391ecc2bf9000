import type { BindingRow, DirectoryRows, DirectoryTable, Storage } from '#storage'

type Row = DirectoryRows[DirectoryTable][number]

/** The parts of storage that the directory uses, in memory: for its tests. `gate` holds writes back until it resolves. */
export interface MemoryStorage extends Pick<Storage, 'directory' | 'bindings'> {
  gate: Promise<void>
  readonly stored: { readonly bindings: Map<string, BindingRow>; readonly writes: string[] }
}

export function memoryStorage(): MemoryStorage {
  const tables: Record<DirectoryTable, Map<string, Row>> = {
    people: new Map(),
    devices: new Map(),
    groups: new Map(),
    numbers: new Map(),
    trunks: new Map(),
  }
  const bindings = new Map<string, BindingRow>()
  const writes: string[] = []
  let last: Promise<void> = Promise.resolve()
  const storage: MemoryStorage = {
    gate: Promise.resolve(),
    stored: { bindings, writes },
    directory: {
      async load() {
        return Object.fromEntries(
          Object.entries(tables).map(([name, table]) => [name, [...table.values()]]),
        ) as unknown as DirectoryRows
      },
      put: (table, row) => write(`put ${table}`, () => tables[table].set('number' in row ? row.number : row.id, row)),
      remove: (table, id) => write(`remove ${table}`, () => tables[table].delete(id)),
    },
    bindings: {
      load: async () => [...bindings.values()],
      put: (row) => write('put binding', () => bindings.set(row.id, row)),
      remove: (id) => write('remove binding', () => bindings.delete(id)),
    },
  }
  /** In order, as the port promises. */
  function write(name: string, run: () => void): Promise<void> {
    const gate = storage.gate
    last = last
      .then(() => gate)
      .then(() => {
        writes.push(name)
        run()
      })
    return last
  }
  return storage
}
