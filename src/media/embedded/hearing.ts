import { decodePcma, decodePcmu } from './g711.ts'
import type { Listener } from './listener.ts'
import { type SetCommand, toPcma } from './protocol.ts'
import { payloadEnd, payloadStart, read32 } from './rtp.ts'
import type { TelephoneEvents } from './telephone-events.ts'

const pcmuValues = Int16Array.from({ length: 256 }, (_, octet) => decodePcmu(octet))
const pcmaValues = Int16Array.from({ length: 256 }, (_, octet) => decodePcma(octet))
const most = 1500
const samples = new Int16Array(most)

/** What a leg's peer says and presses, for whoever listens. */
export class Hearing {
  /** Whoever listens to the peer, and to what it is sent. */
  readonly listeners = new Set<Listener>()
  readonly overhearers = new Set<Listener>()
  readonly #events: TelephoneEvents
  #keys: readonly number[] = []
  /** Table of values by payload type. */
  #laws = new Map<number, Int16Array>()
  #sent = new Map<number, Int16Array>()
  /** The peer has sent a telephone event, so that its tones are only their echo. */
  pressesEvents = false

  constructor(events: TelephoneEvents) {
    this.#events = events
  }

  set({ keys, laws, sent }: Pick<SetCommand, 'keys' | 'laws' | 'sent'>): void {
    this.#keys = keys
    this.#laws = tablesOf(laws)
    this.#sent = tablesOf(sent)
  }

  /** Takes a packet of the peer. @param rate clock rate in Hz */
  take(bytes: Buffer, start: number, type: number, rate: number, now: number): void {
    if (this.#keys.includes(type)) {
      this.pressesEvents = true
      this.#events.take(bytes, start, rate)
    } else if (this.listeners.size > 0) {
      const values = this.#laws.get(type)
      if (values) tell(this.listeners, bytes, start, values, now)
    }
  }

  /** A packet goes out to the peer. */
  said(bytes: Buffer, now: number): void {
    if (this.overhearers.size === 0) return
    const values = this.#sent.get((bytes[1] as number) & 0x7f)
    const start = payloadStart(bytes)
    if (values && start >= 0) tell(this.overhearers, bytes, start, values, now)
  }

  close(): void {
    this.#events.close()
    for (const listener of [...this.listeners, ...this.overhearers]) listener.close()
    this.listeners.clear()
    this.overhearers.clear()
  }
}

function tablesOf(laws: readonly number[]): Map<number, Int16Array> {
  return new Map(laws.map((law) => [law & 0x7f, law & toPcma ? pcmaValues : pcmuValues]))
}

function tell(listeners: ReadonlySet<Listener>, bytes: Buffer, start: number, values: Int16Array, now: number): void {
  const end = payloadEnd(bytes, start)
  if (end < 0 || end - start > most) return
  for (let i = start; i < end; i++) samples[i - start] = values[bytes[i] as number] as number
  const heard = samples.subarray(0, end - start)
  const timestamp = read32(bytes, 4)
  const ssrc = read32(bytes, 8)
  for (const listener of listeners) listener.hear(heard, timestamp, ssrc, now)
}
