import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { eventually } from '../interop/eventually.ts'

const root = resolve(import.meta.dirname, '../..')

/** The built page of `phone-page`, as path and content. */
export class PhonePage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'baton-phone-page-'))

  constructor() {
    const vite = join(root, 'node_modules/vite/bin/vite.js')
    const page = join(import.meta.dirname, 'phone-page')
    const built = spawnSync(process.execPath, [vite, 'build', page, '--outDir', this.#folder, '--logLevel', 'error'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'production' },
    })
    if (built.status !== 0) throw new Error(`the phone's page could not be built: ${built.stderr}`)
  }

  /** Serves the page on an origin of its own under the server's address, so that `/sip` is of the same origin. */
  async serve(context: BrowserContext, origin: string): Promise<void> {
    await context.route(`${origin}/phone.html`, (route) =>
      route.fulfill({ contentType: 'text/html', body: readFileSync(join(this.#folder, 'index.html')) }),
    )
    for (const name of readdirSync(join(this.#folder, 'assets'))) {
      const contentType = extname(name) === '.js' ? 'text/javascript' : 'text/css'
      const body = readFileSync(join(this.#folder, 'assets', name))
      await context.route(`${origin}/assets/${name}`, (route) => route.fulfill({ contentType, body }))
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

type Stats = {
  audio: { packetsReceived?: number; totalAudioEnergy?: number; codecId?: string }
  video: {
    framesDecoded?: number
    frameWidth?: number
    packetsReceived?: number
    packetsLost?: number
    nackCount?: number
  }
  pair?: { localCandidateId: string; remoteCandidateId: string }
  local: { id: string; port: number; candidateType: string }[]
  remotes?: { id: string; port: number }[]
}

/** A page with a SIP phone in a real browser; it says what it hears. */
export class BrowserPhone {
  readonly user: string
  readonly page: Page

  private constructor(user: string, page: Page) {
    this.user = user
    this.page = page
  }

  /** Opens the page and registers as one of the demo people. */
  static async register(
    browser: Browser,
    pages: PhonePage,
    origin: string,
    user: string,
    options: { library?: 'jssip' | 'sip.js'; pcConfig?: object; ports?: Record<number, number> } = {},
  ): Promise<BrowserPhone> {
    const context = await browser.newContext({ permissions: ['microphone', 'camera'] })
    await pages.serve(context, origin)
    const page = await context.newPage()
    await page.goto(`${origin}/phone.html`)
    const url = `${origin.replace('http', 'ws')}/sip`
    await page.evaluate(
      (start) => (globalThis as never as { phone: { start(o: object): Promise<void> } }).phone.start(start),
      {
        url,
        user,
        password: `${user}-demo`,
        ...options,
      },
    )
    return new BrowserPhone(user, page)
  }

  close(): Promise<void> {
    return this.page.context().close()
  }

  /** Asks the phone on the page to do something. */
  do<T>(what: string, ...args: unknown[]): Promise<T> {
    return this.page.evaluate(
      ([name, given]) => {
        const { it } = (globalThis as never as { phone: { it: Record<string, (...args: unknown[]) => unknown> } }).phone
        return it[name as string]?.(...(given as unknown[]))
      },
      [what, args],
    ) as Promise<T>
  }

  log(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as never as { phone: { log: string[] } }).phone.log)
  }

  /** Waits until the phone has noted something. */
  async saw(what: string): Promise<void> {
    await eventually(async () => {
      const log = await this.log()
      if (!log.includes(what)) throw new Error(`${this.user}'s browser saw no '${what}', but ${log.join(', ')}`)
    }, 8_000)
  }

  stats(): Promise<Stats> {
    return this.page.evaluate(() =>
      (globalThis as never as { phone: { it: { ear: { stats(): Promise<Stats> } } } }).phone.it.ear.stats(),
    ) as Promise<Stats>
  }

  #spectrum(frequencies: number[]): Promise<{ loudest: number; level: number; levels: number[] }> {
    return this.page.evaluate(
      (given) =>
        (
          globalThis as never as {
            phone: { it: { ear: { spectrum(f: number[]): { loudest: number; level: number; levels: number[] } } } }
          }
        ).phone.it.ear.spectrum(given),
      frequencies,
    )
  }

  /** Waits until a tone is the loudest of what the browser plays, and its energy grows. */
  async hears(frequency: number): Promise<void> {
    const before = (await this.stats()).audio.totalAudioEnergy ?? 0
    await eventually(async () => {
      const { loudest, level } = await this.#spectrum([])
      const energy = ((await this.stats()).audio.totalAudioEnergy ?? 0) - before
      if (Math.abs(loudest - frequency) > 25 || level < -50 || energy <= 0)
        throw new Error(
          `${this.user}'s browser hears ${loudest} Hz at ${level} dB, energy ${energy}, not ${frequency} Hz`,
        )
    }, 8_000)
  }

  /** Waits until all these frequencies sound at once. */
  async hearsAll(frequencies: number[]): Promise<void> {
    await eventually(async () => {
      const { levels } = await this.#spectrum(frequencies)
      if (Math.min(...levels) < -55) throw new Error(`${this.user}'s browser hears ${frequencies} Hz at ${levels} dB`)
    }, 8_000)
  }

  /** Waits until nothing is to be heard. */
  async hearsNothing(): Promise<void> {
    await eventually(async () => {
      const { level } = await this.#spectrum([])
      if (level > -80) throw new Error(`${this.user}'s browser still hears something at ${level} dB`)
    }, 8_000)
  }

  /** The ports of the path in use: the browser's and the server's. */
  async path(): Promise<{ local: number; remote: number }> {
    const { pair, local, remotes } = await this.stats()
    const portOf = (list: { id: string; port: number }[] | undefined, id: string | undefined): number =>
      list?.find((one) => one.id === id)?.port ?? 0
    expect(pair).toBeDefined()
    return { local: portOf(local, pair?.localCandidateId), remote: portOf(remotes, pair?.remoteCandidateId) }
  }
}
