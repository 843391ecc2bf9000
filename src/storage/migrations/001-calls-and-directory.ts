import type { Migration } from './dialect.ts'

export const callsAndDirectory: Migration = {
  version: 1,
  name: 'calls-and-directory',
  main: ({ id, clustered }) => [
    `CREATE TABLE call_contexts (
      call_id ${id} NOT NULL PRIMARY KEY,
      node ${id} NOT NULL,
      direction TEXT NOT NULL,
      caller_number TEXT NOT NULL,
      caller_name TEXT NOT NULL,
      caller_id ${id} NOT NULL,
      dialled TEXT NOT NULL,
      callee_name TEXT NOT NULL,
      callee_id ${id} NOT NULL,
      trunk TEXT NOT NULL,
      branches TEXT NOT NULL,
      caller_dialog TEXT NOT NULL,
      ringing_since BIGINT NOT NULL
    )${clustered}`,
    `CREATE TABLE records (
      id ${id} NOT NULL PRIMARY KEY,
      node ${id} NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('live', 'ended', 'interrupted')),
      direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'internal')),
      caller_number TEXT NOT NULL,
      caller_name TEXT NOT NULL,
      caller_id ${id} NOT NULL,
      dialled TEXT NOT NULL,
      callee_name TEXT NOT NULL,
      callee_id ${id} NOT NULL,
      trunk TEXT NOT NULL,
      started_at BIGINT NOT NULL,
      answered_at BIGINT,
      ended_at BIGINT,
      answered_by_id ${id} NOT NULL,
      answered_station TEXT NOT NULL,
      cause TEXT NOT NULL,
      status INTEGER NOT NULL,
      ended_by TEXT NOT NULL,
      branches TEXT NOT NULL,
      quality TEXT NOT NULL
    )`,
    'CREATE INDEX records_started ON records (started_at, id)',
    `CREATE INDEX records_live ON records (node) WHERE state = 'live'`,
    `CREATE INDEX records_interrupted ON records (started_at, id) WHERE state = 'interrupted'`,
    // Who had a part in which call; started_at is the record's, so that a person's history is one walk along the key.
    `CREATE TABLE record_people (
      person_id ${id} NOT NULL,
      started_at BIGINT NOT NULL,
      record_id ${id} NOT NULL,
      PRIMARY KEY (person_id, started_at, record_id)
    )${clustered}`,
    'CREATE INDEX record_people_record ON record_people (record_id)',
    `CREATE TABLE dialogs (
      call_id ${id} NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('caller', 'callee')),
      node ${id} NOT NULL,
      device_id ${id} NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (call_id, role)
    )${clustered}`,
    `CREATE TABLE bindings (
      id ${id} NOT NULL PRIMARY KEY,
      device_id ${id} NOT NULL,
      aor TEXT NOT NULL,
      contact TEXT NOT NULL,
      instance TEXT NOT NULL,
      reg_id BIGINT NOT NULL,
      q INTEGER NOT NULL,
      call_id_header TEXT NOT NULL,
      cseq BIGINT NOT NULL,
      path TEXT NOT NULL,
      protocol TEXT NOT NULL,
      remote_address TEXT NOT NULL,
      remote_port INTEGER NOT NULL,
      flow_id TEXT NOT NULL,
      user_agent TEXT NOT NULL,
      push TEXT NOT NULL,
      registered_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL
    )`,
    `CREATE TABLE people (
      id ${id} NOT NULL PRIMARY KEY,
      login ${id} NOT NULL UNIQUE,
      name TEXT NOT NULL,
      extension TEXT NOT NULL,
      email TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('person', 'supervisor', 'administrator')),
      settings TEXT NOT NULL
    )`,
    `CREATE TABLE devices (
      id ${id} NOT NULL PRIMARY KEY,
      person_id ${id} NOT NULL,
      name TEXT NOT NULL,
      username ${id} NOT NULL UNIQUE,
      ha1_md5 TEXT NOT NULL,
      ha1_sha256 TEXT NOT NULL,
      settings TEXT NOT NULL
    )`,
    `CREATE TABLE groups (
      id ${id} NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      extension TEXT NOT NULL,
      members TEXT NOT NULL,
      settings TEXT NOT NULL
    )`,
    `CREATE TABLE numbers (
      number ${id} NOT NULL PRIMARY KEY,
      target_kind TEXT NOT NULL CHECK (target_kind IN ('person', 'group')),
      target_id ${id} NOT NULL
    )`,
    `CREATE TABLE trunks (
      id ${id} NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      settings TEXT NOT NULL
    )`,
    `CREATE TABLE named_values (
      key ${id} NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    )`,
  ],
  traces: ({ id, bytes, serial }) => [
    `CREATE TABLE traces (
      seq ${serial},
      call_id ${id} NOT NULL,
      at BIGINT NOT NULL,
      chunk ${bytes} NOT NULL
    )`,
    'CREATE INDEX traces_call ON traces (call_id)',
    'CREATE INDEX traces_at ON traces (at)',
  ],
}
