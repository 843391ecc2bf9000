import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** Stands before UDP ports of a server on 127.0.0.1 like a router: each gate can be shut, and then nothing passes in either direction. */
export class UdpGates {
  /** Which port stands before which. */
  readonly ports: Record<number, number> = {}
  readonly #sockets: Socket[] = []
  readonly #shut = new Set<number>()
  /** Loses every so many-th datagram on its way out; 0 loses none. */
  losesOneIn = 0
  #counted = 0

  static async before(ports: readonly number[]): Promise<UdpGates> {
    const gates = new UdpGates()
    for (const port of ports) await gates.#open(port)
    return gates
  }

  async #open(port: number): Promise<void> {
    const [outside, inside] = [createSocket('udp4'), createSocket('udp4')]
    for (const socket of [outside, inside]) {
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
      this.#sockets.push(socket)
    }
    const own = outside.address().port
    this.ports[port] = own
    let client = 0
    outside.on('message', (bytes, from) => {
      client = from.port
      if (!this.#shut.has(own)) inside.send(bytes, port, '127.0.0.1')
    })
    inside.on('message', (bytes) => {
      if (this.losesOneIn > 0 && ++this.#counted % this.losesOneIn === 0) return
      if (client > 0 && !this.#shut.has(own)) outside.send(bytes, client, '127.0.0.1')
    })
  }

  /** Shuts the gate at this port. */
  shut(port: number): void {
    this.#shut.add(port)
  }

  openAll(): void {
    this.#shut.clear()
    this.losesOneIn = 0
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}
