import { join } from 'node:path'
import { type Program, startProgram } from './program.ts'

/** Hz of what callers of the centre hear. */
export const centreTones = { menu: 500, secondMenu: 600, announcement: 680, music: 760, agent: 880 } as const

export type CentreSettings = {
  /** Its own place of SIP; requests go to `server`. */
  readonly address: string
  readonly port: number
  /** `address:port` */
  readonly server: string
  /** Where it says by HTTP how long one would wait. */
  readonly httpPort: number
  /** How long the music plays before somebody answers. */
  readonly holdMs: number
  /** Hz of the question that the agent presses 1 upon. */
  readonly questionTone: number
  /** Hz of who is joined with the agent. */
  readonly callerTone: number
}

/** What happened at the centre, and when (ms since 1970). */
export type CentreEvent = {
  readonly what:
    | 'ready'
    | 'wait-asked'
    | 'answered'
    | 'key'
    /** The second menu has been spoken. */
    | 'spoken'
    | 'music'
    | 'agent'
    | 'pressed'
    | 'caller-heard'
    | 'bye'
  readonly key: string
  readonly at: number
}

/** An outside calling centre that runs as a program of its own; see centre-program.ts. */
export class Centre {
  readonly #program: Program

  private constructor(program: Program) {
    this.#program = program
  }

  static async start(settings: CentreSettings): Promise<Centre> {
    const file = join(import.meta.dirname, 'centre-program.ts')
    const centre = new Centre(await startProgram(process.execPath, [file, JSON.stringify(settings)]))
    await centre.event('ready')
    return centre
  }

  /** Waits until this has happened for the first time. @throws with all that the centre printed */
  async event(what: CentreEvent['what'], timeout = 45_000): Promise<CentreEvent> {
    const [line] = await this.#program.printed(new RegExp(`^\\{"what":"${what}".*\\}$`, 'm'), { timeout })
    return JSON.parse(line)
  }

  /** All that has happened so far. */
  events(): readonly CentreEvent[] {
    return [...this.#program.output().matchAll(/^\{"what".*\}$/gm)].map(([line]) => JSON.parse(line))
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }
}
