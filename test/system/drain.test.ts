import { afterEach, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { House } from '../interop/house.ts'
import { placeCall, ScriptedCall } from '../interop/scripted-call.ts'
import { audioSdp, type ReceivedMessage, type SipClient } from '../support/sip-client.ts'

let house: House
afterEach(() => house.baton.kill())

async function talking(): Promise<{ call: ScriptedCall; callee: ScriptedCall; alice: SipClient }> {
  const alice = await house.client('alice')
  expect((await alice.register('alice-demo')).status).toBe(200)
  const caller = await house.outsideClient()
  placeCall(caller, house.numberOf('alice'), { body: audioSdp('127.0.0.1', 9) })
  const callee = await ScriptedCall.answer(alice, await alice.expect({ method: 'INVITE' }), 9)
  const response = await caller.expect({ status: 200, method: 'INVITE' })
  const call = ScriptedCall.calling(caller, response)
  call.ack(response)
  return { call, callee, alice }
}

/** Sends SIGTERM and waits until the server says that it stops. */
async function askToStop(): Promise<void> {
  process.kill(house.baton.pid, 'SIGTERM')
  await eventually(() => expect(house.baton.output()).toMatch(/Baton stops: 1 call/))
}

test('SIGTERM lets the live call finish, refuses new ones with 503 and Retry-After, and ends with 0', async () => {
  house = await House.open()
  const { call, callee } = await talking()
  await askToStop()
  expect((await house.baton.fetch('/readyz')).status).toBe(503)
  const other = await house.outsideClient()
  const refused = await other.ask({ method: 'INVITE', uri: house.numberOf('alice'), body: audioSdp('127.0.0.1', 9) })
  expect([refused.status, refused.header('Retry-After')]).toEqual([503, expect.stringMatching(/^\d+$/)])

  // The live call is served as before.
  expect((await call.ask('OPTIONS')).status).toBe(200)
  const bye = callee.accept('BYE')
  const ended = house.baton.stop()
  expect((await call.ask('BYE')).status).toBe(200)
  await bye
  expect(await ended).toBe(0)
})

test('a second SIGTERM, later than a terminal repeats the first, hangs up what is left', async () => {
  house = await House.open()
  const { call, callee } = await talking()
  await askToStop()
  const byes: ReceivedMessage[] = []
  for (const side of [call, callee]) side.accept('BYE').then((bye) => byes.push(bye))
  await eventually(() => {
    if (byes.length === 2) return
    process.kill(house.baton.pid, 'SIGTERM')
    throw new Error('the calls are not hung up')
  })
  for (const bye of byes) expect(bye.header('Reason')).toContain('Server stops')
  expect(await house.baton.stop()).toBe(0)
  await house.baton.restart()
  expect(await house.lastRecord()).toMatchObject({ cause: 'draining', endedBy: 'server' })
})

test('while nothing is live a SIGTERM ends at once', async () => {
  house = await House.open()
  expect(await house.baton.stop()).toBe(0)
})
