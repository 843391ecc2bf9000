import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { findProgram } from './programs.ts'

/** How a program ended: its exit code, or the signal that killed it. */
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type StartOptions = {
  /** Working folder. */
  cwd?: string
  /** Added to this process's environment; `undefined` removes a name. */
  environment?: Record<string, string | undefined>
  /** Sends its output here too, as it comes. */
  onOutput?: (text: string) => void
}

const running = new Set<Program>()

/** A real program that a test started, with everything it printed. It is killed at the end of the test file at the latest. */
export class Program {
  readonly pid: number
  /** Settles when the program has ended and its output is complete. */
  readonly ended: Promise<Ending>
  readonly #name: string
  readonly #child: ChildProcess
  readonly #watchers = new Set<() => void>()
  #output = ''
  #ending: Ending | undefined

  constructor(name: string, child: ChildProcess, onOutput?: (text: string) => void) {
    this.#name = name
    this.#child = child
    this.pid = child.pid!
    const take = (text: string) => {
      this.#output += text
      onOutput?.(text)
      for (const watch of [...this.#watchers]) watch()
    }
    child.stdout!.setEncoding('utf8').on('data', take)
    child.stderr!.setEncoding('utf8').on('data', take)
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#ending = { code, signal }
        running.delete(this)
        resolve(this.#ending)
        for (const watch of [...this.#watchers]) watch()
      })
    })
    running.add(this)
  }

  /** Everything printed so far, standard output and errors in the order they came. */
  output(): string {
    return this.#output
  }

  /** Whether it still runs. */
  alive(): boolean {
    return this.#ending === undefined
  }

  /**
   * Waits until the output holds `pattern`, at or after the position `from`.
   * Rejects with the output so far when the program ends first or `timeout` ms have passed.
   */
  printed(pattern: RegExp, { timeout = 45_000, from = 0 } = {}): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        act()
      }
      const fail = (why: string) =>
        settle(() => reject(new Error(`${this.#name} ${why} ${pattern}.\n${this.#output.slice(-3_000)}`)))
      const look = () => {
        const found = pattern.exec(this.#output.slice(from))
        if (found) settle(() => resolve(found))
        else if (this.#ending) fail(`ended (${this.#ending.code ?? this.#ending.signal}) before it printed`)
      }
      const timer = setTimeout(() => fail(`did not print within ${timeout} ms`), timeout)
      this.#watchers.add(look)
      look()
    })
  }

  /** Sends a signal to the program alone. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Asks the program to end (SIGTERM) and waits; after `patience` ms it is killed. */
  async stop(patience = 10_000): Promise<Ending> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.kill(), patience)
    const ending = await this.ended
    clearTimeout(timer)
    return ending
  }

  /** Ends the program and what it started, at once. */
  kill(): void {
    if (this.#ending) return
    this.killGroup()
    this.#child.kill('SIGKILL')
  }

  /** Ends what the program started and left behind. */
  killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL') // each program leads a group of its own
    } catch {
      // nothing is left
    }
  }
}

/** Starts a program by name or path, without standard input. Rejects when it cannot be started. */
export async function startProgram(name: string, args: string[], options: StartOptions = {}): Promise<Program> {
  const path = name.includes('/') ? name : findProgram(name)
  if (!path) throw new Error(`${name} is not installed`)
  const child = spawn(path, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(new Error(`${path} could not be started: ${error.message}`)))
  })
  return new Program(name, child, options.onOutput)
}

/** CPU time of a program and all that it started, in ms; Linux only. Those that have ended do not count. */
export function cpuOfGroup(pid: number): number {
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statOf(name)
    if (fields[2] === String(pid)) ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * 10 // of 1/100 s
}

/** The fields of /proc/PID/stat after the command's name: state, parent, group, …; empty when the process is gone. */
function statOf(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** Kills whatever was started here and still runs, and waits until it is gone. */
export async function killEveryProgram(): Promise<void> {
  const left = [...running]
  for (const program of left) program.kill()
  await Promise.all(left.map((program) => program.ended))
}

process.on('exit', () => {
  for (const program of running) program.kill()
})
