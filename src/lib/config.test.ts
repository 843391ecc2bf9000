import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, loadConfig, parseYaml } from './config.ts'
import { nearest } from './explain.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const schema = z.strictObject({
  name: z.string().min(1).default('none'),
  level: z.enum(['low', 'high']).default('low'),
  server: z
    .strictObject({
      port: z.int().min(1).max(65_535).default(80),
      secure: z.boolean().default(false),
      names: z.union([z.string().transform((text) => text.split(',')), z.array(z.string())]).default([]),
      password: z.string().min(8).optional(),
    })
    .prefault({}),
  rows: z.array(z.strictObject({ id: z.int() })).default([]),
})

const map = {
  BATON_NAME: 'name',
  BATON_PORT: 'server.port',
  BATON_SECURE: 'server.secure',
  BATON_NAMES: 'server.names',
  BATON_PASSWORD: 'server.password',
  BATON_OLD: { refused: 'is not supported by this version' },
}

let files = 0
function load(text: string | undefined, environment: Record<string, string | undefined> = {}) {
  if (text === undefined) return loadConfig(schema, { environment, map })
  const file = join(folder, `${files++}.yaml`)
  writeFileSync(file, text)
  try {
    return loadConfig(schema, { file, environment, map })
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(file, 'FILE')
    throw error
  }
}

describe('settings from file and environment', () => {
  it('fills in defaults', () => {
    const server = { port: 80, secure: false, names: [] }
    expect(load(undefined)).toEqual({ name: 'none', level: 'low', server, rows: [] })
    expect(load('')).toEqual(load(undefined))
    expect(load('# nothing\n')).toEqual(load(undefined))
  })

  it('lets the environment go before the file; text becomes the kind of value that is wanted', () => {
    const environment = { BATON_PORT: '8080', BATON_SECURE: 'true', BATON_NAMES: 'a,b', BATON_NAME: '7', OTHER: 'x' }
    expect(load('name: file\nlevel: high\nserver:\n  port: 1\n', environment)).toEqual({
      name: '7',
      level: 'high',
      server: { port: 8_080, secure: true, names: ['a', 'b'] },
      rows: [],
    })
    expect(load('server:\n', { BATON_PORT: '9' }).server.port).toBe(9)
    expect(load('name: file', { BATON_NAME: '' }).name).toBe('file')
  })

  const wrong: [text: string | undefined, environment: Record<string, string>, sentence: string][] = [
    ['nmae: x', {}, 'FILE: nmae is not a known key; did you mean "name"? (allowed: name, level, server, rows)'],
    [
      'server:\n  prot: 1',
      {},
      'FILE: server.prot is not a known key; did you mean "port"? (allowed: port, secure, names, password)',
    ],
    ['quite_other: x', {}, 'FILE: quite_other is not a known key (allowed: name, level, server, rows)'],
    ['rows:\n  - id: 1\n  - ident: 2', {}, 'FILE: rows.1.id is missing; allowed: a number'],
    ['rows:\n  - {id: 1, x: 2}', {}, 'FILE: rows.0.x is not a known key (allowed: id)'],
    ['server:\n  port: http', {}, 'FILE: server.port found "http"; allowed: a number'],
    ['server:\n  port: 1.5', {}, 'FILE: server.port found 1.5; allowed: a whole number'],
    ['server:\n  port: 70000', {}, 'FILE: server.port found 70000; allowed: at most 65535'],
    ['server:\n  secure: "yes"', {}, 'FILE: server.secure found "yes"; allowed: true or false'],
    ['server: 5', {}, 'FILE: server found 5; allowed: a group of keys'],
    ['server: 5', { BATON_PORT: '1' }, 'FILE: server found 5; allowed: a group of keys'],
    ['level: mid', {}, 'FILE: level found "mid"; allowed: low, high'],
    ['name: ""', {}, 'FILE: name found ""; allowed: at least 1 characters'],
    [
      'server:\n  password: secret',
      {},
      'FILE: server.password found a value that is not shown; allowed: at least 8 characters',
    ],
    ['- a', {}, 'FILE: found a list; allowed: keys with values'],
    ['just text', {}, 'FILE: found a string; allowed: keys with values'],
    ['name: a\nname: b', {}, 'FILE line 2: Map keys must be unique'],
    ['name: [a', {}, 'FILE line 1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    [undefined, { BATON_PORT: 'x' }, 'BATON_PORT: found "x"; allowed: a number'],
    [undefined, { BATON_PORT: '70000' }, 'BATON_PORT: found 70000; allowed: at most 65535'],
    [undefined, { BATON_SECURE: '1' }, 'BATON_SECURE: found "1"; allowed: true or false'],
    [
      undefined,
      { BATON_PASSWORD: 'secret' },
      'BATON_PASSWORD: found a value that is not shown; allowed: at least 8 characters',
    ],
    [
      undefined,
      { BATON_PROT: '1' },
      'BATON_PROT is not a known variable; did you mean BATON_PORT? (allowed: BATON_NAME, BATON_PORT, BATON_SECURE, BATON_NAMES, BATON_PASSWORD)',
    ],
    [undefined, { BATON_toString: '1' }, 'BATON_toString is not a known variable (allowed: '],
    [undefined, { BATON_OLD: '1' }, 'BATON_OLD is not supported by this version'],
  ]
  it.each(wrong)('%j with %j', (text, environment, sentence) => {
    let error: unknown
    try {
      load(text, environment)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ConfigError)
    const { message } = error as ConfigError
    expect(message.slice(0, sentence.length)).toBe(sentence)
    expect(message).not.toContain('\n')
  })

  it('says why a file cannot be read', () => {
    const at = (file: string) => () => loadConfig(schema, { file, environment: {}, map })
    expect(at(join(folder, 'none.yaml'))).toThrow('none.yaml: there is no such file')
    expect(at(folder)).toThrow(`cannot read ${folder}: it is a folder; give a file`)
  })

  it('keeps digits with a plus or a leading zero as they are written', () => {
    const text = 'a: +12025550101\nb: 0101\nc: [-05, 0, 0.5, 10, -3]\nd: &x 007\ne: *x\n'
    expect(parseYaml(text, 'FILE')).toEqual({
      a: '+12025550101',
      b: '0101',
      c: ['-05', 0, 0.5, 10, -3],
      d: '007',
      e: '007',
    })
  })

  it('does not let a file reach the prototype', () => {
    expect(() => load('__proto__:\n  name: x')).toThrow('__proto__ is not a known key')
    expect(({} as { name?: string }).name).toBeUndefined()
  })
})

describe('did you mean', () => {
  it.each([
    ['listne', 'listen'],
    ['Listen', 'listen'],
    ['prots', 'ports'],
    ['xyz', undefined],
    ['', undefined],
    ['x'.repeat(1_000), undefined],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, ['listen', 'ports', 'domain'])).toBe(expected)
  })
})
