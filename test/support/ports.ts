import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the kernel's own range for outgoing sockets (32768 and up), so that nothing takes a port between probe and use.
const lowest = 10_000
const highest = 31_000
// Test files that run side by side have ranges of their own: what one has probed is not yet bound.
const [ranges, range] = [3, (Number(process.env.VITEST_POOL_ID ?? 1) - 1) % 3]
const share = (highest - lowest) / ranges
const first = lowest + range * share
const last = first + share
let next = randomInt(first, last)

/** A port of `address` that is free for UDP and TCP, and so is each of the `count - 1` after it. It starts even. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    if (next + count >= last) next = first
    const port = next + (next % 2)
    next = port + count
    if (await allFree(port, count, address)) return port
  }
  throw new Error(`no ${count} free ports in a row on ${address} between ${first} and ${last}`)
}

/** A port that is free for UDP and TCP. */
export function freePort(address = '127.0.0.1'): Promise<number> {
  return freePorts(1, address)
}

async function allFree(port: number, count: number, address: string): Promise<boolean> {
  for (let offset = 0; offset < count; offset++)
    if (!(await udpFree(port + offset, address)) || !(await tcpFree(port + offset, address))) return false
  return true
}

async function udpFree(port: number, address: string): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.bind(port, address)
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

async function tcpFree(port: number, address: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, address)
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
