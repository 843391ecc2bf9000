import { describe, expect, test } from 'vitest'
import { accepting, answer, connected, offer, testNetwork } from './test-network.ts'

describe('session timer', () => {
  const short = { sessionExpires: 600 }

  test('is refreshed by UPDATE and keeps the call', async () => {
    const net = testNetwork({}, { alice: short, bob: short })
    const { caller } = await connected(net)
    await net.clock.advance(1_900_000)
    expect(net.ladder().filter((line) => line.endsWith('UPDATE')).length).toBe(12)
    expect([net.alice.heard, net.bob.heard]).toEqual([[], []])
    caller.bye()
    await net.drained()
  })

  test('is refreshed by re-INVITE with the last SDP where the peer knows no UPDATE', async () => {
    const allow = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS']
    const net = testNetwork({}, { alice: { ...short, allow }, bob: { ...short, allow } })
    const { caller, callee } = await connected(net)
    accepting(net.alice, caller, offer)
    accepting(net.bob, callee, answer)
    await net.clock.advance(650_000)
    const invites = net.ladder().filter((line) => line.endsWith('> bob INVITE') || line.endsWith('> alice INVITE'))
    expect(invites).toEqual(['alice -> bob INVITE', 'alice -> bob INVITE'])
    caller.bye()
    await net.drained()
  })

  test('expires where the peer has gone', async () => {
    const net = testNetwork({}, { alice: short, bob: short })
    const { caller, callee } = await connected(net)
    net.network.rule(() => 'drop')
    await net.clock.advance(700_000)
    expect([caller.ended, callee.ended]).toEqual([true, true])
    expect([net.alice.heard, net.bob.heard]).toEqual([['lost session-expired'], ['lost gone']])
    await net.drained()
  })

  test('that is too short gets 422, and the INVITE comes again with the longer one', async () => {
    const net = testNetwork({}, { alice: { sessionExpires: 90 }, bob: { minSE: 300 } })
    const { caller } = await connected(net)
    expect(net.alice.agent.sizes.dialogs).toBe(1)
    caller.bye()
    await net.drained()
  })
})

test('a fault in a handler that a timer calls ends nothing else', async () => {
  const net = testNetwork({}, { alice: { sessionExpires: 600 }, bob: { sessionExpires: 600 } })
  const { caller, callee } = await connected(net)
  caller.handlers = {
    lost: () => {
      throw new Error('a bug')
    },
  }
  net.network.rule(() => 'drop')
  await net.clock.advance(700_000)
  expect([caller.ended, callee.ended]).toEqual([true, true])
  await net.drained()
})
