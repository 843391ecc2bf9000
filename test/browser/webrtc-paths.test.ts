import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { House } from '../interop/house.ts'
import { launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { BrowserPhone, PhonePage } from './browser-phone.ts'
import { UdpGates } from './udp-gates.ts'

const rtpPorts = 12

needs('chromium', 'baresip')('the way of a browser’s media is cut', () => {
  let house: House
  let browser: Browser
  let pages: PhonePage
  let gates: UdpGates

  beforeAll(async () => {
    pages = new PhonePage()
    const first = await freePorts(rtpPorts + 1)
    const from = first + (first & 1)
    house = await House.open({ environment: { BATON_RTP_PORTS: `${from}-${from + rtpPorts - 1}` } })
    gates = await UdpGates.before(Array.from({ length: rtpPorts }, (_, i) => from + i))
    browser = await launchChromium()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await browser?.close()
    await house?.close()
    gates?.close()
    pages?.remove()
  })

  async function talking() {
    gates.openAll()
    const alice = await BrowserPhone.register(browser, pages, house.baton.http, 'alice', { ports: gates.ports })
    house.onClear(() => alice.close())
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    await alice.saw('incoming')
    await alice.do('answer', { tone: 700 })
    await caller.event('CALL_ESTABLISHED')
    await caller.hears(700)
    await alice.hears(440)
    return { alice, caller }
  }

  test('the selected port is blocked: the other candidate takes over', async () => {
    const { alice, caller } = await talking()
    const before = await alice.path()
    expect(Object.values(gates.ports)).toContain(before.remote)
    gates.shut(before.remote)
    await expect.poll(async () => (await alice.path()).remote).not.toBe(before.remote)
    await caller.hears(700)
    await alice.hears(440)
    expect(await alice.log()).not.toContain('ended')
  })

  test('every port is blocked and opens again: an ICE restart brings the sound back', async () => {
    const { alice, caller } = await talking()
    for (const port of Object.values(gates.ports)) gates.shut(port)
    await alice.saw('ice disconnected')
    gates.openAll()
    const { before, after } = await alice.do<{ before: string[]; after: string[] }>('restartIce')
    expect(after[1]).not.toBe(before[1])
    await caller.hears(700)
    await alice.hears(440)
  })

  test('one packet in ten is lost on the way to the browser: video is whole, because packets are sent again', async () => {
    gates.openAll()
    const alice = await BrowserPhone.register(browser, pages, house.baton.http, 'alice', { ports: gates.ports })
    const bob = await BrowserPhone.register(browser, pages, house.baton.http, 'bob')
    for (const phone of [alice, bob]) house.onClear(() => phone.close())
    await bob.do('call', 'sip:101@baton.local', { tone: 600, video: true })
    await alice.saw('incoming')
    await alice.do('answer', { tone: 700, video: true })
    await bob.saw('confirmed')
    await alice.hears(600)
    gates.losesOneIn = 10
    const before = (await alice.stats()).video
    await expect
      .poll(async () => (await alice.stats()).video.framesDecoded ?? 0)
      .toBeGreaterThan((before.framesDecoded ?? 0) + 100)
    const after = (await alice.stats()).video
    const received = (after.packetsReceived ?? 0) - (before.packetsReceived ?? 0)
    expect((after.nackCount ?? 0) - (before.nackCount ?? 0)).toBeGreaterThan(0)
    expect((after.packetsLost ?? 0) - (before.packetsLost ?? 0)).toBeLessThan(received / 30)
    await bob.do('hangup')
    await alice.saw('ended Terminated')
  })
})
