import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type AnswerOf, createClient, type LoggedIn, type SipCredential } from '#api'
import { EventReader } from '../support/api.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { audioSdp, digest, newCallId, SipClient } from '../support/sip-client.ts'

let baton: Baton
const closers: (() => void)[] = []
beforeAll(async () => {
  baton = await startBaton()
})
afterAll(async () => {
  for (const close of closers) close()
  await baton.stop()
})

async function logIn(login: string) {
  const session: LoggedIn = await createClient({ base: baton.http })('POST /api/v1/session', {
    body: { login, password: `${login}-demo` },
  })
  const events = new EventReader(
    new WebSocket(`${baton.http.replace('http', 'ws')}/api/v1/events`, {
      headers: { authorization: `Bearer ${session.token}` },
    }),
  )
  closers.push(() => events.socket.terminate())
  await events.nextOf('snapshot')
  return { ask: createClient({ base: baton.http, token: session.token }), events }
}

/** Registers as the desk does: over WebSocket, with the HA1 that the API gave. */
async function register(credential: SipCredential, client: SipClient) {
  const callId = newCallId()
  const first = await client.ask({ method: 'REGISTER', callId })
  const authorization = digest(first.header('WWW-Authenticate') as string, {
    ...{ method: 'REGISTER', uri: `sip:${credential.domain}`, user: credential.username, ha1: credential.ha1 },
  })
  return client.ask({ method: 'REGISTER', callId, headers: { Authorization: authorization } })
}

async function client(options: Parameters<typeof SipClient.open>[0]): Promise<SipClient> {
  const opened = await SipClient.open(options)
  closers.push(() => opened.close())
  return opened
}

test('log in, register the desk, see a call, answer elsewhere, decline, log out', async () => {
  const alice = await logIn('alice')
  const dave = await logIn('dave')
  const credential = await alice.ask('POST /api/v1/session/sip')
  const desk = await client({ transport: 'ws', server: credential.uri, user: credential.username })
  expect((await register(credential, desk)).status).toBe(200)
  const phone = await client({ server: baton.sip.target, user: 'alice' })
  expect((await phone.register('alice-demo')).status).toBe(200)

  const { devices } = await alice.ask('GET /api/v1/devices')
  expect(devices.map(({ name, bindings }) => [name, bindings.map(({ username }) => username)])).toEqual([
    ['phone', ['alice']],
    ['desk', [credential.username]],
  ])

  // An outside caller by the demo trunk.
  const caller = await client({ server: baton.sip.target, user: '+12025550177' })
  const invite = (callId: string) =>
    caller.send(
      caller.request({
        method: 'INVITE',
        uri: 'sip:+12025550101@127.0.0.1',
        callId,
        headers: { 'Content-Type': 'application/sdp' },
        body: audioSdp('127.0.0.1', 30_000),
      }),
    )
  const ring = async () => {
    const callId = newCallId()
    invite(callId)
    const atDesk = await desk.expect({ method: 'INVITE' })
    const atPhone = await phone.expect({ method: 'INVITE' })
    desk.send(desk.response(atDesk, 180, 'Ringing'))
    phone.send(phone.response(atPhone, 180, 'Ringing'))
    for (;;) {
      const { changes } = await alice.events.nextOf('changes')
      const call = changes.find(
        (change) => change.call.branches.filter(({ state }) => state === 'ringing').length === 2,
      )
      if (call) return { id: call.call.id, callId }
    }
  }

  const first = await ring()
  const path = { id: first.id }
  const card: AnswerOf<'GET /api/v1/calls/{id}/card'> = await alice.ask('GET /api/v1/calls/{id}/card', { path })
  expect(card).toMatchObject({ party: { number: '+12025550177' }, called: { name: 'Alice', kind: 'person' } })
  for (const name of ['GET /api/v1/calls/{id}', 'POST /api/v1/calls/{id}/decline'] as const)
    await expect(dave.ask(name, { path })).rejects.toMatchObject({ status: 404, code: 'not-found' })

  // Answer on the phone: the desk is let off, the phone rings on and takes the call.
  await alice.ask('POST /api/v1/calls/{id}/answer', { path, body: { station: 'phone' } })
  expect((await desk.expect({ method: 'CANCEL' })).method).toBe('CANCEL')
  await alice.ask('POST /api/v1/calls/{id}/decline', { path })
  expect((await phone.expect({ method: 'CANCEL' })).method).toBe('CANCEL')
  const ended = await caller.expect(
    (message) => (message.status ?? 0) >= 300 && message.header('Call-ID') === first.callId,
  )
  expect(ended.status).toBeGreaterThanOrEqual(480)
  await expect(alice.ask('POST /api/v1/calls/{id}/decline', { path })).rejects.toMatchObject({ status: 404 })

  await alice.ask('DELETE /api/v1/session')
  expect(await alice.events.closed).toBe(4401)
  expect((await register(credential, desk)).status).toBe(401)
  expect(dave.events.waiting).toBe(0)
})
