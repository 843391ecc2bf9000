import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import type { Baresip } from '../support/baresip.ts'
import { accessibilityFaults } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { secondsOf } from '../support/tone.ts'
import { type Desk, DeskHouse } from './desk-house.ts'
import { UdpGates } from './udp-gates.ts'

const outside = '+1 206 555 0100'
const rtpPorts = 16
/** What is heard of whom, in Hz. */
const tones = { alice: 700, outside: 440, bob: 880, carol: 1200 }

needs('chromium', 'baresip')('in a call at the desk', () => {
  let desks: DeskHouse
  let gates: UdpGates

  beforeAll(async () => {
    const first = await freePorts(rtpPorts + 1)
    const from = first + (first & 1)
    desks = await DeskHouse.open({
      tone: tones.alice,
      environment: { BATON_RTP_PORTS: `${from}-${from + rtpPorts - 1}` },
    })
    gates = await UdpGates.before(Array.from({ length: rtpPorts }, (_, i) => from + i))
  })
  afterEach(async () => {
    gates.openAll()
    await desks.clear()
  })
  afterAll(async () => {
    await desks?.close()
    gates?.close()
  })

  /** Alice's desk talks with a caller from outside. */
  async function talking(desk?: Desk): Promise<{ alice: Desk; caller: Baresip }> {
    const alice = desk ?? (await desks.desk('Alice'))
    await alice.canRing()
    const caller = await desks.house.outsidePhone({ tone: tones.outside })
    await caller.dial(desks.house.numberOf('alice'))
    await alice.choice(outside, 'Answer').click()
    await alice.talking(outside).getByText('In call').waitFor()
    await caller.hears(tones.alice)
    await alice.hears(tones.outside)
    return { alice, caller }
  }

  const button = (desk: Desk, who: string, name: string) => desk.talking(who).getByRole('button', { name, exact: true })

  async function hangUp(desk: Desk, who: string): Promise<void> {
    await button(desk, who, 'Hang up').click()
    await desk.talking(who).waitFor({ state: 'detached' })
  }

  /** Chooses a colleague in the open dialog. */
  async function choose(desk: Desk, name: string, action: string): Promise<void> {
    const dialog = desk.page.getByRole('dialog')
    await dialog.getByRole('combobox').fill(name)
    await dialog.getByRole('option', { name: new RegExp(name) }).waitFor()
    await dialog.getByRole('button', { name: action, exact: true }).click()
  }

  describe('passing on', () => {
    test('at once: the caller hears the colleague, and the desk is out', async () => {
      const { alice, caller } = await talking()
      const bob = await desks.house.phone('bob', { tone: tones.bob })
      await button(alice, outside, 'Transfer').click()
      await choose(alice, 'Bob', 'Send')
      await bob.event('CALL_INCOMING')
      await bob.accept()
      await caller.hears(tones.bob)
      await bob.hears(tones.outside)
      await alice.talking(outside).waitFor({ state: 'detached' })
    })

    test('after asking: the caller waits, then both are connected', async () => {
      const { alice, caller } = await talking()
      const bob = await desks.house.phone('bob', { tone: tones.bob })
      await button(alice, outside, 'Transfer').click()
      await choose(alice, 'Bob', 'Ask first')
      await bob.event('CALL_INCOMING')
      await bob.accept()
      await alice.hears(tones.bob)
      await bob.hears(tones.alice)
      await alice.talking(outside).getByText('On hold').waitFor()
      await button(alice, 'Bob', `Connect ${outside} with Bob`).click()
      await caller.hears(tones.bob)
      await bob.hears(tones.outside)
      await alice.talking(outside).waitFor({ state: 'detached' })
      await alice.talking('Bob').waitFor({ state: 'detached' })
    })

    test('whoever was asked declines: the caller is back', async () => {
      const { alice, caller } = await talking()
      const bob = await desks.house.phone('bob', { tone: tones.bob })
      await button(alice, outside, 'Transfer').click()
      await choose(alice, 'Bob', 'Ask first')
      await bob.event('CALL_INCOMING')
      await bob.hangup()
      await alice.talking(outside).getByText('In call').waitFor()
      await caller.hears(tones.alice)
      await alice.hears(tones.outside)
    })
  })

  /** Buttons of the calls that are not wholly between the page's head and its menu. */
  const outOfSight = async (desk: Desk): Promise<string[]> => {
    const boxOf = async (selector: string) => (await desk.page.locator(selector).boundingBox()) ?? { y: 0, height: 0 }
    const [head, menu] = [await boxOf('.desk-top'), await boxOf('.desk-nav')]
    const names: string[] = []
    for (const each of await desk.page.locator('.dock button:not(.icon-button)').all()) {
      const box = await each.boundingBox()
      if (!box || box.y < head.y + head.height || box.y + box.height > menu.y)
        names.push((await each.textContent()) ?? '')
    }
    return names
  }

  test('a second call waits on a card; answering holds the first, and one switches between them', async () => {
    // As small as phones are: every button of both calls is on the screen.
    const small = await desks.context({ viewport: { width: 375, height: 667 } })
    const { alice, caller } = await talking(await desks.desk('Alice', small))
    const carol = await desks.house.phone('carol', { tone: tones.carol })
    await carol.dial('sip:101@baton.local')
    await alice.card('Carol').getByText('Answering puts the call you are in on hold.').waitFor()
    await alice.card('Carol').locator('[data-kind=primary]:not(:disabled)').waitFor()
    await eventually(async () => expect(await outOfSight(alice)).toEqual([]))
    await alice.choice('Carol', 'Answer').click()
    await alice.talking('Carol').getByText('In call').waitFor()
    await alice.talking(outside).getByText('On hold').waitFor()
    await eventually(async () => expect(await outOfSight(alice)).toEqual([]))
    await alice.hears(tones.carol)
    await carol.hears(tones.alice)
    await stopsHearing(caller, tones.alice)

    await button(alice, outside, 'Resume').click()
    await alice.talking('Carol').getByText('On hold').waitFor()
    await alice.hears(tones.outside)
    await caller.hears(tones.alice)
    await stopsHearing(carol, tones.alice)
  })

  test('hold and mute: the caller hears nothing, and everything afterwards', async () => {
    const { alice, caller } = await talking()
    await button(alice, outside, 'Hold').click()
    await alice.talking(outside).getByText('On hold').waitFor()
    await stopsHearing(caller, tones.alice)
    await button(alice, outside, 'Resume').click()
    await caller.hears(tones.alice)
    await alice.hears(tones.outside)
    await button(alice, outside, 'Mute').click()
    await stopsHearing(caller, tones.alice)
    await alice.hears(tones.outside)
    await button(alice, outside, 'Unmute').click()
    await caller.hears(tones.alice)
  })

  test('a change that the server refuses costs no call: it is asked for again', async () => {
    const context = await desks.context()
    let refuses = 1
    await context.routeWebSocket('**/sip', (page) => {
      const server = page.connectToServer()
      const refused = new Set<string>()
      const number = (text: string) => /^CSeq: *(\d+)/im.exec(text)?.[1] ?? ''
      page.onMessage((message) => {
        const text = String(message)
        if (/^INVITE /.test(text) && /^To:.*;tag=/im.test(text) && refuses > 0) {
          refuses--
          refused.add(number(text))
          const echoed = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
          page.send(['SIP/2.0 500 Server Internal Error', ...echoed, 'Content-Length: 0', '', ''].join('\r\n'))
        } else if (!/^ACK /.test(text) || !refused.has(number(text))) server.send(message)
      })
    })
    const { alice, caller } = await talking(await desks.desk('Alice', context))
    await button(alice, outside, 'Hold').click()
    await stopsHearing(caller, tones.alice)
    await eventually(async () => expect(await desks.house.calls()).toMatchObject([{ held: true }]))
    expect(refuses).toBe(0)
    await button(alice, outside, 'Resume').click()
    await caller.hears(tones.alice)
    await alice.hears(tones.outside)
  })

  test('whoever closes or reloads the page has hung up', async () => {
    const { alice, caller } = await talking()
    await alice.page.reload()
    await caller.event('CALL_CLOSED')
    expect(await desks.house.lastRecord()).toMatchObject({ cause: 'answered', endedBy: 'callee' })
  })

  test('keys of the keypad arrive at the phone as telephone events', async () => {
    const { alice, caller } = await talking()
    await button(alice, outside, 'Keypad').click()
    for (const key of ['4', '*', '#']) await alice.page.getByRole('button', { name: key, exact: true }).click()
    for (const key of ['4', '*', '#']) expect((await caller.event('CALL_DTMF_START')).param).toBe(key)
  })

  test('devices are chosen within the call, with the level in sight', async () => {
    const { alice, caller } = await talking()
    const level = alice.talking(outside).getByRole('meter', { name: 'Your microphone' })
    await eventually(async () => expect(await level.evaluate(levelOf)).toBeGreaterThan(0.2))
    await button(alice, outside, 'Sound devices').click()
    const microphone = alice.page.getByRole('combobox', { name: 'Microphone' })
    await microphone.locator('option').nth(2).waitFor({ state: 'attached' })
    await microphone.selectOption({ index: 2 })
    await alice.page.keyboard.press('Escape')
    const before = caller.heardSeconds()
    await eventually(() => expect(caller.heardSeconds()).toBeGreaterThan(before + 1))
    await caller.hears(tones.alice)
    await eventually(async () => expect(await level.evaluate(levelOf)).toBeGreaterThan(0.2))
  })

  describe('the network', () => {
    /** A desk whose media passes the gates. */
    async function gated(): Promise<Desk> {
      const context = await desks.context()
      await context.addInitScript(`{
        const ports = ${JSON.stringify(gates.ports)}
        const set = RTCPeerConnection.prototype.setRemoteDescription
        RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
          const behind = sdp.replace(/^(a=candidate:.* )(\\d+)( typ host)/gm, (_, before, port, after) => before + (ports[port] ?? port) + after)
          return set.call(this, { type, sdp: behind })
        }
      }`)
      return desks.desk('Alice', context)
    }

    /** How many ICE sessions the desk has begun in the only call (RFC 8839 §4.4.1.1.1). */
    async function iceSessions(): Promise<number> {
      const [call] = await desks.house.calls()
      const trace = await desks.house.trace(call?.id ?? '')
      const incoming = trace.filter(({ direction }) => direction === 'in')
      return new Set(incoming.flatMap(({ text }) => /a=ice-ufrag:(\S+)/.exec(text)?.[1] ?? [])).size
    }

    test('changes: the desk looks for the way anew at once, and the call goes on', async () => {
      const { alice, caller } = await talking()
      const before = await iceSessions()
      await alice.page.evaluate(`dispatchEvent(new Event('online'))`)
      await eventually(async () => expect(await iceSessions()).toBe(before + 1))
      await alice.talking(outside).getByText('Finding the way again').waitFor({ state: 'detached' })
      await caller.hears(tones.alice)
      await alice.hears(tones.outside)
    })

    test('breaks and comes back: the desk says so, and mends the call by itself', async () => {
      const { alice, caller } = await talking(await gated())
      const before = await iceSessions()
      for (const port of Object.values(gates.ports)) gates.shut(port)
      await alice.talking(outside).getByText('Finding the way again').waitFor()
      await eventually(async () => expect(await iceSessions()).toBeGreaterThan(before))
      gates.openAll()
      await alice.talking(outside).getByText('Finding the way again').waitFor({ state: 'detached' })
      await caller.hears(tones.alice)
      await alice.hears(tones.outside)
    })

    test('loses packets: the desk says in words how it sounds', async () => {
      const { alice } = await talking(await gated())
      await alice.talking(outside).getByText('Clear sound').waitFor()
      gates.losesOneIn = 8
      await alice.talking(outside).getByText('Weak connection').waitFor()
      gates.openAll()
      await alice.talking(outside).getByText('Clear sound').waitFor()
      for (const port of Object.values(gates.ports)) gates.shut(port)
      await alice
        .talking(outside)
        .getByText(/Nothing arrives|Finding the way again/)
        .waitFor()
    })
  })

  describe('video', () => {
    type Prepare = (context: BrowserContext) => Promise<void>
    const withCamera = async (name: 'Alice' | 'Bob', camera = true, prepare?: Prepare): Promise<Desk> => {
      const permissions = ['microphone', 'notifications', ...(camera ? ['camera'] : [])]
      const context = await desks.context({ permissions })
      await prepare?.(context)
      const desk = await desks.desk(name, context)
      await desk.canRing()
      return desk
    }

    async function call(alice: Desk, action: 'Call' | 'Call with video'): Promise<void> {
      await alice.page.getByRole('button', { name: 'New call' }).first().click()
      await choose(alice, 'Bob', action)
    }
    const callWithVideo = (alice: Desk) => call(alice, 'Call with video')

    /** Waits until a picture of some size moves. */
    async function sees(desk: Desk, who: string): Promise<void> {
      const picture = desk.page.locator(`video[aria-label="Picture of ${who}"][data-unseen=false]`)
      await picture.waitFor()
      const frames = () => picture.evaluate(framesOf)
      const before = await frames()
      expect(before.width).toBeGreaterThanOrEqual(320)
      await eventually(async () => expect((await frames()).frames).toBeGreaterThan(before.frames + 10))
    }

    const seesNot = (desk: Desk, who: string) =>
      desk.page.locator(`video[aria-label="Picture of ${who}"][data-unseen=true]`).waitFor({ state: 'attached' })

    test('between two desks: offered, answered with video, stopped and started again', async () => {
      const alice = await withCamera('Alice')
      const bob = await withCamera('Bob')
      await callWithVideo(alice)
      await bob.card('Alice').getByRole('button', { name: 'Answer with video' }).click()
      await alice.talking('Bob').getByText('In call').waitFor()
      await sees(alice, 'Bob')
      await sees(bob, 'Alice')
      await alice.hears(tones.alice)
      await bob.talking('Alice').locator('video[aria-label="Your own picture"]').waitFor()
      expect(await accessibilityFaults(bob.page)).toEqual([])

      await button(bob, 'Alice', 'Stop video').click()
      await seesNot(alice, 'Bob')
      await sees(bob, 'Alice')
      await button(bob, 'Alice', 'Start video').click()
      await sees(alice, 'Bob')

      await button(alice, 'Bob', 'Hold').click()
      await bob.talking('Alice').getByText('In call').waitFor()
      await button(alice, 'Bob', 'Resume').click()
      await sees(alice, 'Bob')
      await sees(bob, 'Alice')
      await bob.hears(tones.alice)
      await hangUp(bob, 'Alice')
      await alice.talking('Bob').waitFor({ state: 'detached' })
    })

    test('answered without: sees the caller, and may start later', async () => {
      const alice = await withCamera('Alice')
      const bob = await withCamera('Bob')
      await callWithVideo(alice)
      await bob.choice('Alice', 'Answer').click()
      await sees(bob, 'Alice')
      await seesNot(alice, 'Bob')
      await button(bob, 'Alice', 'Start video').click()
      await sees(alice, 'Bob')
      await hangUp(bob, 'Alice')
    })

    test.each([['caller'], ['callee']] as const)(
      'added to a call without by the %s: seen, answered with video, sound goes on',
      async (who) => {
        const alice = await withCamera('Alice')
        const bob = await withCamera('Bob')
        await call(alice, 'Call')
        await bob.choice('Alice', 'Answer').click()
        await alice.talking('Bob').getByText('In call').waitFor()
        await alice.hears(tones.alice)
        const sides = [
          { desk: alice, other: 'Bob', name: 'Alice' },
          { desk: bob, other: 'Alice', name: 'Bob' },
        ] as const
        const [one, two] = who === 'caller' ? sides : [sides[1], sides[0]]
        await button(one.desk, one.other, 'Start video').click()
        await sees(two.desk, one.name)
        await seesNot(one.desk, two.name)
        await button(two.desk, two.other, 'Start video').click()
        await sees(one.desk, two.name)
        await sees(two.desk, one.name)
        await alice.hears(tones.alice)
        await bob.hears(tones.alice)
        await button(one.desk, one.other, 'Stop video').click()
        await seesNot(two.desk, one.name)
        await hangUp(bob, 'Alice')
      },
    )

    /** The first re-INVITE of either desk goes when the other's does: they cross for certain. */
    function crossing(): Prepare {
      const waiting: (() => void)[] = []
      return async (context) => {
        let first = true
        await context.routeWebSocket('**/sip', (page) => {
          const server = page.connectToServer()
          page.onMessage((message) => {
            const text = String(message)
            const send = () => server.send(message)
            if (!first || !/^INVITE /.test(text) || !/^To:.*;tag=/im.test(text)) return send()
            first = false
            waiting.push(send)
            if (waiting.length === 2) for (const each of waiting) each()
          })
        })
      }
    }

    test('added by both at once: both see each other, and the call goes on', async () => {
      const cross = crossing()
      const alice = await withCamera('Alice', true, cross)
      const bob = await withCamera('Bob', true, cross)
      await call(alice, 'Call')
      await bob.choice('Alice', 'Answer').click()
      await alice.talking('Bob').getByText('In call').waitFor()
      await Promise.all([button(alice, 'Bob', 'Start video').click(), button(bob, 'Alice', 'Start video').click()])
      await Promise.all([sees(alice, 'Bob'), sees(bob, 'Alice')])
      await bob.hears(tones.alice)
      await alice.hears(tones.alice)
      await hangUp(bob, 'Alice')
    })

    test('added to a call with a phone: refused in words, the camera goes off, sound goes on', async () => {
      const { alice, caller } = await talking(await withCamera('Alice'))
      await button(alice, outside, 'Start video').click()
      await alice.page.getByText('The other side takes no video.').waitFor()
      await button(alice, outside, 'Start video').waitFor()
      expect(await alice.page.locator('video').count()).toBe(0)
      await caller.hears(tones.alice)
      await alice.hears(tones.outside)
      await hangUp(alice, outside)
    })

    test('to a phone: sound alone, and the camera goes off', async () => {
      const alice = await withCamera('Alice')
      const bob = await desks.house.phone('bob', { tone: tones.bob })
      await callWithVideo(alice)
      await bob.event('CALL_INCOMING')
      await bob.accept()
      await alice.hears(tones.bob)
      await bob.hears(tones.alice)
      expect(await button(alice, 'Bob', 'Stop video').count()).toBe(0)
      expect(await alice.page.locator('video').count()).toBe(0)
    })

    test('a refused camera is told, and the call has its sound', async () => {
      const alice = await withCamera('Alice', false)
      const bob = await withCamera('Bob', false)
      await callWithVideo(alice)
      await alice.page.getByText('the browser was told not to give this page the camera').waitFor()
      expect(await bob.card('Alice').getByRole('button', { name: 'Answer with video' }).count()).toBe(0)
      await bob.choice('Alice', 'Answer').click()
      await bob.hears(tones.alice)
      await alice.hears(tones.alice)
      await hangUp(bob, 'Alice')
    })
  })
})

/** These run in the page. */
const levelOf = (meter: unknown) => (meter as { value: number }).value
const framesOf = (element: unknown) => {
  const video = element as { videoWidth: number; getVideoPlaybackQuality(): { totalVideoFrames: number } }
  return { width: video.videoWidth, frames: video.getVideoPlaybackQuality().totalVideoFrames }
}

/** Waits until half a second of sound has arrived without this tone: a browser on hold sends silence. */
async function stopsHearing(phone: Baresip, frequency: number): Promise<void> {
  let from = phone.heardSeconds()
  await eventually(async () => {
    const heard = await phone.heard(from)
    if (secondsOf(frequency, heard) > 0) from = phone.heardSeconds()
    if (phone.heardSeconds() - from < 1) throw new Error(`${phone.user}'s phone still hears ${frequency} Hz`)
  })
}
