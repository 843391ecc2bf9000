import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeFolder, temporaryFolder } from './folders.ts'
import { freePorts } from './ports.ts'
import { type Program, startProgram } from './program.ts'

export type SippOptions = {
  /** A scenario of test/sipp by its name (`uac-call`), or the path of a file. */
  scenario: string
  /** `address:port` of the other side; only callers need one. */
  target?: string
  /** Where SIPp listens; a free port by default. */
  port?: number
  address?: string
  transport?: 'udp' | 'tcp'
  /** Calls in all. Default 1; 0 means until it is stopped. */
  calls?: number
  /** New calls per second. Default 10. */
  rate?: number
  /** Calls at the same time at most. */
  concurrent?: number
  /** The user that is called, or that registers. Default +12025550101. */
  user?: string
  password?: string
  /** How long a `<pause/>` without a time of its own lasts, in ms. Default 500. */
  pause?: number
  /** Values for `[name]` in the scenario. */
  keys?: Record<string, string | number>
  /** A CSV file for `[field0]` and on. */
  fields?: string
  /** Gives up after so many seconds. Default 60. */
  timeout?: number
  /** More arguments, as they are. */
  arguments?: string[]
}

export type SippResult = {
  /** 0: every call went as the scenario says; 1: some did not. */
  readonly code: number | null
  readonly successful: number
  readonly failed: number
  /** Messages that SIPp sent again. */
  readonly retransmissions: number
  /** Mean time between the scenario's `start_rtd` and `rtd`, in ms; 0 when it measures none. */
  readonly responseTime: number
  /** How many calls took below, for each upper bound in ms (`Infinity` for the last); for percentiles. */
  readonly responseTimes: readonly { below: number; calls: number }[]
  /** Unexpected messages and the like, as SIPp logged them. */
  readonly errors: string
}

/** A running SIPp. */
export type Sipp = {
  readonly pid: number
  readonly address: string
  readonly port: number
  /** Settles when it has ended. */
  readonly result: Promise<SippResult>
  /** Ends it now: no new calls, those that run are cut. */
  stop(): Promise<SippResult>
}

/** Starts SIPp and returns when its socket is open. */
export async function startSipp(options: SippOptions): Promise<Sipp> {
  const folder = temporaryFolder('sipp')
  const address = options.address ?? '127.0.0.1'
  const port = options.port ?? (await freePorts(1))
  const media = await freePorts(4)
  const control = await freePorts(1)
  const program = await startProgram('sipp', argumentsOf(options, { folder, address, port, media, control }), {
    cwd: folder,
  })
  const result = program.ended.then(({ code }) => {
    const known = {
      code,
      ...readStatistics(join(folder, 'statistics.csv')),
      errors: readIfThere(join(folder, 'errors.log')),
    }
    removeFolder(folder)
    return known
  })
  await ready(program, control)
  return {
    pid: program.pid,
    address,
    port,
    result,
    stop: async () => {
      program.signal('SIGUSR1') // its own "q": ends when the calls are over
      const timer = setTimeout(() => program.kill(), 5_000)
      const ending = await result
      clearTimeout(timer)
      return ending
    },
  }
}

/** Runs SIPp to its end. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  const sipp = await startSipp(options)
  return sipp.result
}

/** SIPp prints nothing when it is ready; its last step is to open the control port. */
async function ready(program: Program, control: number): Promise<void> {
  const entry = `:${control.toString(16).toUpperCase().padStart(4, '0')} `
  for (let tries = 0; tries < 3_000 && program.alive(); tries++) {
    if (readIfThere('/proc/net/udp').includes(entry)) return
    await sleep(10)
  }
  if (!program.alive()) return // it ended already: the result tells
  program.kill()
  throw new Error(`sipp opened no socket within 30 s.\n${program.output().slice(-2_000)}`)
}

type Places = { folder: string; address: string; port: number; media: number; control: number }

function argumentsOf(options: SippOptions, { folder, address, port, media, control }: Places): string[] {
  const file = options.scenario.includes('/')
    ? options.scenario
    : join(import.meta.dirname, '../sipp', `${options.scenario}.xml`)
  const { calls = 1, rate = 10, user = '+12025550101', timeout = 60, pause = 500 } = options
  const keys = { contact_port: port, ...options.keys }
  return [
    ['-sf', file, '-i', address, '-p', port, '-mi', address, '-mp', media, '-bind_local', '-cp', control],
    ['-t', options.transport === 'tcp' ? 't1' : 'u1', '-s', user, '-au', user, '-d', pause, '-r', rate, '-nostdin'],
    ['-timeout', `${timeout}s`, '-timeout_error', '-recv_timeout', timeout * 1_000],
    [
      '-trace_stat',
      '-stf',
      join(folder, 'statistics.csv'),
      '-fd',
      '1',
      '-trace_err',
      '-error_file',
      join(folder, 'errors.log'),
    ],
    calls > 0 ? ['-m', calls] : [],
    options.concurrent ? ['-l', options.concurrent] : [],
    options.password ? ['-ap', options.password] : [],
    options.fields ? ['-inf', options.fields] : [],
    Object.entries(keys).flatMap(([name, value]) => ['-key', name, value]),
    options.arguments ?? [],
    options.target ? [options.target] : [],
  ]
    .flat()
    .map(String)
}

/** The last line of SIPp's statistics, by the names of its columns. */
function readStatistics(path: string): Omit<SippResult, 'code' | 'errors'> {
  const lines = readIfThere(path).trim().split('\n')
  const names = lines[0]!.split(';')
  const values = lines.at(-1)!.split(';')
  const value = (name: string) => values[names.indexOf(name)] ?? ''
  const responseTimes = names.flatMap((name, i) => {
    const bound = /^ResponseTimeRepartition1_(<|>=)(\d+)$/.exec(name)
    if (!bound) return []
    return [{ below: bound[1] === '<' ? Number(bound[2]) : Number.POSITIVE_INFINITY, calls: Number(values[i]) }]
  })
  return {
    successful: Number(value('SuccessfulCall(C)')),
    failed: Number(value('FailedCall(C)')),
    retransmissions: Number(value('Retransmissions(C)')),
    responseTime: milliseconds(value('ResponseTime1(C)')),
    responseTimes,
  }
}

/** `00:00:01:250000` (hours, minutes, seconds, microseconds) in ms. */
function milliseconds(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0, micros = 0] = time.split(':').map(Number)
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + micros / 1_000
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
