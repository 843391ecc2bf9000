import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { eventually } from '../interop/eventually.ts'
import { House } from '../interop/house.ts'
import { launchChromium } from '../support/browser.ts'
import { temporaryFolder } from '../support/folders.ts'
import { concatenate, makeTone, type Sound, writeWav } from '../support/tone.ts'

/** The real server with the demo organisation and its phones, and Chromium for their desks: what every suite of the desk starts. */
export class DeskHouse {
  readonly house: House
  readonly browser: Browser

  private constructor(house: House, browser: Browser) {
    this.house = house
    this.browser = browser
  }

  /**
   * @param tone what the browser's microphone hears, in Hz; Chromium's own beeps by default
   * @param environment of the server
   */
  static async open({
    tone,
    environment = {},
  }: {
    tone?: number
    environment?: Record<string, string>
  } = {}): Promise<DeskHouse> {
    const browser = await launchChromium(tone === undefined ? {} : { microphone: beeping(tone) })
    return new DeskHouse(await House.open({ environment }), browser)
  }

  /** Closes everything. @throws when calls, dialogs or media of ended calls are left in the server */
  async close(): Promise<void> {
    await this.clear()
    await this.browser.close()
    await this.house.close()
  }

  /** Ends the browsers and phones of a test. */
  clear(): Promise<void> {
    return this.house.clear()
  }

  /** A browser of its own, with its own cookies, until the end of the test. The microphone is allowed. */
  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      locale: 'en',
      permissions: ['microphone', 'notifications'],
      ...options,
    })
    this.house.onClear(() => context.close())
    await context.addInitScript(listen)
    return context
  }

  /** The desk of one of the demo people, logged in; in a browser of its own unless one is given. */
  async desk(name: 'Alice' | 'Bob' | 'Carol' | 'Dave', context?: BrowserContext): Promise<Desk> {
    const page = await (context ?? (await this.context())).newPage()
    await page.goto(`${this.house.baton.http}/desk`)
    const button = page.getByRole('button', { name: `Log in as ${name}` })
    const inside = page.getByRole('heading', { level: 1, name: 'Calls' })
    await button.or(inside).first().waitFor()
    if (await button.isVisible()) await button.click()
    await inside.waitFor()
    return new Desk(page)
  }
}

/** A page of the desk as its user sees and hears it. */
export class Desk {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** The card of a call that rings. @param caller name, or number as it is shown */
  card(caller: string) {
    return this.page.getByRole('alertdialog', { name: `Incoming call from ${caller}`, exact: true })
  }

  /** A button of that card; some are named by a beginning of others. */
  choice(caller: string, name: 'Answer' | 'Answer on…' | 'Send to…' | 'Decline') {
    return this.card(caller).getByRole('button', { name, exact: true })
  }

  /** The call that this browser has. */
  talking(caller: string) {
    return this.page.getByRole('article', { name: caller })
  }

  /** Lets the demo caller ring. */
  async letDemoCallerRing(): Promise<void> {
    await this.page.getByRole('button', { name: 'Let a demo caller ring you' }).click()
    await this.card('Demo caller').waitFor()
  }

  /** Waits until this browser's phone can be rung. */
  async canRing(): Promise<void> {
    await eventually(async () => {
      const response = await this.page.request.get(new URL('/api/v1/devices', this.page.url()).href)
      const { devices } = (await response.json()) as { devices: { kind: string; bindings: unknown[] }[] }
      if (!devices.some(({ kind, bindings }) => kind === 'desk' && bindings.length > 0))
        throw new Error(`no browser is registered: ${JSON.stringify(devices)}`)
    })
  }

  /** Waits until sound of any kind has come in. */
  async hearsSound(): Promise<void> {
    await this.#heard(({ energy }) => energy > 0.0005, 'sound')
  }

  /** Waits until a tone is the loudest of what comes in, and its energy grows. */
  async hears(frequency: number): Promise<void> {
    const before = (await this.#listen()).energy
    await this.#heard(
      ({ loudest, level, energy }) => Math.abs(loudest - frequency) <= 25 && level > -50 && energy > before,
      `${frequency} Hz`,
    )
  }

  async #heard(enough: (heard: Heard) => boolean, what: string): Promise<void> {
    await eventually(async () => {
      const heard = await this.#listen()
      if (!enough(heard)) throw new Error(`the desk hears no ${what}, but ${JSON.stringify(heard)}`)
    }, 45_000)
  }

  #listen(): Promise<Heard> {
    return this.page.evaluate<Heard>('window.heard()')
  }
}

/** What comes in over all calls of a page: its energy so far, and the loudest frequency (Hz, dB) at this moment. */
type Heard = { energy: number; loudest: number; level: number }

/** Runs in the page before its own scripts: keeps every peer connection, with an analyser at what comes in. */
const listen = `{
  const ears = []
  const Plain = RTCPeerConnection
  window.RTCPeerConnection = class extends Plain {
    constructor(...settings) {
      super(...settings)
      ears.push({ connection: this })
      const ear = ears.at(-1)
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'audio') return
        const context = new AudioContext()
        ear.analyser = context.createAnalyser()
        ear.analyser.fftSize = 4096
        ear.analyser.smoothingTimeConstant = 0
        ear.bin = context.sampleRate / ear.analyser.fftSize
        context.createMediaStreamSource(new MediaStream([track])).connect(ear.analyser)
      })
    }
  }
  window.heard = async () => {
    const heard = { energy: 0, loudest: 0, level: -200 }
    for (const { connection, analyser, bin } of ears) {
      for (const report of (await connection.getStats()).values())
        if (report.type === 'inbound-rtp' && report.kind === 'audio') heard.energy += report.totalAudioEnergy ?? 0
      if (!analyser || connection.connectionState !== 'connected') continue
      const levels = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(levels)
      levels.forEach((level, i) => {
        if (i > 0 && level > heard.level) Object.assign(heard, { level, loudest: Math.round(i * bin) })
      })
    }
    return heard
  }
}`

/** A WAV file of a tone that comes and goes: browsers take a steady one for noise, and suppress it. */
function beeping(frequency: number): string {
  const rate = 48_000
  const pause: Sound = { rate, samples: new Float32Array(rate * 0.2) }
  const path = join(temporaryFolder('microphone'), 'microphone.wav')
  writeWav(path, concatenate([makeTone(frequency, 0.4, { rate }), pause]))
  return path
}
