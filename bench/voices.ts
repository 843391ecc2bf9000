/**
 * What playing costs, and whether relayed calls suffer: `node bench/voices.ts [players] [seconds]`. Each player sends 50 packets a second
 * to a station in a process of its own; ten relayed calls go on beside them, and how regularly their packets come is measured without and
 * with the players. Prints a table.
 */
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '#lib'
import { createEmbeddedEngine, type MediaEngine, type MediaLeg, type MediaResult, Prompts } from '#media'

const home = '127.0.0.1'
const relayedCalls = 10

/** How far packets came from their beat of 20 ms: parts of a stream's gaps, in ms. */
interface Pace {
  readonly median: number
  readonly p99: number
  readonly most: number
}

interface Report {
  readonly relayed: Pace
  readonly played: Pace
}

if (process.argv[2] === 'stations') await stations(Number(process.argv[3]), Number(process.argv[4]))
else await measure(Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 10))

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

function sdp(port: number): string {
  return `v=0\r\no=- 1 1 IN IP4 ${home}\r\ns=-\r\nc=IN IP4 ${home}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\n`
}

async function legTo(engine: MediaEngine, port: number): Promise<{ leg: MediaLeg; port: number }> {
  const leg = good(await engine.createLeg())
  good(await leg.remoteOffer(sdp(port)))
  return { leg, port: Number(/^m=audio (\d+)/m.exec(good(await leg.answer()))?.[1]) }
}

async function measure(players: number, seconds: number): Promise<void> {
  const engine = await createEmbeddedEngine({ address: home, ports: { from: 30000, to: 31999 }, log: silentLog })
  const child = fork(import.meta.filename, ['stations', String(relayedCalls), String(players)])
  const [ports] = (await once(child, 'message')) as [number[]]
  const talkers = await Promise.all(ports.slice(0, 2 * relayedCalls).map((port) => legTo(engine, port)))
  for (let i = 0; i < talkers.length; i += 2) await engine.bridge(talkers[i]!.leg, talkers[i + 1]!.leg)
  const listeners = await Promise.all(ports.slice(2 * relayedCalls).map((port) => legTo(engine, port)))
  child.send(talkers.map(({ port }) => port))
  const round = async (): Promise<{ cpu: number; report: Report }> => {
    const before = process.cpuUsage()
    child.send('measure')
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const { user, system } = process.cpuUsage(before)
    child.send('report')
    const [report] = (await once(child, 'message')) as [Report]
    return { cpu: (user + system) / (seconds * 10_000), report }
  }
  const folder = mkdtempSync(join(tmpdir(), 'voices-'))
  const music = await new Prompts({ folder }).music()
  await round()
  const without = await round()
  const began = performance.now()
  const started = process.cpuUsage()
  for (const { leg } of listeners) engine.play(leg, music, { loop: true })
  const { user, system } = process.cpuUsage(started)
  const tookMs = performance.now() - began
  await new Promise((resolve) => setTimeout(resolve, 500))
  const playing = await round()
  const recordings = listeners.map(({ leg }, i) => engine.record(leg, join(folder, `${i}.wav`), { both: true }))
  const recorded = await round()
  await Promise.all(recordings.map((recording) => recording.stop()))
  child.send('stop')
  const rows = [
    ['', 'CPU % of a core', 'relayed: gap off 20 ms, median / p99 / most ms', 'played'],
    [`${relayedCalls} relayed calls`, percent(without.cpu), pace(without.report.relayed), ''],
    [`+ ${players} players`, percent(playing.cpu), pace(playing.report.relayed), pace(playing.report.played)],
    [`+ ${players} recordings`, percent(recorded.cpu), pace(recorded.report.relayed), pace(recorded.report.played)],
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
  const each = (1e4 * (playing.cpu - without.cpu)) / players / 50
  console.log(
    `${each.toFixed(1)} µs CPU per played packet; ${players} sounds begun in ${tookMs.toFixed(1)} ms ` +
      `(${((user + system) / players).toFixed(0)} µs each on the main thread)`,
  )
  await once(child, 'exit')
  await engine.close()
  rmSync(folder, { recursive: true })
}

function percent(value: number): string {
  return value.toFixed(1)
}

function pace({ median, p99, most }: Pace): string {
  return [median, p99, most].map((value) => value.toFixed(2)).join(' / ')
}

/** The far ends: those of relayed calls send on a 20 ms beat, the others only listen. */
async function stations(calls: number, players: number): Promise<void> {
  const gaps: { relayed: number[]; played: number[] } = { relayed: [], played: [] }
  let measuring = false
  const sockets = Array.from({ length: 2 * calls + players }, (_, i) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 400_000 })
    const kind = i < 2 * calls ? gaps.relayed : gaps.played
    let last = 0
    socket.on('message', () => {
      const now = performance.now()
      if (measuring && last > 0) kind.push(Math.abs(now - last - 20))
      last = measuring ? now : 0
    })
    return socket
  })
  const ports: number[] = []
  for (const socket of sockets) {
    socket.bind(0, home)
    await once(socket, 'listening')
    ports.push(socket.address().port)
  }
  process.send?.(ports)
  const [targets] = (await once(process, 'message')) as [number[]]
  let beat = 0
  const begun = performance.now()
  const send = (): void => {
    const due = Math.floor((performance.now() - begun) / 5)
    for (; beat < due; beat++) {
      for (let i = beat & 3; i < 2 * calls; i += 4) {
        const packet = Buffer.alloc(172, 0xd5)
        packet[0] = 0x80
        packet[1] = 8
        packet.writeUInt16BE((beat >> 2) & 0xffff, 2)
        packet.writeUInt32BE(((beat >> 2) * 160) >>> 0, 4)
        packet.writeUInt32BE(i + 1, 8)
        sockets[i]?.send(packet, targets[i] as number, home)
      }
    }
  }
  const timer = setInterval(send, 2)
  process.on('message', (message) => {
    if (message === 'measure') {
      gaps.relayed.length = 0
      gaps.played.length = 0
      measuring = true
    } else if (message === 'report') {
      measuring = false
      process.send?.({ relayed: paceOf(gaps.relayed), played: paceOf(gaps.played) })
    } else {
      clearInterval(timer)
      for (const socket of sockets) socket.close()
      process.disconnect?.()
    }
  })
}

function paceOf(gaps: number[]): Pace {
  const sorted = gaps.toSorted((one, other) => one - other)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0
  return { median: at(0.5), p99: at(0.99), most: at(1) }
}
