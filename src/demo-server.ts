import { type Directory, type DirectoryAdmin, demoNumbers } from '#directory'
import type { Config } from './config.ts'

/** Whom the demo caller can ring: log-in and number. */
export function demoLogins(directory: Directory): Map<string, string> {
  const logins = new Map<string, string>()
  for (const number of demoNumbers) {
    const person = directory.personByNumber(number)
    if (person) logins.set(person.login, number)
  }
  return logins
}

/** The demo's only way out: its trunk leads to the demo caller, wherever that listens this time. */
export async function reachDemoCaller(directory: Directory & DirectoryAdmin, gateway: string): Promise<void> {
  const trunk = directory.trunkById('demo')
  if (trunk) await directory.putTrunk({ ...trunk, settings: { ...trunk.settings, gateways: [gateway] } })
}

/** In the demo the server's own page is one that asks for calls, and whoever tries it tries often. */
export function withDemoVisitors(config: Config): Config {
  const { callbacks, http } = config
  const often = Object.fromEntries(Object.keys(callbacks.caps).map((cap) => [cap, 1_000])) as typeof callbacks.caps
  const origins = ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${http.listen.port}`)
  const widget = { ...callbacks.widget, origins: [...callbacks.widget.origins, ...origins] }
  return { ...config, callbacks: { ...callbacks, caps: often, widget } }
}
