import { describe, expect, it } from 'vitest'
import type { Response, ServerTransaction } from '#sip'
import { Scenario } from './checked.ts'
import type { Phone, Placed } from './phone.ts'

const sdpType = [['Content-Type', 'application/sdp']] as const
const fingerprint = `${'AB:'.repeat(31)}AB`

type Video = 'sendrecv' | 'recvonly' | 'refused' | 'none'

/** What a browser says: voice, and video as a second line. */
function browserSdp(name: string, role: 'offer' | 'answer', video: Video): string {
  const line = (mid: number, kind: string, types: readonly string[], direction: string) => [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${types.map((type) => type.split(' ')[0]).join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=rtcp-mux',
    `a=setup:${role === 'offer' ? 'actpass' : 'active'}`,
    `a=ice-ufrag:${name}`,
    `a=ice-pwd:${name}0123456789abcdef0123456789`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=${direction}`,
    ...types.map((type) => `a=rtpmap:${type}`),
  ]
  const on = video === 'sendrecv' || video === 'recvonly'
  return [
    'v=0',
    `o=${name} 1 1 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE 0${on ? ' 1' : ''}`,
    ...line(0, 'audio', ['0 PCMU/8000', '101 telephone-event/8000'], 'sendrecv'),
    ...(on ? line(1, 'video', ['96 VP8/90000'], video) : []),
    ...(video === 'refused' ? ['m=video 0 UDP/TLS/RTP/SAVPF 96', 'a=mid:1'] : []),
    '',
  ].join('\r\n')
}

const videoOf = (sdp: string | undefined): string | undefined => /^m=video \d+/m.exec(sdp ?? '')?.[0]
const textOf = (response: Response | undefined): string | undefined => response?.body.toString()

/** Two browsers that talk, without video. Re-INVITEs wait in `asked` for the test to answer. */
async function talking(callee: 'ws' | 'udp' = 'ws') {
  const scenario = await Scenario.start({ webRtc: true })
  const alice = await scenario.registered('alice', 'alice', '10.0.0.1', { protocol: 'ws' })
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2', { protocol: callee })
  const placed: Placed = alice.call('102', { sdp: browserSdp('alice', 'offer', 'none') })
  await scenario.clock.until(() => bob.rung.length > 0)
  if (callee === 'udp') bob.answer()
  else {
    const invitation = bob.rung[0]
    if (!invitation) throw new Error('nothing rang')
    expect(videoOf(invitation.request.body.toString())).toBeUndefined()
    bob.attach(invitation.answer({ body: browserSdp('bob', 'answer', 'none') }))
  }
  expect(await scenario.during(placed.result)).toBe(200)
  await scenario.pass(500)
  return { scenario, alice: sideOf(scenario, alice), bob: sideOf(scenario, bob) }
}

/** A browser in the call: its re-INVITEs, and those that it is sent. */
function sideOf(scenario: Scenario, phone: Phone) {
  const asked: ServerTransaction[] = []
  const { dialog } = phone
  if (!dialog) throw new Error(`${phone.name} has no call`)
  dialog.handlers = { ...dialog.handlers, offer: (transaction) => void asked.push(transaction) }
  const { name } = phone
  return {
    phone,
    asked,
    dialog,
    adds: (video: Video = 'sendrecv') => dialog.reinvite(browserSdp(name, 'offer', video)),
    isAsked: () => scenario.clock.until(() => asked.length > 0),
    says: (video: Video) => asked.shift()?.respond(200, 'OK', sdpType, browserSdp(name, 'answer', video)),
    refuses: (status: number) => asked.shift()?.respond(status),
  }
}

describe('video that is added to a call', () => {
  it.each([['caller'], ['callee']] as const)(
    'by the %s: the other browser is asked, and its answer comes back',
    async (who) => {
      const { scenario, alice, bob } = await talking()
      const [one, other] = who === 'caller' ? [alice, bob] : [bob, alice]
      const adding = one.adds()
      await other.isAsked()
      const offer = other.asked[0]?.request.body.toString()
      expect(videoOf(offer)).toMatch(/^m=video [1-9]/)
      expect(offer).toContain('a=rtpmap:96 VP8/90000')
      other.says('recvonly')
      expect(videoOf(textOf(await scenario.during(adding)))).toMatch(/^m=video [1-9]/)
      // The other's own pictures are agreed on already: it starts them alone.
      expect(videoOf(textOf(await scenario.during(other.adds())))).toMatch(/^m=video [1-9]/)
      expect(one.asked).toHaveLength(0)
      expect(scenario.house.calls.list()).toHaveLength(1)
    },
  )

  it('to a phone: the line is refused with port 0, the phone notices nothing', async () => {
    const { scenario, alice, bob } = await talking('udp')
    const answer = textOf(await scenario.during(alice.adds()))
    expect(videoOf(answer)).toBe('m=video 0')
    expect(answer).toMatch(/^m=audio [1-9]/m)
    expect(bob.asked).toHaveLength(0)
  })

  it('to a browser that takes no video: port 0, and it may be asked again', async () => {
    const { scenario, alice, bob } = await talking()
    const adding = alice.adds()
    await bob.isAsked()
    bob.says('refused')
    expect(videoOf(textOf(await scenario.during(adding)))).toBe('m=video 0')
    const again = alice.adds()
    await bob.isAsked()
    bob.says('sendrecv')
    expect(videoOf(textOf(await scenario.during(again)))).toMatch(/^m=video [1-9]/)
  })

  it('to a browser that refuses the re-INVITE: the call goes on as it was', async () => {
    const { scenario, alice, bob } = await talking()
    const adding = alice.adds()
    await bob.isAsked()
    bob.refuses(488)
    expect(videoOf(textOf(await scenario.during(adding)))).toBe('m=video 0')
    expect([alice.phone.byes.length, bob.phone.byes.length]).toEqual([0, 0])
  })

  it('to a browser that takes its time: answered without after ten seconds, and its late answer harms nobody', async () => {
    const { scenario, alice, bob } = await talking()
    const adding = alice.adds()
    await bob.isAsked()
    bob.asked[0]?.respond(180)
    expect(videoOf(textOf(await scenario.during(adding, 15_000)))).toBe('m=video 0')
    bob.says('sendrecv')
    await scenario.pass(1000)
    expect(videoOf(textOf(await scenario.during(alice.adds())))).toMatch(/^m=video [1-9]/)
    expect(bob.asked).toHaveLength(0)
    expect([alice.phone.byes.length, bob.phone.byes.length]).toEqual([0, 0])
  })

  it('to a browser that answers nothing at all: that side is lost, and the call ends', async () => {
    const { scenario, alice, bob } = await talking()
    scenario.network.rule((packet) => (packet.to.startsWith('10.0.0.2') ? 'drop' : undefined))
    expect(videoOf(textOf(await scenario.during(alice.adds(), 15_000)))).toBe('m=video 0')
    await scenario.pass(40_000)
    expect(alice.phone.byes).toHaveLength(1)
    expect(scenario.house.calls.list()).toEqual([])
    bob.dialog.bye()
  })

  it('by both at once (glare): one comes again, both have video', async () => {
    const { scenario, alice, bob } = await talking()
    let over = false
    for (const side of [alice, bob])
      side.dialog.handlers = {
        ...side.dialog.handlers,
        offer: (transaction) =>
          transaction.respond(200, 'OK', sdpType, browserSdp(side.phone.name, 'answer', 'sendrecv')),
      }
    const both = Promise.all([alice.adds(), bob.adds()]).finally(() => {
      over = true
    })
    await scenario.clock.until(() => over, 30_000)
    expect((await both).map((response) => videoOf(textOf(response))).join()).toMatch(/^m=video [1-9]\d*,m=video [1-9]/)
    expect(scenario.ladder().some((line) => line.endsWith('491 INVITE'))).toBe(true)
  })

  it('by both at once, where the other browser takes no offer before its own is answered: both have video', async () => {
    const { scenario, alice, bob } = await talking()
    let answered = false
    bob.dialog.handlers = {
      ...bob.dialog.handlers,
      offer: (transaction) =>
        answered
          ? transaction.respond(200, 'OK', sdpType, browserSdp('bob', 'answer', 'sendrecv'))
          : transaction.respond(491),
    }
    const adding = alice.adds()
    const asked = () => scenario.ladder().some((line) => line.endsWith('491 INVITE'))
    await scenario.clock.until(asked)
    const answer = await scenario.during(bob.adds())
    answered = true
    expect(videoOf(textOf(answer))).toMatch(/^m=video [1-9]/)
    expect(videoOf(textOf(await scenario.during(adding)))).toMatch(/^m=video [1-9]/)
    expect(alice.asked).toHaveLength(0)
    expect([alice.phone.byes.length, bob.phone.byes.length]).toEqual([0, 0])
  })

  it.each([['who asked'], ['who is asked']] as const)('%s hangs up in between: both sides are free', async (who) => {
    const { scenario, alice, bob } = await talking()
    const adding = alice.adds()
    await bob.isAsked()
    ;(who === 'who asked' ? alice : bob).dialog.bye()
    await scenario.during(adding)
    await scenario.pass(40_000)
    expect(scenario.house.calls.list()).toEqual([])
    expect(scenario.house.ua.sizes.dialogs).toBe(0)
    expect((await scenario.media.counters()).legs).toBe(0)
    expect(await scenario.records()).toMatchObject([{ state: 'ended', cause: 'answered' }])
  })
})
