import type { Buffer } from 'node:buffer'
import { silentLog, systemClock } from '#lib'
import { createTransport, type NetworkTransport, type TransportOptions } from './transport.ts'
import type { Flow, TransportHandler } from './types.ts'

/** What a test transport heard, each awaited in order. */
export class Heard implements TransportHandler {
  readonly messages: { readonly text: string; readonly flow: Flow }[] = []
  readonly closedFlows: Flow[] = []
  readonly faults: { readonly text: string; readonly code: string }[] = []
  /** Called with every message, for echoes. */
  reply: ((bytes: Buffer, flow: Flow) => void) | undefined
  #waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = []

  message(bytes: Buffer, flow: Flow): void {
    this.messages.push({ text: bytes.toString(), flow })
    this.reply?.(bytes, flow)
    this.#look()
  }

  malformed(bytes: Buffer, flow: Flow, code: string): void {
    this.faults.push({ text: bytes.toString(), code })
    this.reply?.(bytes, flow)
    this.#look()
  }

  closed(flow: Flow): void {
    this.closedFlows.push(flow)
    this.#look()
  }

  /** Resolves once that many messages are here, with the last of them. */
  async nth(count = 1): Promise<{ readonly text: string; readonly flow: Flow }> {
    await this.until(() => this.messages.length >= count)
    return this.messages[count - 1]!
  }

  /** Resolves once that holds; looked at after every event. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ ready, resolve }) => {
      if (!ready()) return true
      resolve()
      return false
    })
  }
}

/** A transport on free loopback ports and what it heard. */
export async function endpoint(
  options: Partial<TransportOptions> = {},
): Promise<{ transport: NetworkTransport; heard: Heard; port: (protocol: string) => number }> {
  const heard = new Heard()
  const transport = await createTransport({
    listeners: { udp: [{ address: '127.0.0.1', port: 0 }], tcp: [{ address: '127.0.0.1', port: 0 }] },
    ownNames: ['baton.local'],
    handler: heard,
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  const port = (protocol: string): number => transport.addresses.find((one) => one.protocol === protocol)?.port ?? 0
  return { transport, heard, port }
}

/** A small complete message. */
export function options(callId: string, body = ''): string {
  return `OPTIONS sip:baton.local SIP/2.0\r\nCall-ID: ${callId}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
