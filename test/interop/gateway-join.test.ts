import { afterEach, beforeEach, expect, test } from 'vitest'
import { acceptRequests, callbackRow, requestIn } from '../support/callbacks.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { startSipp } from '../support/sipp.ts'
import { House } from './house.ts'

const [called, caller] = ['+13125550123', '+13125550124']

needs('sipp')('a gateway that both sides of a requested call run over', () => {
  let house: House
  let port: number
  beforeEach(async () => {
    port = await freePort()
    const organisation = `
people:
  - {login: erin, name: Erin, extension: 301, devices: []}
trunks:
  - {name: provider, settings: {sources: [127.0.0.2], gateways: ["sip:127.0.0.1:${port}"], healthMs: 0, join: refer}}
`
    house = await House.ofOrganisation({ organisation, config: '' })
  })
  afterEach(() => house.close())

  /** The request is found by a server that is started again. @returns what SIPp saw of both calls */
  async function requested(scenario: string) {
    const gateway = await startSipp({ scenario, port, calls: 2, timeout: 90 })
    house.onClear(() => gateway.stop())
    await house.baton.stop()
    const row = callbackRow('joined', { dial: called, pressOne: false }, { dial: caller })
    await acceptRequests(house.baton.dataFolder, [row])
    await house.baton.restart()
    const seen = await gateway.result
    expect(seen, seen.errors).toMatchObject({ code: 0, successful: 2, failed: 0 })
    const record = await house.lastRecord()
    await house.baton.stop()
    const { request, attempts } = await requestIn(house.baton.dataFolder, 'joined')
    await house.baton.restart()
    const [attempt] = attempts
    return { record, request, attempt, last: JSON.parse(attempt?.detail ?? '').confirmations.at(-1) }
  }

  test('takes REFER with Replaces and joins them: the server says goodbye on both legs', async () => {
    const { record, request, attempt, last } = await requested('uas-refer')
    expect(record).toMatchObject({ cause: 'joined-by-gateway', endedBy: 'server', caller: { number: caller } })
    expect([request?.state, attempt?.outcome]).toEqual(['connected', 'joined-by-gateway'])
    expect(last).toMatchObject({ what: 'joined-by-gateway', station: called, gateway: 'provider', status: 200 })
  })

  test('takes the REFER and fails: they talk over the server until one hangs up', async () => {
    const { record, request, attempt, last } = await requested('uas-refer-fails')
    expect(record).toMatchObject({ cause: 'answered', endedBy: 'callee' })
    expect([request?.state, attempt?.outcome]).toEqual(['connected', 'connected'])
    expect(last).toMatchObject({ what: 'gateway-did-not-join', gateway: 'provider', status: 503 })
  })
})
