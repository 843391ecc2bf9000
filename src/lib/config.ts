import { readFileSync } from 'node:fs'
import { parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { explain, nearest, typeAt } from './explain.ts'

/** A setting is wrong. The message is one line that names the key or variable, what was found and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Where an environment variable goes: a path of keys joined by dots, or the sentence that refuses it. */
export type EnvironmentMap = Readonly<Record<string, string | { readonly refused: string }>>

export interface ConfigSources {
  /** A YAML file; its keys are those of the schema. */
  readonly file?: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables that are known. They go before the file. */
  readonly map: EnvironmentMap
  /** Every other variable that starts so is refused. Default `BATON_`. */
  readonly prefix?: string
}

/**
 * Reads settings from a YAML file and the environment and checks them against a strict schema.
 * An empty variable counts as not set.
 * @throws ConfigError with one line, ready to print
 */
export function loadConfig<S extends z.ZodType>(schema: S, sources: ConfigSources): z.output<S> {
  const value = sources.file === undefined ? {} : readYaml(sources.file)
  const origin = new Map<string, string>()
  const prefix = sources.prefix ?? 'BATON_'
  for (const [name, text] of Object.entries(sources.environment)) {
    if (!name.startsWith(prefix) || text === undefined || text === '') continue
    const target = Object.hasOwn(sources.map, name) ? sources.map[name] : undefined
    if (target === undefined) {
      const known = Object.keys(sources.map).filter((key) => typeof sources.map[key] === 'string')
      const near = nearest(name, known)
      throw new ConfigError(
        `${name} is not a known variable${near ? `; did you mean ${near}?` : ''} (allowed: ${known.join(', ')})`,
      )
    }
    if (typeof target !== 'string') throw new ConfigError(`${name} ${target.refused}`)
    set(value, target.split('.'), fromText(schema, target.split('.'), text))
    origin.set(target, name)
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fault = explain(schema, result.error, value)
  throw new ConfigError(`${place(fault.path, origin, sources.file)} ${fault.sentence}`)
}

/** Reads a YAML file that holds keys, as {@link parseYaml} does. @throws ConfigError naming file, line and fault */
export function readYaml(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${file}: ${fileFault(error as NodeJS.ErrnoException)}`)
  }
  return parseYaml(text, file)
}

/**
 * Parses YAML text that holds keys. Digits written with a plus or a leading zero stay text: they are codes or
 * telephone numbers, and their value as a number would lose what was written.
 * @param file its name, for errors @throws ConfigError naming file, line and fault
 */
export function parseYaml(text: string, file: string): Record<string, unknown> {
  const document = parseDocument(text, { prettyErrors: true })
  const fault = document.errors[0]
  if (fault) {
    const line = fault.linePos?.[0].line
    const sentence = fault.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')
    throw new ConfigError(`${file}${line === undefined ? '' : ` line ${line}`}: ${sentence}`)
  }
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'number' && /^(?:\+|-?0\d)/.test(node.source ?? '')) node.value = node.source
    },
  })
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message.split('\n')[0]}`)
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigError(`${file}: found a ${Array.isArray(value) ? 'list' : typeof value}; allowed: keys with values`)
  }
  return value as Record<string, unknown>
}

function fileFault(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'this user may not read it'
    case 'EISDIR':
      return 'it is a folder; give a file'
    default:
      return error.code ?? error.message
  }
}

/** Names the variable when the fault came from one, else the key. */
function place(path: string, origin: ReadonlyMap<string, string>, file: string | undefined): string {
  for (let key = path; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('.')))) {
    const variable = origin.get(key)
    if (variable) return `${variable}:`
  }
  const where = file === undefined ? '' : `${file}: `
  return `${where}${path === '' ? 'the whole' : path}`
}

function fromText(schema: z.ZodType, path: readonly string[], text: string): unknown {
  switch (typeAt(schema, path)) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    default:
      return text
  }
}

function set(value: Record<string, unknown>, path: readonly string[], leaf: unknown): void {
  let current = value
  for (const key of path.slice(0, -1)) {
    const next = current[key]
    if (next === undefined || next === null) current[key] = {}
    else if (typeof next !== 'object') return // the schema will refuse what the file has here
    current = current[key] as Record<string, unknown>
  }
  current[path[path.length - 1] as string] = leaf
}
