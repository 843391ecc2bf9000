/**
 * CPU of the embedded RTP relay per call: `node bench/rtp-relay.ts [calls] [seconds]`. Every call is two stations that send 50 packets a
 * second of G.711 each. The stations run in a process of their own, so only the engine's CPU is counted. Prints one line.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { silentLog } from '#lib'
import { createEmbeddedEngine, type MediaLeg, type MediaResult } from '#media'

const home = '127.0.0.1'
const packet = Buffer.alloc(172)
packet[0] = 0x80

interface Station {
  /** Our port for this station, to send to. */
  readonly to: number
}

if (process.argv[2] === 'stations') await stations()
else await measure(Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 10))

function good<T>(result: MediaResult<T>): T {
  if (!result.ok) throw new Error(result.refusal)
  return result.value
}

function sdp(port: number): string {
  return `v=0\r\no=- 1 1 IN IP4 ${home}\r\ns=-\r\nc=IN IP4 ${home}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n`
}

function portOf(text: string): number {
  return Number(/^m=audio (\d+)/m.exec(text)?.[1])
}

async function measure(calls: number, seconds: number): Promise<void> {
  const before = process.memoryUsage.rss()
  const engine = await createEmbeddedEngine({ address: home, ports: { from: 30000, to: 37999 }, log: silentLog })
  const child = fork(import.meta.filename, ['stations', String(2 * calls)])
  const [ports] = (await once(child, 'message')) as [number[]]
  const empty = process.memoryUsage.rss()
  const setUp = process.cpuUsage()
  const plan: Station[] = []
  const legs: MediaLeg[] = []
  const setUpCall = async (i: number): Promise<void> => {
    const caller = good(await engine.createLeg())
    const callee = good(await engine.createLeg())
    good(await caller.remoteOffer(sdp(ports[2 * i] as number)))
    const offer = good(await callee.offer(caller))
    good(await callee.remoteAnswer(sdp(ports[2 * i + 1] as number)))
    const answer = good(await caller.answer(callee))
    await engine.bridge(caller, callee)
    plan[2 * i] = { to: portOf(answer) }
    plan[2 * i + 1] = { to: portOf(offer) }
    legs.push(caller, callee)
  }
  // Several calls at a time, as under load.
  for (let i = 0; i < calls; i += 10) {
    await Promise.all(Array.from({ length: Math.min(10, calls - i) }, (_, k) => setUpCall(i + k)))
  }
  const setUpCpu = process.cpuUsage(setUp)
  const grown = process.memoryUsage.rss() - empty
  child.send(plan)
  const first = await engine.counters()
  const idle = process.cpuUsage()
  await ended(child, seconds)
  const cpu = process.cpuUsage(idle)
  const { relayed, dropped } = await engine.counters()
  let received = 0
  let lost = 0
  for (const leg of legs) {
    const numbers = await leg.close()
    received += numbers.packetsReceived
    lost += numbers.lost
  }
  const packets = relayed - first.relayed
  const busy = cpu.user + cpu.system
  const each = (value: number, digits = 1) => value.toFixed(digits)
  console.log(
    `${calls} calls, ${seconds} s: ${packets} packets relayed, ${dropped} dropped, ${lost} of ${received + lost} lost; ` +
      `${each(busy / packets)} µs CPU per packet, ${each((100 * busy) / (seconds * 1e6) / calls, 3)} % of a core per call; ` +
      `set-up ${each((setUpCpu.user + setUpCpu.system) / calls, 0)} µs CPU and ${each(grown / calls / 1024)} KB per call ` +
      `(engine ${each((empty - before) / 1024 / 1024)} MB)`,
  )
  await engine.close()
}

async function ended(child: ChildProcess, seconds: number): Promise<void> {
  const exit = once(child, 'exit')
  setTimeout(() => child.send('stop'), seconds * 1000)
  await exit
}

/** The far ends: sockets that send on a 20 ms beat and count nothing. */
async function stations(): Promise<void> {
  const sockets = Array.from({ length: Number(process.argv[3]) }, () => createSocket({ type: 'udp4' }))
  const ports: number[] = []
  for (const socket of sockets) {
    socket.bind(0, home)
    await once(socket, 'listening')
    ports.push(socket.address().port)
  }
  process.send?.(ports)
  const [plan] = (await once(process, 'message')) as [Station[]]
  for (let i = 0; i < sockets.length; i++) {
    await new Promise<void>((resolve) => sockets[i]?.connect(plan[i]?.to as number, home, resolve))
  }
  // Four groups, 5 ms apart, so that the relay is not fed in one burst.
  let beat = 0
  const timer = setInterval(() => {
    const sequence = beat >> 2
    packet.writeUInt16BE(sequence & 0xffff, 2)
    packet.writeUInt32BE((sequence * 160) >>> 0, 4)
    for (let i = beat & 3; i < sockets.length; i += 4) {
      const own = Buffer.from(packet)
      own.writeUInt32BE(i + 1, 8)
      sockets[i]?.send(own)
    }
    beat++
  }, 5)
  await once(process, 'message')
  clearInterval(timer)
  for (const socket of sockets) socket.close()
  process.disconnect?.()
}
