/** What the operator's commands share: arguments, settings, the database, and errors as one sentence. */
import { parseArgs } from 'node:util'
import { type Config, loadBatonConfig } from '#config.ts'
import { ConfigError } from '#lib'
import { openStorage, type Storage, StorageError } from '#storage'

/** A sentence for the person at the keyboard; the command ends with code 1. */
export class OperatorError extends Error {}

/** What was asked for on the command line. */
export interface Asked {
  /** Arguments without a dash, in order. */
  readonly words: readonly string[]
  /** The settings that the server would have: `--config FILE` and BATON_*. */
  readonly config: Config
}

/**
 * Runs a command: reads its arguments, prints what went wrong as one line and ends with code 1.
 * @param usage shown when the number of words is not the one that was expected
 */
export async function runOperator(
  usage: string,
  words: { readonly least: number; readonly most: number },
  work: (asked: Asked) => Promise<void>,
): Promise<void> {
  try {
    await work(readArguments(usage, words))
  } catch (error) {
    console.error(isForPeople(error) ? error.message : error)
    process.exitCode = 1
  }
}

function readArguments(usage: string, { least, most }: { least: number; most: number }): Asked {
  const parse = () =>
    parseArgs({ allowPositionals: true, options: { config: { type: 'string' }, help: { type: 'boolean' } } })
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse()
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split('. ')[0]}\n${usage}`)
  }
  const { values, positionals } = parsed
  if (values.help || positionals.length < least || positionals.length > most) throw new OperatorError(usage)
  const file = values.config
  return { words: positionals, config: loadBatonConfig({ ...(file ? { file } : {}), environment: process.env }) }
}

/** Errors whose message was written for people. */
function isForPeople(error: unknown): error is Error {
  return error instanceof OperatorError || error instanceof ConfigError || error instanceof StorageError
}

/**
 * Opens the server's database for changes. With SQLite no server may run on the folder, for it would not see them.
 * @throws OperatorError when one does
 */
export async function openForChanges(config: Config): Promise<Storage> {
  const { url } = config.database
  try {
    return await openStorage({ folder: config.data, ...(url ? { url } : {}) })
  } catch (error) {
    throw inUse(error, config.data) ?? error
  }
}

/** The refusal of a folder that a server holds, told for commands. */
export function inUse(error: unknown, folder: string): OperatorError | undefined {
  const holder = /is in use by another server \(pid (\w+)\)/.exec((error as Error).message)
  if (!holder) return undefined
  return new OperatorError(
    `a server (pid ${holder[1]}) runs on the data folder ${folder}: stop it, run this command again, then start it again`,
  )
}

/** What to say after a change that a running server on PostgreSQL cannot have seen. */
export function tellRunningServers(config: Config): void {
  if (config.database.url) console.log('A server that runs on this database sees the change when it is started again.')
}
