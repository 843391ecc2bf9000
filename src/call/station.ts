import type { Binding, Person, RingingCaller, Trunk } from '#directory'
import { type Destination, formatNameAddr, type HeaderLines, parseUri, type Target, type Uri } from '#sip'
import type { Core } from './core.ts'

/** Anything that can ring: a registered contact of a device, an outside number behind trunks, or another node that has the call. */
export type Station =
  | { readonly kind: 'device'; readonly name: string; readonly person: Person; readonly binding: Binding }
  | { readonly kind: 'outside'; readonly name: string; readonly number: string; readonly trunks: readonly Trunk[] }
  | NodeStation

/** A node of the same database that is asked for a call which rings there. */
export interface NodeStation {
  readonly kind: 'node'
  readonly name: string
  /** What is dialled there. */
  readonly number: string
  readonly destination: Destination
  /** Made as the INVITE leaves: what vouches for it does not hold for long. */
  headers(): HeaderLines
}

export function personOf(station: Station): string {
  return station.kind === 'device' ? station.person.id : ''
}

/** What a station speaks: whatever is reached over WebSocket is a browser (RFC 7118), also behind a proxy that the phone's flow ends at. */
export function mediaKindOf(station: Station): 'rtp' | 'webrtc' {
  if (station.kind !== 'device') return 'rtp'
  const { protocol, contact } = station.binding
  return protocol === 'ws' || protocol === 'wss' || /;transport=wss?\b/i.test(contact) ? 'webrtc' : 'rtp'
}

export function directMediaOf(station: Station): boolean {
  if (station.kind === 'device') return station.binding.device.settings.directMedia
  return station.kind === 'outside' && station.trunks.every((trunk) => trunk.settings.directMedia)
}

/** Who is shown as calling: to a colleague, or to the outside where privacy may hide it. */
export interface Presented {
  readonly number: string
  readonly name: string
  /** Number for the outside (E.164), '' when the caller has none. */
  readonly outsideNumber: string
  /** The caller stays unknown to everybody … */
  readonly hidden: boolean
  /** … or to the outside only. */
  readonly hiddenOutside: boolean
  /** Our number on whose behalf a forwarded or transferred call leaves: the provider bills and accepts only our own. */
  readonly onBehalfOf?: string
}

/** A person of ours as others see them. */
export function presentedOf(person: Person, hidden = false): Presented {
  return {
    number: person.extension,
    name: person.name,
    outsideNumber: outsideNumberOf(person),
    hidden,
    hiddenOutside: person.settings.hideNumber,
  }
}

/** The number that a person's calls to the outside show. */
export function outsideNumberOf(person: Person): string {
  return person.settings.shownNumber ?? person.numbers[0] ?? ''
}

/** The caller as people's rules see them. */
export function asRulesSee(presented: Presented, person: Person | undefined): RingingCaller {
  return { number: presented.number, internal: person !== undefined }
}

/** How a caller is shown on a call that leaves on somebody's account. */
export function presentedFor(presented: Presented, caller: Person | undefined, account: Person | undefined): Presented {
  return account && account !== caller ? { ...presented, onBehalfOf: outsideNumberOf(account) } : presented
}

/** One way to reach a station. */
export interface Way {
  readonly uri: string
  readonly target: Target
  readonly from: string
  readonly to: string
  readonly headers: HeaderLines
  readonly routeSet: readonly string[]
  readonly credentials?: { readonly username: string; readonly password: string; readonly realm?: string }
  readonly trunk?: Trunk
}

/** The ways to a station in the order to try them; empty when nothing leads there (a dead connection, no gateway). */
export async function waysTo(
  core: Core,
  station: Station,
  caller: Presented,
  dialled: string,
): Promise<readonly Way[]> {
  if (station.kind === 'device') {
    const way = wayToBinding(core, station.binding, caller, dialled)
    return way instanceof Promise ? optional(await way) : optional(way)
  }
  if (station.kind === 'node') return [wayToNode(core, station, caller)]
  const ways: Way[] = []
  for (const trunk of station.trunks) {
    for (const gateway of core.directory.gatewaysOf(trunk.id)) {
      const way = await wayToGateway(core, trunk, gateway, station.number, caller)
      if (way) ways.push(way)
    }
  }
  return ways
}

function optional(way: Way | undefined): readonly Way[] {
  return way ? [way] : []
}

function wayToBinding(
  core: Core,
  binding: Binding,
  caller: Presented,
  dialled: string,
): Way | undefined | Promise<Way | undefined> {
  const path = binding.path === '' || binding.path === '[]' ? [] : (JSON.parse(binding.path) as string[])
  const rest = {
    uri: binding.contact,
    from: formatNameAddr(caller.hidden ? 'Anonymous' : caller.name, callerUri(core, caller)),
    to: formatNameAddr('', `sip:${binding.aor.includes('@') ? binding.aor : `${binding.aor}@${core.settings.domain}`}`),
    headers:
      dialled === ''
        ? []
        : ([['P-Called-Party-ID', `<sip:${userPart(dialled)}@${core.settings.domain}>`]] as HeaderLines),
    routeSet: path,
  }
  const destination: Destination = {
    protocol: binding.protocol as Destination['protocol'],
    address: binding.remoteAddress,
    port: binding.remotePort,
    host: binding.remoteAddress,
  }
  const next = parseUri(path[0] === undefined ? binding.contact : path[0].replace(/^[^<]*<([^>]*)>.*$/, '$1'))
  // A station is reached over the flow that it registered over (RFC 5626 §5.3, RFC 7118 §5), which also leads through its NAT …
  const asksForAnotherPort = next.ok && binding.protocol === 'udp' && listensElsewhere(binding, next.value)
  const flow = asksForAnotherPort
    ? undefined
    : (core.transport.flow(binding.flowId) ?? core.transport.existing(destination))
  if (flow) return { ...rest, target: { flow } }
  if (!next.ok || destination.protocol === 'ws' || destination.protocol === 'wss') return undefined
  const found = core.resolver.resolveNow(next.value)
  if (found) return { ...rest, target: { destinations: found } }
  return core.resolver.resolve(next.value).then((destinations) => ({ ...rest, target: { destinations } }))
}

/** … unless its contact names its very address with another port: then it sends from one port and listens on the other. */
function listensElsewhere(binding: Binding, contact: Uri): boolean {
  return binding.regId === 0 && contact.host === binding.remoteAddress && (contact.port ?? 5060) !== binding.remotePort
}

function wayToNode(core: Core, { destination, number, headers }: NodeStation, caller: Presented): Way {
  const { address, port } = destination
  const uri = `sip:${userPart(number)}@${address.includes(':') ? `[${address}]` : address}:${port}`
  return {
    uri,
    target: { destinations: [destination] },
    from: formatNameAddr(caller.hidden ? 'Anonymous' : caller.name, callerUri(core, caller)),
    to: formatNameAddr('', uri),
    headers: headers(),
    routeSet: [],
  }
}

async function wayToGateway(
  core: Core,
  trunk: Trunk,
  gateway: string,
  number: string,
  caller: Presented,
): Promise<Way | undefined> {
  const uri = parseUri(gateway)
  if (!uri.ok) return undefined
  const destinations = core.resolver.resolveNow(uri.value) ?? (await core.resolver.resolve(uri.value))
  if (destinations.length === 0) return undefined
  const host = uri.value.port ? `${uri.value.host}:${uri.value.port}` : uri.value.host
  const identity = caller.outsideNumber || caller.number
  const asserted = `<sip:${userPart(caller.onBehalfOf || identity)}@${core.settings.domain}>`
  const hidden = caller.hidden || caller.hiddenOutside
  const headers: [string, string][] = [['P-Asserted-Identity', asserted]]
  if (caller.onBehalfOf) headers.push(['Diversion', `${asserted};reason=unconditional`])
  if (hidden) headers.push(['Privacy', 'id'])
  const transport = uri.value.params.get('transport')
  return {
    uri: `sip:${userPart(number)}@${host}${transport ? `;transport=${transport}` : ''}`,
    target: { destinations },
    from: hidden
      ? '"Anonymous" <sip:anonymous@anonymous.invalid>'
      : formatNameAddr(caller.name, `sip:${userPart(identity)}@${core.settings.domain}`),
    to: formatNameAddr('', `sip:${userPart(number)}@${uri.value.host}`),
    headers,
    routeSet: [],
    credentials: trunk.settings.credentials ?? trunk.settings.registration,
    trunk,
  }
}

/** Who is at the other end, for a station of ours that may show it (RFC 3325); nothing about who stays unknown. */
export function identityOf(core: Core, other: Presented): HeaderLines {
  if (other.hidden || other.number === '') return []
  return [['P-Asserted-Identity', formatNameAddr(other.name, callerUri(core, other))]]
}

export function callerUri(core: Core, caller: Presented): string {
  return caller.hidden ? 'sip:anonymous@anonymous.invalid' : `sip:${userPart(caller.number)}@${core.settings.domain}`
}

/** The user part of a URI: everything outside RFC 3261's unreserved set (and `+`) is escaped. */
export function userPart(text: string): string {
  return /^[A-Za-z0-9+*_.!~'()-]*$/.test(text) ? text : encodeURIComponent(text).replaceAll('%2B', '+')
}
