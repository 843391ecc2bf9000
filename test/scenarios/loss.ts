import { Scenario } from './scenario.ts'

export interface LossResult {
  readonly calls: number
  readonly setUp: number
  /** Set-up time in ms of virtual time, sorted. */
  readonly setUpMs: readonly number[]
  readonly dialogsLeft: number
  readonly transactionsLeft: number
  readonly legsLeft: number
  readonly liveRecords: number
  readonly records: number
  readonly errors: readonly object[]
}

/**
 * Calls over the demo trunk to a phone that answers after a second, each held for five seconds, while the network loses packets each way.
 * @param loss share of packets lost, 0 … 1
 */
export async function callsUnderLoss(options: { seed: number; calls: number; loss: number }): Promise<LossResult> {
  const scenario = await Scenario.start({ seed: options.seed })
  const trunk = scenario.directory.trunkById('demo')
  if (!trunk) throw new Error('the demo trunk is missing')
  await scenario.during(scenario.directory.putTrunk({ ...trunk, settings: { ...trunk.settings, maxCalls: 0 } }))
  const { clock } = scenario
  await scenario.registered('alice', 'alice', '10.0.0.1', {
    onInvite: (invitation, phone) => {
      invitation.progress(180)
      clock.setTimeout(() => {
        if (!invitation.completed) phone.answer(invitation)
      }, 1000)
    },
  })
  const caller = scenario.phone('caller', { address: '127.0.0.1', port: 5070, user: '+15551234567' })
  scenario.network.rule(() => (scenario.random.integer(1_000_000) < options.loss * 1_000_000 ? 'drop' : undefined))
  const setUpMs: number[] = []
  for (let index = 0; index < options.calls; index++) {
    const started = clock.now()
    const placed = caller.call('+12025550101')
    void placed.result.then((status) => {
      if (status !== 200) return
      setUpMs.push(clock.now() - started)
      const { dialog } = placed
      clock.setTimeout(() => dialog?.bye(), 5000)
    })
    await scenario.pass(20)
  }
  await scenario.pass(200_000)
  const records = await scenario.storage.records.list({ limit: 1000 })
  const live = await scenario.storage.records.list({ limit: 1000, state: 'live' })
  return {
    calls: options.calls,
    setUp: setUpMs.length,
    setUpMs: setUpMs.sort((one, other) => one - other),
    dialogsLeft: scenario.house.ua.sizes.dialogs,
    transactionsLeft: scenario.house.ua.sizes.transactions,
    legsLeft: (await scenario.media.counters()).legs,
    liveRecords: live.records.length,
    records: records.records.length,
    errors: scenario.errors,
  }
}
