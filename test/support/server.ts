import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { temporaryFolder } from './folders.ts'
import { freePort, freePorts } from './ports.ts'
import { type Program, startProgram } from './program.ts'

export type BatonOptions = {
  /** Added to the environment; `undefined` removes a name that would be set. */
  environment?: Record<string, string | undefined>
  /** Text of a `baton.yaml`; without one the demo organisation is served. */
  configYaml?: string
  /** More arguments of `src/main.ts`. */
  arguments?: string[]
  /** An existing data folder; a new one by default. */
  dataFolder?: string
  /** How long it may take until it is ready, in ms. Default 60 s. */
  patience?: number
}

const root = resolve(import.meta.dirname, '../..')

/** The real server as a process of its own: `node src/main.ts` on free ports of 127.0.0.1, with a data folder of its own. */
export class Baton {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly http: string
  /** SIP over UDP and TCP at the same port; `target` is `address:port`. */
  readonly sip: { readonly address: string; readonly udpPort: number; readonly target: string }
  readonly dataFolder: string
  readonly #options: BatonOptions
  readonly #environment: Record<string, string | undefined>
  readonly #arguments: string[]
  #program: Program | undefined
  #earlier = ''

  private constructor(options: BatonOptions, ports: { http: number; sip: number; rtp: number }) {
    this.#options = options
    this.http = `http://127.0.0.1:${ports.http}`
    this.sip = { address: '127.0.0.1', udpPort: ports.sip, target: `127.0.0.1:${ports.sip}` }
    this.dataFolder = options.dataFolder ?? temporaryFolder('data')
    this.#environment = {
      BATON_DATA: this.dataFolder,
      BATON_HTTP: `127.0.0.1:${ports.http}`,
      BATON_SIP: this.sip.target,
      BATON_RTP_PORTS: `${ports.rtp}-${ports.rtp + rtpPorts - 1}`,
      ...options.environment,
    }
    this.#arguments = [...(options.arguments ?? [])]
    if (options.configYaml !== undefined) {
      const path = join(temporaryFolder('config'), 'baton.yaml')
      writeFileSync(path, options.configYaml)
      this.#arguments.push('--config', path)
    }
  }

  /** Starts the server and waits until it is ready. */
  static async start(options: BatonOptions = {}): Promise<Baton> {
    const ports = { http: await freePort(), sip: await freePort(), rtp: await freePorts(rtpPorts) }
    const baton = new Baton(options, ports)
    await baton.#run()
    return baton
  }

  get pid(): number {
    return this.#program!.pid
  }

  /** Everything that it has printed, over all restarts. */
  output(): string {
    return this.#earlier + (this.#program?.output() ?? '')
  }

  /** Asks for an orderly end (SIGTERM); returns the exit code, null when it had to be killed after 30 s. */
  async stop(): Promise<number | null> {
    const { code } = await this.#program!.stop(30_000)
    return code
  }

  /** Ends it at once (SIGKILL), as a crash would; returns when it is gone. */
  async kill(): Promise<void> {
    this.#program!.signal('SIGKILL')
    await this.#program!.ended
  }

  /** Starts it again on the same ports and data, after an orderly stop if it still runs. Returns when it is ready. */
  async restart(): Promise<void> {
    if (this.#program!.alive()) await this.stop()
    await this.#run()
  }

  /** `fetch` of a path of this server. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.http + path, init)
  }

  async #run(): Promise<void> {
    this.#earlier = this.output()
    const program = await startServer(this.#arguments, this.#environment)
    this.#program = program
    await program.printed(/Baton is ready/, { timeout: this.#options.patience ?? 60_000 })
    const ready = await this.fetch('/readyz')
    if (ready.status !== 200) throw new Error(`/readyz says ${ready.status} though Baton is ready.\n${this.output()}`)
  }
}

/** RTP ports of each server: enough for 50 anchored calls. */
const rtpPorts = 200

/** Starts the real server; see {@link Baton.start}. */
export function startBaton(options: BatonOptions = {}): Promise<Baton> {
  return Baton.start(options)
}

/**
 * Starts `node src/main.ts` and waits for nothing; for starts that are to be refused.
 * No BATON_ name of the machine's own environment reaches it.
 */
export function startServer(args: string[], environment: Record<string, string | undefined>): Promise<Program> {
  const own = Object.keys(process.env).filter((name) => name.startsWith('BATON_'))
  const none = Object.fromEntries(own.map((name) => [name, undefined]))
  return startProgram(nodePath(), ['src/main.ts', ...args], { cwd: root, environment: { ...none, ...environment } })
}

/** The Node that npm scripts find. */
function nodePath(): string {
  const own = join(root, 'node_modules/.bin/node')
  return existsSync(own) ? own : process.execPath
}
