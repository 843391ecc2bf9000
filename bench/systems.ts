import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { applyOrganisation, createDirectory, type Organisation } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { openStorage } from '#storage'
import { removeFolder, temporaryFolder } from '../test/support/folders.ts'
import { startKamailio } from '../test/support/kamailio.ts'
import { freePort } from '../test/support/ports.ts'
import { cpuOfGroup } from '../test/support/program.ts'
import { startBaton } from '../test/support/server.ts'
import { runSipp, type Sipp, startSipp } from '../test/support/sipp.ts'
import { Inspector } from './inspector.ts'

/** Memory of a system in bytes. */
export interface Memory {
  /** What the machine gave it (proportional set size of all processes). */
  readonly resident: number
  /** What is reachable after garbage collection: heap and buffers outside it; 0 where there is no such thing. */
  readonly live: number
}

/** What runs between caller and callee. */
export interface System {
  readonly name: string
  /** `address:port` for callers. */
  readonly target: string
  /** CPU time of all its threads and processes so far, in ms (steps of 10). */
  cpu(): number
  /** CPU of the threads so far, by their names, in ms; where a system has threads. */
  threads?(): ReadonlyMap<string, number>
  /** Collects garbage first, where there is any. */
  memory(): Promise<Memory>
  /** Datagrams that the kernel dropped at its SIP socket so far. */
  drops(): number
  /** Longest pauses of the event loop since it was last asked, in ms. */
  pauses(): Promise<{ readonly p99: number; readonly max: number } | undefined>
  /** For profiles of Node's main thread. */
  inspector?(): Promise<Inspector>
  stop(): Promise<void>
}

/** Where the load comes from and goes to; a trunk is known by its address and port. */
export interface Places {
  /** Caller whose media flows directly. */
  readonly direct: number
  /** Caller whose media is anchored on the server. */
  readonly anchored: number
  readonly callee: number
}

export const calledNumber = '+12025550199'
const password = 'bench-bench'
/** Accounts for the row of registrations. */
export const accounts = 100

/** The phone that answers every call. */
export class Callee {
  readonly #port: number
  #sipp: Sipp | undefined

  constructor(port: number) {
    this.#port = port
  }

  async start(): Promise<void> {
    this.#sipp ??= await startSipp({ scenario: 'uas-answer', port: this.#port, calls: 0, timeout: 3_600 })
  }

  async stop(): Promise<void> {
    const sipp = this.#sipp
    if (!sipp) return
    this.#sipp = undefined
    process.kill(sipp.pid, 'SIGKILL')
    await sipp.result
  }

  /** Registers it: from its own port, where calls then arrive. */
  async register(target: string): Promise<void> {
    await this.stop()
    const registered = await runSipp({
      scenario: 'uac-register',
      target,
      port: this.#port,
      user: 'bench',
      password,
      keys: { domain: 'baton.local', expires: 3600 },
    })
    if (registered.code !== 0) throw new Error(`the callee could not register\n${registered.errors}`)
    await this.start()
  }
}

export async function findPlaces(): Promise<Places> {
  return { direct: await freePort(), anchored: await freePort(), callee: await freePort() }
}

/** Cores: one for the system under test, the rest for what loads it. Undefined on machines with one core or without `taskset`. */
const cores = coresOf()

function coresOf(): { readonly system: string; readonly load: string } | undefined {
  try {
    execFileSync('taskset', ['--version'])
    const last = availableParallelism() - 1
    return last > 0 ? { system: '0', load: `1-${last}` } : undefined
  } catch {
    return undefined
  }
}

/** Whether systems have one core to themselves. */
export const pinned = cores !== undefined

/** Keeps this process and what it starts away from the core of the system under test. */
export function pinLoad(): void {
  if (cores) execFileSync('taskset', ['-a', '-p', '-c', cores.load, String(process.pid)])
}

function pinSystem(pid: number): void {
  if (!cores) return
  for (const one of groupOf(pid)) execFileSync('taskset', ['-a', '-p', '-c', cores.system, one])
}

/** The real server with an organisation of its own: two trunks, a person with one phone, which is the callee. */
export async function startBatonSystem(places: Places, callee: Callee): Promise<System> {
  const dataFolder = temporaryFolder('bench')
  await importOrganisation(dataFolder, organisationFor(places))
  const inspectPort = await freePort()
  const baton = await startBaton({
    dataFolder,
    configYaml: 'log: error\nlimits:\n  maxCalls: 1000000\n',
    environment: {
      BATON_RTP_PORTS: '40000-47999',
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --inspect-port=127.0.0.1:${inspectPort}`.trim(),
    },
    patience: 60_000,
  })
  pinSystem(baton.pid)
  await callee.register(baton.sip.target)
  const inspector = () => Inspector.of(baton.pid, inspectPort)
  return {
    name: 'Baton',
    target: baton.sip.target,
    cpu: () => cpuOfGroup(baton.pid),
    threads: () => threadsOf(baton.pid),
    async memory() {
      const live = await (await inspector()).liveMemory()
      return { resident: residentOf(baton.pid), live }
    },
    drops: () => dropsAt(baton.sip.udpPort),
    async pauses() {
      const text = await (await baton.fetch('/metrics')).text()
      const quantile = (q: string) =>
        Number(new RegExp(`event_loop_delay_seconds\\{quantile="${q}"\\} (\\S+)`).exec(text)?.[1])
      return { p99: quantile('0.99') * 1000, max: quantile('1') * 1000 }
    },
    inspector,
    async stop() {
      await baton.kill() // calls that are still held need no farewell
      removeFolder(dataFolder)
    },
  }
}

/** Kamailio as a stateful proxy, which keeps no state of answered calls. */
export async function startKamailioSystem(places: Places): Promise<System> {
  const kamailio = await startKamailio(`127.0.0.1:${places.callee}`, 1)
  pinSystem(kamailio.pid)
  return {
    name: 'Kamailio',
    target: kamailio.address,
    cpu: () => kamailio.cpu(),
    memory: async () => ({ resident: residentOf(kamailio.pid), live: 0 }),
    drops: () => dropsAt(Number(kamailio.address.split(':')[1])),
    pauses: async () => undefined,
    stop: () => kamailio.stop(),
  }
}

/** User and password of each account that registers, as SIPp reads them. */
export function accountLines(): string {
  const lines = Array.from({ length: accounts }, (_, i) => `p${i};[authentication username=p${i} password=${password}]`)
  return `SEQUENTIAL\n${lines.join('\n')}\n`
}

async function importOrganisation(folder: string, organisation: Organisation): Promise<void> {
  const storage = await openStorage({ folder })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  await applyOrganisation(directory, organisation)
  directory.close()
  await storage.close()
}

function organisationFor(places: Places): Organisation {
  const phone = (username: string) => [{ username, password, settings: { directMedia: true } }]
  const trunk = (name: 'direct' | 'anchored') => ({
    name,
    settings: {
      sources: [`127.0.0.1:${places[name]}`],
      directMedia: name === 'direct',
      maxCalls: 0,
      healthMs: 0,
    },
  })
  return {
    people: [
      { login: 'bench', name: 'Bench', extension: '900', numbers: [calledNumber], devices: phone('bench') },
      ...Array.from({ length: accounts }, (_, i) => ({
        login: `p${i}`,
        name: `Person ${i}`,
        extension: String(1_000 + i),
        devices: phone(`p${i}`),
      })),
    ],
    trunks: [trunk('direct'), trunk('anchored')],
  }
}

/** The processes that a program started, and itself. */
function groupOf(pid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    const text = readIfThere(`/proc/${name}/stat`)
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[2] === String(pid)
  })
}

function threadsOf(pid: number): Map<string, number> {
  const threads = new Map<string, number>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readIfThere(`/proc/${pid}/task/${thread}/stat`)
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    threads.set(name, (threads.get(name) ?? 0) + 10 * (Number(fields[11]) + Number(fields[12])))
  }
  return threads
}

function residentOf(pid: number): number {
  let kilobytes = 0
  for (const one of groupOf(pid))
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${one}/smaps_rollup`))?.[1] ?? 0)
  return kilobytes * 1024
}

/** The kernel's count for the UDP socket at this port: the last column of its line. */
function dropsAt(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const line = readIfThere('/proc/net/udp')
    .split('\n')
    .find((one) => one.includes(` ${local}`))
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0)
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
