import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { AskerRow, CallbackAttemptRow, CallbackRecordingRow, CallbackRow, OutboxRow } from './callback-port.ts'
import type { Engine } from './engine.ts'
import type {
  BindingRow,
  CallContextRow,
  ChargeRow,
  DeviceRow,
  DialogRow,
  GroupRow,
  NodeRow,
  NoteRow,
  NumberRow,
  PasswordRow,
  PersonRow,
  RecordRow,
  SessionRow,
  TokenRow,
  TrunkRow,
} from './port.ts'
import type { QueueCallerRow, QueueRow } from './queue-port.ts'
import type { StoredContact, ValueRow } from './tables.ts'
import type { VoicemailRow } from './voicemail-port.ts'

/** The tables as Kysely reads them. */
export interface Tables {
  callContexts: Required<CallContextRow>
  records: RecordRow
  recordPeople: { personId: string; startedAt: number; recordId: string }
  dialogs: DialogRow
  charges: ChargeRow
  nodes: NodeRow
  bindings: BindingRow
  people: PersonRow
  devices: DeviceRow
  groups: GroupRow
  numbers: NumberRow
  trunks: TrunkRow
  namedValues: ValueRow
  passwords: PasswordRow
  sessions: SessionRow
  tokens: TokenRow
  contacts: StoredContact
  contactNumbers: { contactId: string; number: string }
  contactNotes: NoteRow
  callbacks: CallbackRow
  callbackAttempts: CallbackAttemptRow
  callbackRecordings: CallbackRecordingRow
  askers: AskerRow
  askerKeys: { key: string; askerId: string }
  outbox: OutboxRow
  voicemail: VoicemailRow
  queues: QueueRow
  queueCallers: QueueCallerRow
}

export type Reads = Kysely<Tables>

/** Kysely over an engine: it builds the query here, the engine runs it elsewhere. Reads only. */
export function createReads(engine: Pick<Engine, 'dialect' | 'query'>): Reads {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return { rows: (await engine.query(sql, parameters)) as R[] }
    },
    streamQuery() {
      throw new Error('storage reads are not streamed')
    },
  }
  const driver: Driver = {
    async init() {},
    acquireConnection: async () => connection,
    beginTransaction: () => Promise.reject(new Error('storage reads have no transactions')),
    async commitTransaction() {},
    async rollbackTransaction() {},
    async releaseConnection() {},
    async destroy() {},
  }
  const sqlite = engine.dialect === 'sqlite'
  const dialect: Dialect = {
    createDriver: () => driver,
    createAdapter: () => (sqlite ? new SqliteAdapter() : new PostgresAdapter()),
    createIntrospector: (db) => (sqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db)),
    createQueryCompiler: () => (sqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
  }
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] })
}
