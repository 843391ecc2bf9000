import { Worker } from 'node:worker_threads'

/** What a leg hears of its DTLS handshake. */
export interface HandshakeListener {
  /** A DTLS packet for the peer. */
  send(bytes: Buffer): void
  /** The peer is who its description says. Master keys and salts of RFC 5764 §4.2: client key, server key, client salt, server salt. */
  keys(material: Buffer): void
  /** The peer is somebody else, or cannot do what is needed: no media. */
  failed(reason: string): void
}

/** DTLS-SRTP handshakes (RFC 5764), in which we are always the server. */
export interface Handshakes {
  /** Our certificate's fingerprint, as SDP writes it; rejects when the library cannot be loaded. */
  readonly fingerprint: Promise<string>
  /** @param fingerprints of the peer's certificate, as its SDP wrote them: `sha-256 AB:CD:…` */
  start(id: number, fingerprints: readonly string[], listener: HandshakeListener): void
  packet(id: number, bytes: Buffer): void
  end(id: number): void
  /** Gives all handshakes up. @returns resolves when nothing of them is left, no thread either */
  close(): Promise<void>
}

/** To the thread: handshakes begin, packets come, legs end. */
export type HandshakeCommand =
  | { readonly op: 'start'; readonly id: number; readonly fingerprints: readonly string[] }
  | { readonly op: 'packet'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly op: 'end'; readonly id: number }
  | { readonly op: 'close' }

export type HandshakeEvent =
  | { readonly op: 'ready'; readonly fingerprint: string }
  | { readonly op: 'send' | 'keys'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly op: 'failed'; readonly id: number; readonly reason: string }

/**
 * Handshakes in a thread of their own, begun with the first WebRTC leg: loading the library takes longer than sound may wait, and so does
 * each handshake.
 */
export function threadHandshakes(gone: () => void): Handshakes {
  const listeners = new Map<number, HandshakeListener>()
  const worker = new Worker(new URL('./dtls-worker.ts', import.meta.url), { name: 'baton-dtls', execArgv: [] })
  let ready = (_: string): void => {}
  let broken = (_: Error): void => {}
  const fingerprint = new Promise<string>((resolve, reject) => {
    ready = resolve
    broken = reject
  })
  fingerprint.catch(() => {})
  let closing = false
  worker.on('message', (event: HandshakeEvent) => {
    if (event.op === 'ready') ready(event.fingerprint)
    else if (event.op === 'failed') listeners.get(event.id)?.failed(event.reason)
    else listeners.get(event.id)?.[event.op](Buffer.from(event.bytes))
  })
  worker.on('error', (error: Error) => broken(error))
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.on('exit', () => {
    broken(new Error('the DTLS thread ended'))
    if (closing) return
    for (const listener of listeners.values()) listener.failed('the DTLS thread ended')
    listeners.clear()
    gone()
  })
  const tell = (command: HandshakeCommand): void => worker.postMessage(command)
  return {
    fingerprint,
    start(id, fingerprints, listener) {
      listeners.set(id, listener)
      tell({ op: 'start', id, fingerprints })
    },
    packet: (id, bytes) => tell({ op: 'packet', id, bytes }),
    end(id) {
      if (listeners.delete(id)) tell({ op: 'end', id })
    },
    close() {
      closing = true
      tell({ op: 'close' })
      return ended
    },
  }
}

/** Handshakes in this thread, for tests without threads. */
export function localHandshakes(): Handshakes {
  const loading = import('./dtls.ts').then(({ DtlsHandshakes }) => DtlsHandshakes.create())
  const later = (run: (dtls: Handshakes) => void): void => void loading.then(run, () => {})
  return {
    fingerprint: loading.then((dtls) => dtls.fingerprint),
    start: (id, fingerprints, listener) => later((dtls) => dtls.start(id, fingerprints, listener)),
    packet: (id, bytes) => later((dtls) => dtls.packet(id, bytes)),
    end: (id) => later((dtls) => dtls.end(id)),
    close: () => loading.then((dtls) => dtls.close()).catch(() => {}),
  }
}
