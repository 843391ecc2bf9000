import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { runSipp, startSipp } from '../support/sipp.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

const allWell = { code: 0, successful: 1, failed: 0, errors: '' }

needs('sipp')('a phone with a BLF key', () => {
  let house: House
  beforeAll(async () => {
    house = await House.open()
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  async function subscriptions(count: number): Promise<void> {
    await eventually(async () => {
      const metrics = await (await house.baton.fetch('/metrics')).text()
      expect(metrics).toMatch(new RegExp(`^baton_subscriptions ${count}$`, 'm'))
    })
  }

  test.each(['udp', 'tcp'] as const)(
    'over %s: its lamp follows a call that rings and is given up',
    async (transport) => {
      const { target } = house.baton.sip
      const port = await freePort()
      const keys = { domain: 'baton.local' }
      const bob = { scenario: 'uac-register', target, user: 'bob', password: 'bob-demo', port }
      expect(await runSipp({ ...bob, keys: { ...keys, expires: 300 } })).toMatchObject(allWell)
      const phone = await startSipp({ scenario: 'uas-ring', port })
      house.onClear(async () => {
        await phone.stop()
        await runSipp({ ...bob, keys: { ...keys, expires: 0 } })
      })
      const watcher = await startSipp({
        scenario: 'uac-watch',
        target,
        transport,
        user: 'carol',
        password: 'carol-demo',
        keys: { ...keys, watched: '102' },
      })
      await subscriptions(1)
      const call = { scenario: 'uac-cancel', target, user: '+12025550102' }
      expect(await runSipp(call)).toMatchObject(allWell)
      expect(await watcher.result).toMatchObject(allWell)
      expect(await phone.result).toMatchObject(allWell)
      await subscriptions(0)
    },
  )
})
