import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { freePort, freePorts } from '../support/ports.ts'
import { runSipp, type Sipp, type SippOptions, startSipp } from '../support/sipp.ts'
import { eventually } from './eventually.ts'
import { type CallRecord, House } from './house.ts'

const allWell = { code: 0, failed: 0, errors: '' }

needs('sipp')('many calls at once', () => {
  let house: House
  let since = 0
  beforeAll(async () => {
    // Released ports rest for a while, so every call of a test needs four of its own.
    const rtp = await freePorts(1_600)
    house = await House.open({ environment: { BATON_RTP_PORTS: `${rtp}-${rtp + 1_599}` } })
  })
  afterEach(() => house.clear())
  afterAll(() => house.close())

  /** Registers a SIPp as alice's phone and lets it answer as a scenario says. */
  async function alice(options: SippOptions): Promise<Sipp> {
    const port = await freePort()
    const register = (expires: number) =>
      runSipp({
        scenario: 'uac-register',
        target: house.baton.sip.target,
        user: 'alice',
        password: 'alice-demo',
        port,
        keys: { domain: 'baton.local', expires },
      })
    expect(await register(300)).toMatchObject(allWell)
    const phone = await startSipp({ port, ...options })
    house.onClear(async () => {
      await phone.stop()
      await register(0)
    })
    since = Date.now()
    return phone
  }

  function callers(options: SippOptions) {
    return runSipp({ target: house.baton.sip.target, rate: 50, ...options })
  }

  /** The records of a test's calls, once all are written and nothing is live. */
  function recordsOf(calls: number) {
    return eventually(async () => {
      expect(await house.calls()).toEqual([])
      const { records } = await house.get<{ records: CallRecord[] }>('/api/v1/records?limit=200')
      const ours = records.filter(({ startedAt }) => startedAt >= since)
      expect(ours).toHaveLength(calls)
      return ours
    })
  }

  test('100 callers give up and 100 answers cross their CANCEL: each is acknowledged and hung up', async () => {
    const phone = await alice({ scenario: 'uas-late-200', calls: 100 })
    expect(await callers({ scenario: 'uac-cancel', calls: 100, pause: 50 })).toMatchObject({
      ...allWell,
      successful: 100,
    })
    expect(await phone.result).toMatchObject({ ...allWell, successful: 100 })
    const records = await recordsOf(100)
    expect(new Set(records.map(({ cause, status, state }) => `${cause} ${status} ${state}`))).toEqual(
      new Set(['cancelled 487 ended']),
    )
    await house.nothingIsLeft()
  })

  test('50 calls that the phone ends', async () => {
    const phone = await alice({ scenario: 'uas-hangup', calls: 50, pause: 50 })
    expect(await callers({ scenario: 'uac-wait-bye', calls: 50 })).toMatchObject({ ...allWell, successful: 50 })
    expect(await phone.result).toMatchObject({ ...allWell, successful: 50 })
    await recordsOf(50)
    await house.nothingIsLeft()
  })

  test.each([
    ['busy', 'uas-busy', 486, 'busy'],
    ['declined', 'uas-decline', 603, 'declined'],
  ])('30 calls are %s', async (_, scenario, status, cause) => {
    const phone = await alice({ scenario, calls: 30 })
    expect(await callers({ scenario: callerWhoExpects(status), calls: 30 })).toMatchObject({
      ...allWell,
      successful: 30,
    })
    expect(await phone.result).toMatchObject({ ...allWell, successful: 30 })
    const records = await recordsOf(30)
    expect(new Set(records.map((record) => `${record.cause} ${record.status}`))).toEqual(
      new Set([`${cause} ${status}`]),
    )
    await house.nothingIsLeft()
  })
})

/** SIPp has no variable for the status that it waits for. */
function callerWhoExpects(status: number): string {
  const scenario = readFileSync(join(import.meta.dirname, '../sipp/uac-busy.xml'), 'utf8')
  const path = join(temporaryFolder('scenario'), `uac-${status}.xml`)
  writeFileSync(path, scenario.replace('response="486"', `response="${status}"`))
  return path
}
