import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram } from './programs.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Chromium without its own traffic. Microphone and camera are made up, sound plays without a click, and there are candidates on loopback.
 * Pages still need the permission for microphone and camera.
 * @param microphone path of a WAV file that the microphone hears over and over; beeps by default
 */
export function launchChromium({ microphone }: { microphone?: string } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') as string,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      ...(microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`]),
      '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection',
      // A page that a test serves itself is taken for one from outside.
      '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks',
    ],
  })
}

/** Builds the pages where the real server looks for them, so that what is tested is what the sources say. */
export function buildPages(): void {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const built = spawnSync(process.execPath, [vite, 'build', 'web', '--logLevel', 'error'], {
    cwd: root,
    encoding: 'utf8',
    // The test runner's own setting would give a development build.
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (built.status !== 0) throw new Error(`the pages could not be built: ${built.stderr}`)
  // As scripts/prepare.mjs marks it: `npm start` need not build them again.
  writeFileSync(join(root, 'web/dist/.built'), '')
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on the page as it is: one line each, empty when all is well. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const run = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`
  const { violations } = await page.evaluate<{
    violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[]
  }>(run)
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary ?? ''}`)
    return `${id}: ${help}\n  ${where.join('\n  ')}`
  })
}
