/** The relay's thread: messages in, messages out, one batch per turn of the event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '#lib'
import type { RelayEvent, RelaySettings, ThreadCommand } from './protocol.ts'
import { Relay } from './relay.ts'
import { udpSockets } from './sockets.ts'
import { threadHandshakes } from './webrtc/handshakes.ts'

let events: RelayEvent[] = []

function flush(): void {
  const batch = events
  events = []
  parentPort?.postMessage(batch)
}

const relay = new Relay({
  ...(workerData as RelaySettings),
  sockets: udpSockets,
  handshakes: threadHandshakes,
  clock: systemClock,
  now: () => performance.now(),
  emit: (event) => {
    if (events.push(event) === 1) setImmediate(flush)
  },
})

parentPort?.on('message', (commands: readonly ThreadCommand[]) => {
  for (const command of commands) {
    if (command.op === 'end') void end()
    else relay.handle(command)
  }
})

/** With nothing left that is open or under way, the thread ends by itself. */
async function end(): Promise<void> {
  await relay.close()
  flush()
  parentPort?.close()
}

events.push({ op: 'ready', bound: relay.bound })
flush()
