import { createSocket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { silentLog, systemClock, systemRandom } from '#lib'
import { createSipStack, createTransport, type Dialog, type Invitation } from '#sip'
import { createDemoCaller, type DemoCaller } from './caller.ts'
import { readVoice } from './voice.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.()
})

const voice = Buffer.alloc(320, 0x55)

/** A station on a real loopback socket that is rung by the caller. */
async function rung() {
  const invitations: Invitation[] = []
  let arrived = () => {}
  const stack = createSipStack({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    resolver: { resolveNow: () => [], resolve: async () => [] },
    handler: {
      invite: (invitation) => {
        invitations.push(invitation)
        arrived()
      },
      request: (transaction) => transaction.respond(405),
    },
    options: { userAgent: 'test', allow: ['INVITE', 'ACK', 'CANCEL', 'BYE'], supported: [] },
  })
  const transport = await createTransport({
    listeners: { udp: [{ address: '127.0.0.1', port: 0 }] },
    ownNames: [],
    handler: stack.handler,
    clock: systemClock,
    log: silentLog,
  })
  stack.start(transport)
  closers.push(() => transport.close())
  const { address, port } = transport.addresses[0]!
  const caller: DemoCaller = createDemoCaller({
    server: { address, port },
    people: new Map([['alice', '+12025550101']]),
    voice,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  })
  closers.push(() => caller.close())
  const invitation = async (): Promise<Invitation> => {
    if (invitations.length === 0)
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    return invitations.shift()!
  }
  return { caller, invitation }
}

test('rings the number of a person, and plays the voice as RTP when somebody answers', async () => {
  const { caller, invitation } = await rung()
  const ear = createSocket('udp4')
  closers.push(() => ear.close())
  await new Promise<void>((resolve) => ear.bind(0, '127.0.0.1', resolve))
  await caller.ring('alice')
  const call = await invitation()
  expect(call.request.uri.text).toMatch(/^sip:\+12025550101@127\.0\.0\.1:/)
  expect(caller.calls).toBe(1)
  const spoken = new Promise<Buffer>((resolve) => {
    ear.on('message', (packet) => {
      if (packet[12] === 0x55) resolve(packet)
    })
  })
  const dialog: Dialog = call.answer({
    body: [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${ear.address().port} RTP/AVP 0`,
      '',
    ].join('\r\n'),
  })
  const packet = await spoken
  expect(packet.length).toBe(172)
  expect(packet[1]! & 0x7f).toBe(0)
  const over = new Promise<void>((resolve) => {
    dialog.handlers = { bye: () => resolve() }
  })
  await over
  expect(caller.calls).toBe(0)
})

test('a refusal frees the line; strangers and a fourth call are refused', async () => {
  const { caller, invitation } = await rung()
  await expect(caller.ring('zoe')).rejects.toThrow("the demo caller knows alice, not 'zoe'")
  for (let count = 0; count < 3; count++) await caller.ring('alice')
  await expect(caller.ring('alice')).rejects.toThrow('no line free')
  const call = await invitation()
  call.reject(486)
  await expect.poll(() => caller.calls).toBe(2)
})

test('the recorded voice is μ-law of a sensible length', () => {
  const samples = readVoice(new URL('./voice.wav', import.meta.url))
  expect(samples.length).toBeGreaterThan(8000 * 5)
  expect(samples.length).toBeLessThan(8000 * 30)
  expect(() => readVoice(new URL('./caller.ts', import.meta.url))).toThrow('no WAV file')
})
