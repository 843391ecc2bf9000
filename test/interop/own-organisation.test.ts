import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Baresip } from '../support/baresip.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { House } from './house.ts'

const erinsNumber = '+12025550131'
const provider = '127.0.0.2'

needs('baresip', 'openssl')('an organisation of its own, with TLS and a provider', () => {
  let house: House
  let tls: string
  let gateway: Baresip

  beforeAll(async () => {
    const folder = temporaryFolder('organisation')
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2']
    execFileSync('openssl', ['req', ...made, '-subj', '/CN=sip.example.test'], { stdio: 'ignore' })
    tls = `127.0.0.1:${await freePorts(2)}`
    const config = `
sip:
  domain: example.test
  listenTls: ${tls}
  certificate: {certificate: ${certificate}, key: ${key}}
`
    gateway = await Baresip.start({ user: '+13125550123', address: provider, tone: 440, trace: true })
    const organisation = `
people:
  - login: erin
    name: Erin
    extension: 301
    numbers: ["${erinsNumber}"]
    devices: [{name: desk, username: erin-desk, password: secret-of-erin}]
trunks:
  - name: provider
    settings: {sources: [${provider}], gateways: ["sip:${provider}:${gateway.port}"]}
`
    house = await House.ofOrganisation({ organisation, config })
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await gateway.stop()
    await house.close()
  })

  const erin = () =>
    house.phone('erin-desk', {
      ...{ password: 'secret-of-erin', domain: 'example.test', proxy: tls, transport: 'tls', tone: 660 },
    })

  test('erin calls out over the provider, who sees her number', async () => {
    const phone = await erin()
    await phone.dial('sip:3125550123@example.test')
    expect((await gateway.event('CALL_INCOMING')).peeruri).toContain(erinsNumber)
    await gateway.accept()
    await phone.event('CALL_ESTABLISHED')
    await gateway.hears(660)
    await phone.hears(440)
    await phone.hangup()
    await gateway.event('CALL_CLOSED')
    expect(gateway.sip().find((message) => message.startsWith('INVITE sip:+13125550123@'))).toContain(
      `P-Asserted-Identity: <sip:${erinsNumber}@example.test>`,
    )
    const record = await house.lastRecord()
    expect(record).toMatchObject({
      direction: 'out',
      trunk: 'provider',
      caller: { name: 'Erin' },
      callee: { number: '+13125550123' },
      endedBy: 'caller',
    })
    const [invite] = await house.trace(record.id)
    expect(invite?.peer).toMatch(/^tls 127\.0\.0\.1:/)
    expect(invite?.text).not.toMatch(/response="[0-9a-f]/)
  })

  test('the provider calls erin, whose phone is on TLS', async () => {
    const phone = await erin()
    await gateway.dial(`sip:${erinsNumber}@${house.baton.sip.target}`)
    expect((await phone.event('CALL_INCOMING')).peeruri).toContain('+13125550123')
    await phone.accept()
    await gateway.event('CALL_ESTABLISHED')
    await gateway.hears(660)
    await phone.hears(440)
    await gateway.hangup()
    await phone.event('CALL_CLOSED')
    expect(await house.lastRecord()).toMatchObject({ direction: 'in', trunk: 'provider', endedBy: 'caller' })
  })

  test('nobody else is taken for the provider, and there is no demo trunk', async () => {
    const stranger = await house.outsidePhone()
    for (const number of [erinsNumber, '+12025550101']) {
      await stranger.dial(`sip:${number}@${house.baton.sip.target}`)
      expect((await stranger.event('CALL_CLOSED')).param).toMatch(/407|Authentication/)
    }
    const caller = await house.outsideClient({ port: await freePort() })
    const response = await caller.ask({ method: 'INVITE', uri: `sip:${erinsNumber}@${house.baton.sip.target}` })
    expect(response.status).toBe(407)
  })
})
