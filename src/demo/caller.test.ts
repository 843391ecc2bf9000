import { createSocket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { silentLog, systemClock, systemRandom } from '#lib'
import { createSipStack, createTransport, type Dialog, type Invitation, type UserAgent } from '#sip'
import { createDemoCaller, type DemoCaller, demoCallerNumber } from './caller.ts'
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
  const ua = stack.start(transport)
  closers.push(() => transport.close())
  const { address, port } = transport.addresses[0]!
  const caller: DemoCaller = await createDemoCaller({
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
  return { caller, invitation, ua }
}

/** A socket that takes RTP, and what has come so far. */
async function openEar() {
  const packets: Buffer[] = []
  const ear = createSocket('udp4')
  ear.on('message', (packet) => packets.push(packet))
  closers.push(() => ear.close())
  await new Promise<void>((resolve) => ear.bind(0, '127.0.0.1', resolve))
  return { packets, port: ear.address().port }
}

test('rings the number of a person, and plays the voice as RTP when somebody answers', async () => {
  const { caller, invitation } = await rung()
  const { packets, port } = await openEar()
  await caller.ring('alice')
  const call = await invitation()
  expect(call.request.uri.text).toMatch(/^sip:\+12025550101@127\.0\.0\.1:/)
  expect(caller.calls).toBe(1)
  const dialog: Dialog = call.answer({ body: description(port) })
  const isVoice = (packet: Buffer): boolean => packet[12] === 0x55
  await expect.poll(() => packets.some(isVoice), { timeout: 20_000 }).toBe(true)
  const packet = packets.find(isVoice)!
  expect(packet.length).toBe(172)
  expect(packet[1]! & 0x7f).toBe(0)
  const over = new Promise<void>((resolve) => {
    dialog.handlers = { bye: () => resolve() }
  })
  await over
  expect(caller.calls).toBe(0)
})

test('answers its own number: the key 1 is pressed once, as RFC 4733 has it, then the voice speaks', async () => {
  const { caller, ua } = await rung()
  const { packets, port } = await openEar()
  const called = calling(ua, caller, demoCallerNumber, port)
  const { dialog } = await called.answered
  await expect.poll(() => packets.some((packet) => packet[12] === 0x55), { timeout: 20_000 }).toBe(true)
  const keys = packets.filter((packet) => (packet[1]! & 0x7f) === 96)
  expect(keys.map((packet) => packet[12])).toEqual(Array.from(keys, () => 1))
  expect(new Set(keys.map((packet) => packet.readUInt32BE(4))).size).toBe(1)
  expect(keys.map((packet) => packet.readUInt16BE(14))).toEqual(keys.map((_, at) => Math.min(at + 1, 8) * 160))
  expect(keys.filter((packet) => packet[13]! & 0x80)).toHaveLength(3)
  expect(keys.filter((packet) => packet[1]! & 0x80)).toEqual([keys[0]])
  dialog.bye()
  await expect.poll(() => caller.calls).toBe(0)
})

test('answers no other number', async () => {
  const { caller, ua } = await rung()
  expect(await calling(ua, caller, '+12025550198', 4_000).failed).toMatchObject({
    status: 404,
    reason: 'Outside the demo there is only +12025550199',
  })
  expect(caller.calls).toBe(0)
})

/** Calls the demo caller. @param port where we take RTP, with keys as payload type 96 */
function calling(ua: UserAgent, caller: DemoCaller, number: string, port: number) {
  const { address, port: to } = parsedGateway(caller.gateway)
  const answered = Promise.withResolvers<{ dialog: Dialog }>()
  const failed = Promise.withResolvers<{ status: number; reason: string }>()
  const uri = `sip:${number}@${address}:${to}`
  ua.invite(
    {
      ...{ uri, to: `<${uri}>`, from: '<sip:101@127.0.0.1>', reliable: false },
      target: { destinations: [{ protocol: 'udp', address, port: to, host: address }] },
      body: description(port, 96),
    },
    {
      answered: (_response, dialog) => answered.resolve({ dialog }),
      failed: (failure) => failed.resolve(failure as never),
    },
  )
  return { answered: answered.promise, failed: failed.promise }
}

function parsedGateway(gateway: string): { address: string; port: number } {
  const [, address = '', port = ''] = /^sip:([\d.]+):(\d+)$/.exec(gateway) ?? []
  return { address, port: Number(port) }
}

function description(port: number, keys?: number): string {
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0']
  const more = keys === undefined ? [] : [`a=rtpmap:${keys} telephone-event/8000`]
  return [...lines, `m=audio ${port} RTP/AVP 0${keys === undefined ? '' : ` ${keys}`}`, ...more, ''].join('\r\n')
}

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
