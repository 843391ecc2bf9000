import { g711Law, isAuxiliary, isTelephoneEvent, type NegotiatedCodec, sameCodec } from '#sdp'
import { routed, type SetCommand, toPcma, toPcmu } from './protocol.ts'

/** How one leg's packets reach another: entries for the relay and what becomes of the sender's first codec. */
export interface Route {
  /** Incoming payload type and entry in turn. */
  readonly entries: readonly number[]
  readonly verdict: 'passes' | 'converted' | 'impossible'
}

/** Maps payload types from one negotiated session to another; G.711 of the other law is converted, everything else must be shared. */
export function routeBetween(from: readonly NegotiatedCodec[], to: readonly NegotiatedCodec[]): Route {
  const entries: number[] = []
  let verdict: Route['verdict'] | undefined
  for (const codec of from) {
    let outcome: Route['verdict'] = 'impossible'
    const same = to.find((other) => sameCodec(other, codec))
    const law = g711Law(codec)
    const otherLaw = !same && law ? to.find((other) => g711Law(other) !== undefined) : undefined
    if (same) {
      entries.push(codec.receiveType, same.sendType | routed)
      outcome = 'passes'
    } else if (otherLaw) {
      entries.push(codec.receiveType, otherLaw.sendType | routed | (law === 'pcmu' ? toPcma : toPcmu))
      outcome = 'converted'
    }
    if (!isAuxiliary(codec)) verdict ??= outcome
  }
  return { entries, verdict: verdict ?? 'impossible' }
}

/** The relay's table of a session: payload type and clock rate in turn. */
export function typesOf(codecs: readonly NegotiatedCodec[]): number[] {
  const types: number[] = []
  for (const codec of codecs) types.push(codec.receiveType, isAuxiliary(codec) ? -codec.clockRate : codec.clockRate)
  return types
}

/** The entry for sounds made here: the G.711 that the peer prefers; 0 when it takes none. */
export function soundOf(codecs: readonly NegotiatedCodec[]): number {
  const first = codecs.find((codec) => g711Law(codec) !== undefined)
  return first ? first.sendType | lawFlags(first) : 0
}

function lawFlags(codec: NegotiatedCodec): number {
  return routed | (g711Law(codec) === 'pcma' ? toPcma : 0)
}

/** What the relay needs to know of a session to make sounds for it and to understand the peer's. */
export function soundsOf(
  codecs: readonly NegotiatedCodec[],
): Pick<SetCommand, 'sound' | 'keys' | 'laws' | 'sent' | 'events'> {
  const events = codecs.filter(isTelephoneEvent)
  const laws = codecs.filter((codec) => g711Law(codec) !== undefined)
  return {
    sound: soundOf(codecs),
    keys: events.map((codec) => codec.receiveType),
    laws: laws.map((codec) => codec.receiveType | lawFlags(codec)),
    sent: laws.map((codec) => codec.sendType | lawFlags(codec)),
    events: events.find((codec) => codec.clockRate === 8000)?.sendType ?? -1,
  }
}
