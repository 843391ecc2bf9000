import { expect, test } from 'vitest'
import { answer, testNetwork } from './test-network.ts'

test('20 % loss each way: 2,000 calls are set up and ended, and nothing is left', async () => {
  const net = testNetwork({ loss: 0.2, delay: () => 20, logSize: 10 }, { seed: 7 })
  const { alice, bob, clock } = net
  bob.onInvite = (invitation) => {
    invitation.progress(180)
    clock.setTimeout(() => void bob.watch(invitation.answer({ body: answer })), 3000)
  }
  let answered = 0
  for (let index = 0; index < 2000; index++) {
    alice.call(
      bob,
      {},
      {
        answered: (_response, dialog) => {
          answered++
          alice.watch(dialog)
          clock.setTimeout(() => dialog.bye(), 60_000)
        },
      },
    )
    if (index % 100 === 99) await clock.advance(100)
  }
  await clock.advance(50_000)
  expect(answered).toBeGreaterThanOrEqual(1999)
  expect(alice.heard.filter((word) => word.startsWith('lost'))).toEqual([])
  expect(bob.heard.filter((word) => word === 'acked').length).toBe(answered)
  await net.drained()
  expect(bob.heard.filter((word) => word === 'bye').length).toBeGreaterThanOrEqual(answered - 1)
})

test('20 % loss, reordering and early media with PRACK: calls still come about', async () => {
  const net = testNetwork({ loss: 0.2, delay: () => 20, reorder: { share: 0.1, ms: 300 }, logSize: 10 }, { seed: 3 })
  const { alice, bob, clock } = net
  bob.onInvite = (invitation) => {
    invitation.progress(183, { body: answer })
    clock.setTimeout(() => void bob.watch(invitation.answer({ body: answer })), 1000)
  }
  let answered = 0
  for (let index = 0; index < 200; index++) {
    alice.call(
      bob,
      {},
      {
        answered: (_response, dialog) => {
          answered++
          clock.setTimeout(() => dialog.bye(), 40_000)
        },
      },
    )
  }
  await clock.advance(80_000)
  expect(answered).toBeGreaterThanOrEqual(199)
  await net.drained()
})
