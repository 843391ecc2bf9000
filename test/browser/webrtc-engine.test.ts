import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { fallsSilent, House } from '../interop/house.ts'
import type { Baresip } from '../support/baresip.ts'
import { launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { secondsOf } from '../support/tone.ts'
import { BrowserPhone, PhonePage } from './browser-phone.ts'

needs('chromium', 'baresip')('browsers as phones, over /sip', () => {
  let house: House
  let browser: Browser
  let pages: PhonePage

  beforeAll(async () => {
    pages = new PhonePage()
    house = await House.open()
    browser = await launchChromium()
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await browser?.close()
    await house?.close()
    pages?.remove()
  })

  async function registered(user: string, library: 'jssip' | 'sip.js' = 'jssip'): Promise<BrowserPhone> {
    const phone = await BrowserPhone.register(browser, pages, house.baton.http, user, { library })
    house.onClear(() => phone.close())
    return phone
  }

  async function talking(library: 'jssip' | 'sip.js' = 'jssip'): Promise<{ alice: BrowserPhone; caller: Baresip }> {
    const alice = await registered('alice', library)
    const caller = await house.outsidePhone({ tone: 440 })
    await caller.dial(house.numberOf('alice'))
    await alice.saw('incoming')
    await alice.do('answer', { tone: 700 })
    await caller.event('CALL_ESTABLISHED')
    await alice.saw('confirmed')
    await caller.hears(700)
    await alice.hears(440)
    return { alice, caller }
  }

  test('a phone of the telephone network calls a browser: both hear each other', async () => {
    const { alice, caller } = await talking()
    await caller.hangup()
    await alice.saw('ended Terminated')
    const record = await house.lastRecord()
    expect(record).toMatchObject({ cause: 'answered', endedBy: 'caller' })
  })

  test('a browser calls a phone', async () => {
    const alice = await registered('alice')
    const bob = await house.phone('bob', { tone: 880 })
    await alice.do('call', 'sip:102@baton.local', { tone: 700 })
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await alice.saw('confirmed')
    await bob.hears(700)
    await alice.hears(880)
    await alice.do('hangup')
    await bob.event('CALL_CLOSED')
  })

  test('the browser holds and resumes, and so does the phone', async () => {
    const { alice, caller } = await talking()
    await alice.do('hold')
    await alice.saw('hold')
    await alice.hearsNothing()
    await stopsHearing(caller, 700)
    await alice.do('resume')
    await alice.saw('unhold')
    await caller.hears(700)
    await alice.hears(440)
    await caller.hold()
    await fallsSilent(caller)
    await caller.resume()
    await alice.hears(440)
    await caller.hears(700)
  })

  test('keys go both ways', async () => {
    const { alice, caller } = await talking()
    await alice.do('dtmf', '12#')
    for (const key of '12#') expect((await caller.event('CALL_DTMF_START')).param).toBe(key)
    // A browser plays what is pressed: 5 is 770 and 1336 Hz.
    const heard = alice.hearsAll([770, 1336])
    for (let i = 0; i < 3; i++) await caller.command('sndcode', '5')
    await heard
    await caller.command('sndcode', '\x04')
  })

  test('an ICE restart keeps the call', async () => {
    const { alice, caller } = await talking()
    const { before, after } = await alice.do<{ before: string[]; after: string[] }>('restartIce')
    expect(after[0]).not.toBe(before[0])
    expect(after[1]).not.toBe(before[1])
    await caller.hears(700)
    await alice.hears(440)
    expect(await alice.log()).not.toContain('connection failed')
  })

  test('browser to browser with video: Opus and frames pass', async () => {
    const alice = await registered('alice')
    const bob = await registered('bob')
    await bob.do('call', 'sip:101@baton.local', { tone: 600, video: true })
    await alice.saw('incoming')
    await alice.do('answer', { tone: 700, video: true })
    await bob.saw('confirmed')
    await alice.hears(600)
    await bob.hears(700)
    for (const phone of [alice, bob]) {
      await expect.poll(async () => (await phone.stats()).video.framesDecoded ?? 0).toBeGreaterThan(30)
      expect((await phone.stats()).video.frameWidth).toBe(320)
    }
    await bob.do('hangup')
    await alice.saw('ended Terminated')
    const [record] = await house.records()
    expect(JSON.stringify(record)).toContain('opus')
  })

  test('a browser that talked Opus and video with another is transferred to a phone, and goes on with G.711', async () => {
    const alice = await registered('alice')
    const bob = await registered('bob')
    const carol = await house.phone('carol', { tone: 880 })
    await bob.do('call', 'sip:101@baton.local', { tone: 600, video: true })
    await alice.saw('incoming')
    await alice.do('answer', { tone: 700, video: true })
    await bob.saw('confirmed')
    await bob.hears(700)
    await alice.do('transfer', 'sip:103@baton.local')
    await carol.event('CALL_INCOMING')
    await carol.accept()
    await bob.hears(880)
    await carol.hears(600)
    await carol.hangup()
    await bob.saw('ended Terminated')
  })

  test('SIP.js registers, is called, and calls', async () => {
    const { alice, caller } = await talking('sip.js')
    await caller.hangup()
    await alice.saw('ended')
    const bob = await house.phone('bob', { tone: 880 })
    await alice.do('call', 'sip:102@baton.local', { tone: 500 })
    await bob.event('CALL_INCOMING')
    await bob.accept()
    await bob.hears(500)
    await alice.hears(880)
  })
})

/** Waits until half a second of sound has arrived without this tone: a browser on hold sends silence. */
async function stopsHearing(phone: Baresip, frequency: number): Promise<void> {
  let from = phone.heardSeconds()
  await eventually(async () => {
    const tones = await phone.heard(from)
    if (secondsOf(frequency, tones) > 0) from = phone.heardSeconds()
    if (phone.heardSeconds() - from < 0.5) throw new Error(`${phone.user}'s phone still hears ${frequency} Hz`)
  })
}
