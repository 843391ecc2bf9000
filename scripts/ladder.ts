/**
 * Shows what went over the wire in a call:
 *   npm run ladder                     the last ten calls with their ids
 *   npm run ladder -- CALL             the ladder of one call
 *   options: --data FOLDER (reads the folder itself, no server may run on it), --config baton.yaml
 * It asks the running server at BATON_HTTP; when none answers, it reads the data folder.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CallList, CallTraceShape, RecordList } from '#api'
import { decodeTrace, drawLadder, type TraceEntry } from '#call'
import { type Config, loadBatonConfig } from '#config.ts'
import { ConfigError } from '#lib'
import { openStorage, StorageError } from '#storage'
import { OperatorError } from './operator.ts'

const usage = 'usage: npm run ladder [-- CALL] [--data FOLDER] [--config baton.yaml]'
const listed = 10

/** One call in the list. */
interface Line {
  readonly id: string
  readonly startedAt: number
  readonly caller: string
  readonly callee: string
  readonly cause: string
}

/** Where calls are read from. */
interface Source {
  /** Newest first. */
  lines(): Promise<readonly Line[]>
  /** Undefined for an id that nobody knows. */
  entries(id: string): Promise<readonly TraceEntry[] | undefined>
  close(): Promise<void>
}

function readArguments(): { call: string | undefined; data: string | undefined; config: Config } {
  const options = { data: { type: 'string' }, config: { type: 'string' }, help: { type: 'boolean' } } as const
  let parsed: { values: { data?: string; config?: string; help?: boolean }; positionals: string[] }
  try {
    parsed = parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split('. ')[0]}\n${usage}`)
  }
  const { values, positionals } = parsed
  if (values.help || positionals.length > 1) throw new OperatorError(usage)
  const config = loadBatonConfig({ ...(values.config ? { file: values.config } : {}), environment: process.env })
  return { call: positionals[0], data: values.data, config }
}

/** The address that the server of these settings answers at. */
function serverUrl({ http }: Config): string {
  const any = http.listen.host === '0.0.0.0' || http.listen.host === '::'
  const host = any ? '127.0.0.1' : http.listen.host.includes(':') ? `[${http.listen.host}]` : http.listen.host
  return `${http.certificate ? 'https' : 'http'}://${host}:${http.listen.port}`
}

/** The running server; undefined when none answers. */
async function openServer(config: Config): Promise<Source | undefined> {
  const url = serverUrl(config)
  const { boardPassword } = config.http
  const headers: Record<string, string> = boardPassword
    ? { authorization: `Basic ${Buffer.from(`board:${boardPassword}`).toString('base64')}` }
    : {}
  const get = async <T>(path: string): Promise<T | undefined> => {
    const response = await fetch(url + path, { headers })
    if (response.status === 404) return undefined
    const body = (await response.json().catch(() => ({ message: `it answered ${response.status}` }))) as {
      message: string
    }
    if (!response.ok) throw new OperatorError(`the server at ${url} refused: ${body.message}`)
    return body as T
  }
  try {
    await fetch(`${url}/healthz`)
  } catch {
    return undefined
  }
  return {
    lines: async () => {
      const live = await get<CallList>('/api/v1/calls')
      const past = await get<RecordList>(`/api/v1/records?limit=${listed}`)
      const lines = new Map<string, Line>()
      for (const { id, startedAt, caller, callee, cause } of past?.records ?? [])
        lines.set(id, { id, startedAt, caller: partyOf(caller), callee: partyOf(callee), cause })
      for (const { id, startedAt, caller, callee, state } of live?.calls ?? [])
        lines.set(id, { id, startedAt, caller: partyOf(caller), callee: partyOf(callee), cause: state })
      return [...lines.values()].sort((a, b) => b.startedAt - a.startedAt).slice(0, listed)
    },
    entries: async (id) => (await get<CallTraceShape>(`/api/v1/calls/${encodeURIComponent(id)}/trace`))?.entries,
    close: async () => {},
  }
}

/** The database itself, for calls of a server that is down. */
async function openFolder(config: Config, folder: string, missing: string): Promise<Source> {
  const { url } = config.database
  if (!url && !existsSync(join(folder, 'baton.db'))) throw new OperatorError(missing)
  const storage = await openStorage({ folder, ...(url ? { url } : {}) })
  return {
    lines: async () => {
      const { records } = await storage.records.list({ limit: listed })
      return records.map((row) => ({
        id: row.id,
        startedAt: row.startedAt,
        caller: partyOf({ name: row.callerName, number: row.callerNumber }),
        callee: partyOf({ name: row.calleeName, number: row.dialled }),
        cause: row.cause,
      }))
    },
    entries: async (id) => {
      const entries = decodeTrace(await storage.traces.get(id))
      return entries.length > 0 || (await storage.records.get(id)) ? entries : undefined
    },
    close: () => storage.close(),
  }
}

async function openSource(config: Config, data: string | undefined): Promise<Source> {
  if (data !== undefined) {
    return openFolder(config, data, `the data folder ${data} holds no database (baton.db): name the server's folder`)
  }
  const server = await openServer(config)
  if (server) return server
  const missing =
    `no server answers at ${serverUrl(config)}, and the data folder ${config.data} holds no database: ` +
    `set BATON_HTTP to the server's address, or name its folder with --data`
  return openFolder(config, config.data, missing)
}

function partyOf({ name, number }: { readonly name: string; readonly number: string }): string {
  const text = name && number ? `${name} (${number})` : name || number || 'anonymous'
  // What callers sent must not steer the terminal.
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '·')
}

function listText(lines: readonly Line[]): string {
  if (lines.length === 0) return 'There is no call yet.'
  const rows = lines.map(({ id, startedAt, caller, callee, cause }) => [
    new Date(startedAt).toISOString().slice(0, 19).replace('T', ' '),
    id,
    `${caller} -> ${callee}`,
    cause,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...text, '', 'npm run ladder -- ID shows the messages of a call.'].join('\n')
}

try {
  const { call, data, config } = readArguments()
  const source = await openSource(config, data)
  try {
    if (call === undefined) console.log(listText(await source.lines()))
    else {
      const entries = await source.entries(call)
      if (!entries)
        throw new OperatorError(
          `there is no call ${JSON.stringify(call)}: npm run ladder lists the last calls with their ids`,
        )
      process.stdout.write(
        entries.length > 0 ? drawLadder(entries) : 'The messages of this call are not kept any more.\n',
      )
    }
  } finally {
    await source.close()
  }
} catch (error) {
  const forPeople = error instanceof OperatorError || error instanceof ConfigError || error instanceof StorageError
  console.error(forPeople ? error.message : error)
  process.exitCode = 1
}
