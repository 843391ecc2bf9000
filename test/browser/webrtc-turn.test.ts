import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { iceServers } from '#media'
import { House } from '../interop/house.ts'
import { launchChromium } from '../support/browser.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { type Program, startProgram } from '../support/program.ts'
import { BrowserPhone, PhonePage } from './browser-phone.ts'

const secret = 'a secret of coturn and baton'

/** coturn on 127.0.0.1. */
async function startTurnServer(): Promise<{ program: Program; url: string }> {
  const folder = temporaryFolder('turn')
  const port = await freePort()
  const relays = await freePorts(20)
  const settings = [
    'listening-ip=127.0.0.1',
    'relay-ip=127.0.0.1',
    `listening-port=${port}`,
    `min-port=${relays}`,
    `max-port=${relays + 19}`,
    'realm=baton.local',
    'use-auth-secret',
    `static-auth-secret=${secret}`,
    'fingerprint',
    'no-tls',
    'no-dtls',
    'no-cli',
    'allow-loopback-peers',
    'log-file=stdout',
    'simple-log',
    `pidfile=${join(folder, 'turn.pid')}`,
    `userdb=${join(folder, 'turndb')}`,
  ]
  writeFileSync(join(folder, 'turnserver.conf'), `${settings.join('\n')}\n`)
  const program = await startProgram('turnserver', ['-c', join(folder, 'turnserver.conf')])
  await program.printed(/SQLite DB connection success/)
  return { program, url: `turn:127.0.0.1:${port}?transport=udp` }
}

needs(
  'chromium',
  'baresip',
  'turnserver',
)('a browser that reaches the server over TURN only', () => {
  let house: House
  let browser: Browser
  let pages: PhonePage
  let turn: { program: Program; url: string }

  beforeAll(async () => {
    pages = new PhonePage()
    turn = await startTurnServer()
    house = await House.open()
    browser = await launchChromium()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await browser?.close()
    await house?.close()
    await turn?.program.stop()
    pages?.remove()
  })

  async function registered(given: string): Promise<BrowserPhone> {
    const settings = { turn: { urls: [turn.url], secret: given, ttlSeconds: 600 } }
    const servers = iceServers(settings, 'alice', Date.now())
    const pcConfig = { iceServers: servers, iceTransportPolicy: 'relay' }
    const alice = await BrowserPhone.register(browser, pages, house.baton.http, 'alice', { pcConfig })
    house.onClear(() => alice.close())
    return alice
  }

  test('has sound both ways with the credential that it is given', async () => {
    const alice = await registered(secret)
    const bob = await house.phone('bob', { tone: 880 })
    await alice.do('call', 'sip:102@baton.local', { tone: 700 })
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await bob.hears(700)
    await alice.hears(880)
    const { pair, local } = await alice.stats()
    expect(local.find(({ id }) => id === pair?.localCandidateId)?.candidateType).toBe('relay')
  })

  test('finds no way with a credential of another secret', async () => {
    const alice = await registered('another secret of somebody')
    const bob = await house.phone('bob', { tone: 880 })
    await alice.do('call', 'sip:102@baton.local', { tone: 700 })
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await alice.saw('confirmed')
    const { pair, local } = await alice.stats()
    expect(local).toEqual([])
    expect(pair).toBeUndefined()
    await alice.hearsNothing()
  })
})
