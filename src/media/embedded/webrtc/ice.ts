import { createSecretKey, type KeyObject } from 'node:crypto'
import { bindingRequest, bindingSuccess, hasIntegrity, roleConflict } from './stun.ts'

/** A way to the peer: its address and which of our two ports it uses. */
export interface Path {
  readonly address: string
  readonly port: number
  /** 0 or 1: the port that the first or the second candidate names. */
  readonly local: 0 | 1
}

interface Generation {
  readonly ufrag: string
  readonly password: KeyObject
  /** The peer's part of the user name; '' until its description came. */
  remoteUfrag: string
  paths: Path[]
}

/** A peer has a handful of addresses; more are somebody's attempt to fill the memory. */
const mostPaths = 16

/**
 * An ICE-lite agent (RFC 8445 §2.5): it answers the peer's checks and uses the way that the peer nominates. Checks without valid integrity
 * get no answer. After an ICE restart the old way serves until the peer nominates a new one, so sound goes on.
 */
export class IceLite {
  /** Where to send; undefined before the first valid check. */
  selected: Path | undefined
  readonly #allowed: (address: string, port: number) => boolean
  #current: Generation | undefined
  #before: Generation | undefined

  /** @param allowed whether an address may be sent to at all */
  constructor(allowed: (address: string, port: number) => boolean) {
    this.#allowed = allowed
  }

  /** Our user name and password, and the peer's user name once it is known. Another user name of ours is an ICE restart. */
  credentials(ufrag: string, password: string, remoteUfrag: string): void {
    if (this.#current?.ufrag === ufrag) {
      this.#current.remoteUfrag = remoteUfrag
      return
    }
    this.#before = this.#current
    this.#current = { ufrag, password: createSecretKey(Buffer.from(password, 'utf8')), remoteUfrag, paths: [] }
  }

  /** Takes a STUN message. @returns the answer to send back the same way, if there is one */
  check(bytes: Buffer, address: string, port: number, local: 0 | 1): Buffer | undefined {
    const request = bindingRequest(bytes)
    if (!request) return undefined
    const generation = this.#generationOf(request.username)
    if (!generation || !hasIntegrity(bytes, request, generation.password)) return undefined
    if (!this.#allowed(address, port)) return undefined
    if (request.controlled) return roleConflict(bytes, generation.password)
    const path = this.#learn(generation, address, port, local)
    // The latest nomination counts: so the peer moves to another way when one dies.
    if (request.nominates || !this.selected) this.#select(generation, path)
    return bindingSuccess(bytes, address, port, generation.password)
  }

  /** Whether packets from there are the peer's: it has proven that it knows the password. */
  knows(address: string, port: number, local: 0 | 1): boolean {
    return has(this.#current, address, port, local) || has(this.#before, address, port, local)
  }

  #generationOf(username: string): Generation | undefined {
    const colon = username.indexOf(':')
    const ufrag = username.slice(0, colon)
    for (const generation of [this.#current, this.#before]) {
      if (generation?.ufrag !== ufrag) continue
      const theirs = generation.remoteUfrag
      return theirs === '' || username.slice(colon + 1) === theirs ? generation : undefined
    }
    return undefined
  }

  #learn(generation: Generation, address: string, port: number, local: 0 | 1): Path {
    const known = find(generation, address, port, local)
    if (known) return known
    const path = { address, port, local }
    if (generation.paths.length >= mostPaths) {
      const oldest = generation.paths.findIndex((one) => one !== this.selected)
      generation.paths.splice(oldest, 1)
    }
    generation.paths.push(path)
    return path
  }

  #select(generation: Generation, path: Path): void {
    this.selected = path
    if (generation === this.#current) this.#before = undefined
  }
}

function find(generation: Generation | undefined, address: string, port: number, local: 0 | 1): Path | undefined {
  if (!generation) return undefined
  for (const path of generation.paths)
    if (path.port === port && path.local === local && path.address === address) return path
  return undefined
}

function has(generation: Generation | undefined, address: string, port: number, local: 0 | 1): boolean {
  return find(generation, address, port, local) !== undefined
}
