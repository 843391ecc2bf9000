import { decodePcma, decodePcmu } from './g711.ts'
import type { Listener } from './listener.ts'
import { type SetCommand, toPcma } from './protocol.ts'
import { payloadEnd, read32 } from './rtp.ts'
import type { TelephoneEvents } from './telephone-events.ts'

const pcmuValues = Int16Array.from({ length: 256 }, (_, octet) => decodePcmu(octet))
const pcmaValues = Int16Array.from({ length: 256 }, (_, octet) => decodePcma(octet))
const most = 1500
const samples = new Int16Array(most)

/** What a leg's peer says and presses, for whoever listens. */
export class Hearing {
  readonly listeners = new Set<Listener>()
  readonly #events: TelephoneEvents
  #keys: readonly number[] = []
  /** Table of values by payload type. */
  readonly #laws = new Map<number, Int16Array>()
  /** The peer has sent a telephone event, so that its tones are only their echo. */
  pressesEvents = false

  constructor(events: TelephoneEvents) {
    this.#events = events
  }

  set({ keys, laws }: Pick<SetCommand, 'keys' | 'laws'>): void {
    this.#keys = keys
    this.#laws.clear()
    for (const law of laws) this.#laws.set(law & 0x7f, law & toPcma ? pcmaValues : pcmuValues)
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

  close(): void {
    this.#events.close()
    for (const listener of this.listeners) listener.close()
    this.listeners.clear()
  }
}

/** Tells listeners of a packet of G.711 that goes out to a peer. @param entry payload type with {@link toPcma} where it is A-law */
export function overheard(
  listeners: ReadonlySet<Listener>,
  bytes: Buffer,
  start: number,
  entry: number,
  now: number,
): void {
  tell(listeners, bytes, start, entry & toPcma ? pcmaValues : pcmuValues, now)
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
