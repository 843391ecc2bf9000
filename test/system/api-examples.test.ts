import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endpoints } from '#api/contract.ts'
import { configEnvironment, configSchema } from '#config.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { SipClient } from '../support/sip-client.ts'

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
const run = promisify(execFile)

let baton: Baton
let phone: SipClient
beforeAll(async () => {
  baton = await startBaton()
  phone = await SipClient.open({ server: baton.sip.target, user: 'alice' })
  expect((await phone.register('alice-demo')).status).toBe(200)
})
afterAll(async () => {
  phone?.close()
  await baton?.stop()
})

test('every example of docs/api.md works as it stands', async () => {
  const examples = [...page('api.md').matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text as string)
  expect(examples.length).toBeGreaterThan(8)
  const script = examples.join('\n').replace('http://127.0.0.1:8080', baton.http)
  // curl's -f and -e together: the first refusal ends it, with its line.
  const ran = await run('bash', ['-euxo', 'pipefail', '-c', script]).catch((error: { stderr: string }) => error)
  expect('code' in ran ? ran.stderr : '').toBe('')
})

test('docs/api.md names every address', () => {
  const text = page('api.md')
  const missing = Object.keys(endpoints).filter((name) => !text.includes(`| \`${name.replace('/api/v1', '')}\` |`))
  expect(missing).toEqual([])
})

test('docs/operating.md names every setting and variable', () => {
  const text = page('operating.md')
  const keys: string[] = []
  const walk = (schema: object, path: string) => {
    const { def } = schema as { def: { shape?: Record<string, object>; innerType?: object } }
    if (def.shape) for (const [key, value] of Object.entries(def.shape)) walk(value, path ? `${path}.${key}` : key)
    else if (def.innerType) walk(def.innerType, path)
    else keys.push(path)
  }
  walk(configSchema, '')
  expect(keys.length).toBeGreaterThan(35)
  expect([...keys, ...Object.keys(configEnvironment)].filter((key) => !text.includes(`\`${key}\``))).toEqual([])
})
