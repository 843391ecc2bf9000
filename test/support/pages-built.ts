import { buildPages } from './browser.ts'

/** Once per run, before the first suite that opens a browser. */
export function setup(): void {
  buildPages()
}
