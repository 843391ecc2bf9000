import type { Config } from '#config.ts'
import type { Clock, Log, Timer } from '#lib'
import type { NodeRow, Storage } from '#storage'

/** How often a node gives a sign of life, in ms. */
const beatMs = 5_000
/** After how long without one it counts as gone. */
const goneMs = 3 * beatMs

export interface NodeParts {
  readonly storage: Pick<Storage, 'nodes'>
  /** Our own name. */
  readonly node: string
  /** Where the others reach our SIP listener: `udp 127.0.0.1:5060`. */
  readonly address: string
  readonly clock: Clock
  readonly log: Log
}

/** The processes that share this database: says each few seconds that this one is there, and knows which others are. */
export class Nodes {
  readonly #parts: NodeParts
  #timer: Timer | undefined
  #left = false

  private constructor(parts: NodeParts) {
    this.#parts = parts
  }

  /** @throws Error in one line when another process has our name: it would end our calls as left over, and we its */
  static async join(parts: NodeParts): Promise<Nodes> {
    const { storage, node, address, clock } = parts
    const same = (await storage.nodes.list()).find((row) => row.node === node)
    const agoMs = clock.now() - (same?.seenAt ?? 0)
    if (same && same.address !== address && agoMs < goneMs) {
      throw new Error(
        `another process at ${same.address} calls itself ${node} on this database, seen ${Math.round(agoMs / 1000)} s ago: give this one a node name of its own in its configuration, or try again in ${goneMs / 1000} s if it has ended`,
      )
    }
    const nodes = new Nodes(parts)
    await nodes.#beat()
    return nodes
  }

  /** The other nodes that have given a sign of life of late. */
  async others(): Promise<readonly NodeRow[]> {
    const { storage, node, clock } = this.#parts
    const since = clock.now() - goneMs
    return (await storage.nodes.list()).filter((row) => row.node !== node && row.seenAt > since)
  }

  /** This node stops: the others need not wait until it counts as gone. */
  async leave(): Promise<void> {
    const { storage, node, address, clock } = this.#parts
    this.#left = true
    clock.clearTimeout(this.#timer)
    await storage.nodes.seen({ node, address, seenAt: 0 })
  }

  async #beat(): Promise<void> {
    const { storage, node, address, clock, log } = this.#parts
    try {
      await storage.nodes.seen({ node, address, seenAt: clock.now() })
    } catch (error) {
      log.warn({ error: String(error) }, 'the other nodes could not be told that this one is there')
    }
    if (!this.#left) this.#timer = clock.setTimeout(() => void this.#beat(), beatMs)
  }
}

/** Where other nodes reach this one's SIP listener. */
export function addressForNodes({ sip, publicAddress }: Pick<Config, 'sip' | 'publicAddress'>): string {
  const [first] = sip.listen
  const host = publicAddress ?? (first?.host === 'localhost' ? '127.0.0.1' : (first?.host ?? '127.0.0.1'))
  return `udp ${host.includes(':') ? `[${host}]` : host}:${first?.port ?? 5060}`
}
