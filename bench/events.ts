/**
 * Event connections: 10,000 idle ones on one process, changes that reach them, and all of them lost and back at once.
 *   node bench/events.ts [connections]
 * Prints what it measured and asserts nothing. The server is a process of its own, so that its memory is its own.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { createHttpServer } from '#api'
import { Accounts, createDirectory } from '#directory'
import { silentLog, systemClock, systemRandom } from '#lib'
import { openStorage } from '#storage'
import { FakeCalls, ringing } from '../test/support/fake-calls.ts'

const people = 200

interface Served {
  readonly port: number
  readonly tokens: readonly string[]
}

// ---- the server --------------------------------------------------------------------------------------------------------------------

async function serve(): Promise<void> {
  const storage = await openStorage({ folder: ':memory:', thread: false })
  const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
  const directory = await createDirectory(parts)
  const accounts = await Accounts.open({ ...parts, directory, costs: { memoryCost: 64, timeCost: 1 } })
  const calls = new FakeCalls()
  const tokens: string[] = []
  for (let i = 0; i < people; i++) {
    const person = await directory.putPerson({ id: `p${i}`, login: `p${i}`, name: `Person ${i}` })
    const made = await accounts.makeToken(person.id, { name: 'bench', scopes: ['calls:read'], expiresAt: null })
    tokens.push(made.text)
  }
  const none = () => {
    throw new Error('the bench acts on no call')
  }
  const acts = {
    answer: none,
    decline: none,
    divert: none,
    transfer: none,
    hold: none,
    resume: none,
    hangup: none,
    pickup: none,
    originate: none,
  }
  const server = await createHttpServer({
    ...{ address: '127.0.0.1', port: 0, demo: false, version: 'bench', calls, storage, staticFolder: '/nonexistent' },
    ...{ desk: { directory, accounts, acts, storage, random: systemRandom }, log: silentLog, clock: systemClock },
    health: async () => ({ ready: true, details: {} }),
    metrics: async () => '',
  })
  let worst = 0
  let last = performance.now()
  setInterval(() => {
    const now = performance.now()
    worst = Math.max(worst, now - last - 10)
    last = now
  }, 10)
  process.on('message', (order: { kind: 'measure' | 'change'; round?: number }) => {
    if (order.kind === 'measure') {
      globalThis.gc?.()
      const { rss, heapUsed } = process.memoryUsage()
      process.send?.({ rss, heapUsed, readers: server.readers, worst, cpu: process.cpuUsage() })
      worst = 0
      return
    }
    // A call for each person, in turn, so that each connection hears of one.
    for (let i = 0; i < people; i++)
      calls.put(`c${order.round}-${i}`, {
        caller: { number: '+12025550177', name: 'Zoe', personId: '' },
        callee: { number: String(i), name: `Person ${i}`, personId: `p${i}` },
        branches: [ringing(`p${i}/phone`, `p${i}`)],
        startedAt: Date.now(),
      })
    process.send?.({ changed: order.round })
  })
  process.send?.({ port: server.port, tokens } satisfies Served)
}

// ---- the readers -------------------------------------------------------------------------------------------------------------------

interface Reader {
  readonly token: string
  socket: WebSocket | undefined
  run: string
  cursor: number
  /** How often each call was heard of. */
  readonly heard: Map<string, number>
}

function connect(port: number, reader: Reader, resume: boolean, late: number[]): Promise<'snapshot' | 'resumed'> {
  return new Promise((resolve, reject) => {
    const query = resume ? `?run=${reader.run}&cursor=${reader.cursor}` : ''
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/events${query}`, {
      headers: { authorization: `Bearer ${reader.token}` },
      perMessageDeflate: false,
    })
    reader.socket = socket
    socket.on('error', reject)
    socket.on('message', (data) => {
      const event = JSON.parse(String(data))
      if (event.type === 'changes') {
        late.push(Date.now() - event.changes[0].call.startedAt)
        for (const { call } of event.changes) reader.heard.set(call.id, (reader.heard.get(call.id) ?? 0) + 1)
        reader.cursor = event.cursor
        return
      }
      if (event.type === 'snapshot') reader.run = event.run
      reader.cursor = event.cursor
      resolve(event.type)
    })
  })
}

async function eachOf<T>(items: readonly T[], atOnce: number, run: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < items.length) await run(items[next++] as T)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

interface Measured {
  readonly rss: number
  readonly heapUsed: number
  readonly readers: number
  readonly worst: number
  readonly cpu: NodeJS.CpuUsage
}

async function tell<T>(server: ChildProcess, order: object): Promise<T> {
  server.send(order)
  const [answer] = (await once(server, 'message')) as [T]
  return answer
}

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
const line = (what: string, value: string) => console.log(`${what.padEnd(58)}${value}`)

async function until(done: () => boolean): Promise<boolean> {
  const limit = performance.now() + 60_000
  while (!done() && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 5))
  return done()
}

async function bench(connections: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['--server'], { execArgv: ['--expose-gc'] })
  const [{ port, tokens }] = (await once(server, 'message')) as [Served]
  const readers: Reader[] = Array.from({ length: connections }, (_, i) => ({
    ...{ token: tokens[i % people] as string, socket: undefined, run: '', cursor: 0, heard: new Map() },
  }))
  const late: number[] = []
  const heard = (round: number) => readers.every((reader, i) => reader.heard.has(`c${round}-${i % people}`))
  try {
    const before = await tell<Measured>(server, { kind: 'measure' })
    let begun = performance.now()
    await eachOf(readers, 200, async (reader) => {
      await connect(port, reader, false, late)
    })
    line(`${connections} connections opened`, `${((performance.now() - begun) / 1000).toFixed(1)} s`)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const idle = await tell<Measured>(server, { kind: 'measure' })
    line('memory of the server, before and with them', `${mb(before.rss)} and ${mb(idle.rss)}`)
    line('memory of a connection', `${((idle.rss - before.rss) / connections / 1024).toFixed(1)} KB`)

    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const rested = await tell<Measured>(server, { kind: 'measure' })
    const idleCpu = rested.cpu.user + rested.cpu.system - idle.cpu.user - idle.cpu.system
    line('CPU while nothing happens (pings only)', `${(idleCpu / 100_000).toFixed(1)} %`)

    late.length = 0
    await tell(server, { kind: 'change', round: 1 })
    const all = await until(() => heard(1))
    line(`${people} calls at once, told to all ${connections}`, all ? 'all heard' : 'NOT all heard')
    line(
      'from the call to the reader, p50 / p99 / worst',
      `${percentile(late, 0.5)} / ${percentile(late, 0.99)} / ${Math.max(...late)} ms`,
    )

    for (const reader of readers) reader.socket?.terminate()
    await tell(server, { kind: 'change', round: 2 })
    await tell<Measured>(server, { kind: 'measure' })
    begun = performance.now()
    let resumed = 0
    await eachOf(readers, 1_000, async (reader) => {
      if ((await connect(port, reader, true, late)) === 'resumed') resumed++
    })
    const back = performance.now() - begun
    const caughtUp = await until(() => heard(2))
    const after = await tell<Measured>(server, { kind: 'measure' })
    line('all lost at once, and back', `${(back / 1000).toFixed(1)} s, ${resumed} of ${connections} resumed`)
    line('what they missed meanwhile', caughtUp ? 'all heard' : 'NOT all heard')
    line('longest pause of the server meanwhile', `${after.worst.toFixed(0)} ms`)
    line('memory of the server afterwards', mb(after.rss))
    let lost = 0
    let repeated = 0
    readers.forEach((reader, i) => {
      for (const round of [1, 2]) if (!reader.heard.has(`c${round}-${i % people}`)) lost++
      for (const count of reader.heard.values()) if (count > 1) repeated++
    })
    line('events lost / repeated', `${lost} / ${repeated}`)
  } finally {
    server.kill()
    for (const reader of readers) reader.socket?.terminate()
  }
}

const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`

if (process.argv[2] === '--server') await serve()
else await bench(Number(process.argv[2] ?? 10_000))
