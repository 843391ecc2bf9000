import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { freePort } from '../support/ports.ts'
import { startProgram } from '../support/program.ts'

const cwd = resolve(import.meta.dirname, '../..')

test.each(['SIGTERM', 'SIGINT'] as const)(
  'npm start serves, and a %s to npm stops the server in order',
  async (signal) => {
    const http = `127.0.0.1:${await freePort()}`
    const environment = {
      BATON_HTTP: http,
      BATON_SIP: `127.0.0.1:${await freePort()}`,
      BATON_DATA: temporaryFolder('data'),
    }
    const npm = await startProgram('npm', ['start'], { cwd, environment })
    await npm.printed(/Baton is ready/, { timeout: 50_000 })
    expect((await fetch(`http://${http}/readyz`)).status).toBe(200)
    const page = await fetch(`http://${http}/`)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await page.text()).toMatch(/<title>[^<]*Baton/)
    npm.signal(signal)
    // Settles when nobody holds the output any more: npm, its shell and the server.
    expect(await npm.ended).toEqual({ code: 0, signal: null })
    await expect(fetch(`http://${http}/readyz`)).rejects.toThrow('fetch failed')
  },
)

test('npm start passes its arguments on', async () => {
  const npm = await startProgram('npm', ['start', '--', '--config', '/no/such/baton.yaml'], { cwd })
  expect((await npm.ended).code).toBe(1)
  expect(npm.output()).toContain('/no/such/baton.yaml')
})
