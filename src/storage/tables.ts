import type {
  BindingRow,
  CallContextRow,
  ChargeRow,
  ContactRow,
  DialogRow,
  DirectoryRows,
  DirectoryTable,
  NodeRow,
  NoteRow,
  PasswordRow,
  RecordRow,
  SessionRow,
  TokenRow,
} from './port.ts'
import type { VoicemailRow } from './voicemail-port.ts'

/** A table whose rows are put whole: columns in the order in which their values travel. */
export interface Table<Row> {
  readonly name: string
  /** How many of the first columns make the primary key. */
  readonly keys: number
  readonly columns: readonly (keyof Row & string)[]
  /** The columns that hold whole numbers; all others hold text. */
  readonly integers: readonly (keyof Row & string)[]
}

export const contextsTable: Table<CallContextRow> = {
  name: 'call_contexts',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'callId', 'node', 'direction', 'callerNumber', 'callerName', 'callerId', 'dialled', 'calleeName', 'calleeId', 'trunk',
    'branches', 'callerDialog', 'ringingSince',
  ],
  integers: ['ringingSince'],
}

export const recordsTable: Table<RecordRow> = {
  name: 'records',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'node', 'state', 'direction', 'callerNumber', 'callerName', 'callerId', 'dialled', 'calleeName', 'calleeId', 'trunk',
    'startedAt', 'answeredAt', 'endedAt', 'answeredById', 'answeredStation', 'cause', 'status', 'endedBy', 'branches', 'quality',
  ],
  integers: ['startedAt', 'answeredAt', 'endedAt', 'status'],
}

export const dialogsTable: Table<DialogRow> = {
  name: 'dialogs',
  keys: 2,
  columns: ['callId', 'role', 'node', 'deviceId', 'state'],
  integers: [],
}

export const bindingsTable: Table<BindingRow> = {
  name: 'bindings',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'deviceId', 'aor', 'contact', 'instance', 'regId', 'q', 'callIdHeader', 'cseq', 'path', 'protocol', 'remoteAddress',
    'remotePort', 'flowId', 'userAgent', 'push', 'registeredAt', 'expiresAt',
  ],
  integers: ['regId', 'q', 'cseq', 'remotePort', 'registeredAt', 'expiresAt'],
}

export const chargesTable: Table<ChargeRow> = {
  name: 'charges',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'callId', 'node', 'account', 'kind', 'calledId', 'calledNumber', 'calledName', 'callerId', 'callerNumber', 'callerName',
    'pickedUpBy', 'rangMs', 'openedAt', 'answeredAt', 'endedAt', 'state', 'reason',
  ],
  integers: ['openedAt', 'answeredAt', 'endedAt'],
}

export const nodesTable: Table<NodeRow> = {
  name: 'nodes',
  keys: 1,
  columns: ['node', 'address', 'seenAt'],
  integers: ['seenAt'],
}

export interface ValueRow {
  readonly key: string
  readonly value: string
}

export const valuesTable: Table<ValueRow> = { name: 'named_values', keys: 1, columns: ['key', 'value'], integers: [] }

export const passwordsTable: Table<PasswordRow> = {
  name: 'passwords',
  keys: 1,
  columns: ['personId', 'hash', 'changedAt'],
  integers: ['changedAt'],
}

export const sessionsTable: Table<SessionRow> = {
  name: 'sessions',
  keys: 1,
  columns: ['hash', 'personId', 'createdAt', 'expiresAt'],
  integers: ['createdAt', 'expiresAt'],
}

export const tokensTable: Table<TokenRow> = {
  name: 'tokens',
  keys: 1,
  columns: ['id', 'hash', 'personId', 'name', 'scopes', 'createdAt', 'expiresAt', 'lastUsedAt'],
  integers: ['createdAt', 'expiresAt', 'lastUsedAt'],
}

/** A contact as it is stored: with what it is sorted and found by. */
export interface StoredContact extends ContactRow {
  readonly sortKey: string
  readonly search: string
}

export const contactsTable: Table<StoredContact> = {
  name: 'contacts',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'ownerId', 'shared', 'name', 'company', 'email', 'remark', 'numbers', 'sortKey', 'search', 'createdAt', 'changedAt',
  ],
  integers: ['shared', 'createdAt', 'changedAt'],
}

export const notesTable: Table<NoteRow> = {
  name: 'contact_notes',
  keys: 1,
  columns: ['id', 'contactId', 'authorId', 'at', 'text', 'callId'],
  integers: ['at'],
}

export const voicemailTable: Table<VoicemailRow> = {
  name: 'voicemail',
  keys: 1,
  // biome-ignore format: in the order of the migration
  columns: [
    'id', 'ownerId', 'state', 'node', 'callId', 'callerId', 'callerNumber', 'callerName', 'at', 'ms', 'partial', 'heardAt', 'mail',
  ],
  integers: ['at', 'ms', 'partial', 'heardAt'],
}

export const directoryTables: { readonly [T in DirectoryTable]: Table<DirectoryRows[T][number]> } = {
  people: {
    name: 'people',
    keys: 1,
    columns: ['id', 'login', 'name', 'extension', 'email', 'role', 'settings'],
    integers: [],
  },
  devices: {
    name: 'devices',
    keys: 1,
    columns: ['id', 'personId', 'name', 'username', 'ha1Md5', 'ha1Sha256', 'settings'],
    integers: [],
  },
  groups: { name: 'groups', keys: 1, columns: ['id', 'name', 'extension', 'members', 'settings'], integers: [] },
  numbers: { name: 'numbers', keys: 1, columns: ['number', 'targetKind', 'targetId'], integers: [] },
  trunks: { name: 'trunks', keys: 1, columns: ['id', 'name', 'settings'], integers: [] },
}

/** The column's name in SQL: `answeredById` is `answered_by_id`. */
export function columnName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
