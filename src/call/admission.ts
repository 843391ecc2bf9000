import type { Device, Person, Trunk } from '#directory'
import { type Flow, parseNameAddr, type Request, type ServerTransaction } from '#sip'
import type { Caller } from './caller.ts'
import type { Core } from './core.ts'
import { presentedOf } from './station.ts'

/** What a request's sender turned out to be. */
export type Admission =
  | { readonly kind: 'trunk'; readonly trunk: Trunk }
  | { readonly kind: 'device'; readonly device: Device; readonly person: Person }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly reason: string
      readonly headers: readonly (readonly [string, string])[]
    }

/**
 * Who sends this request: a trunk by its address and configured identity, a device by its digest; everybody else is challenged. Unknown
 * users and wrong passwords get the same answer.
 */
export function admit(core: Core, request: Request, flow: Flow, proxy: boolean): Admission {
  const trunk = core.directory.trunkOf({
    address: flow.remoteAddress,
    port: flow.remotePort,
    requestUser: request.uri.user,
    requestHost: request.uri.host,
    fromUser: request.from.uri.user,
  })
  if (trunk && request.method !== 'REGISTER') return { kind: 'trunk', trunk }
  const result = core.authenticatorOf(flow).check(request, flow.remoteAddress, flow.remotePort)
  if (result.outcome === 'ok') {
    const device = core.directory.deviceByUsername(result.username)
    const person = device && core.directory.personById(device.personId)
    if (device && person) return { kind: 'device', device, person }
    return { kind: 'refused', status: 403, reason: 'Forbidden', headers: [] }
  }
  if (result.outcome === 'locked') {
    const seconds = String(Math.ceil(result.retryAfterMs / 1000))
    return { kind: 'refused', status: 403, reason: 'Too many attempts', headers: [['Retry-After', seconds]] }
  }
  return proxy
    ? {
        kind: 'refused',
        status: 407,
        reason: 'Proxy Authentication Required',
        headers: [['Proxy-Authenticate', result.header]],
      }
    : { kind: 'refused', status: 401, reason: 'Unauthorized', headers: [['WWW-Authenticate', result.header]] }
}

/** Answers a request that was refused. */
export function refuse(
  transaction: Pick<ServerTransaction, 'respond'>,
  admission: Admission & { kind: 'refused' },
): void {
  transaction.respond(admission.status, admission.reason, admission.headers)
}

/** The caller of an admitted INVITE, as our people and the outside will see them. Identity headers count from trunks only. */
export function callerOf(core: Core, request: Request, admission: Exclude<Admission, { kind: 'refused' }>): Caller {
  return admission.kind === 'device'
    ? stationCaller(admission.person, admission.device, request)
    : trunkCaller(core, admission.trunk, request)
}

function stationCaller(person: Person, device: Device, request: Request): Caller {
  return {
    origin: { kind: 'station', person },
    person,
    deviceId: device.id,
    station: `${person.login}/${device.name}`,
    trunk: undefined,
    directMedia: device.settings.directMedia,
    presented: presentedOf(person, privacyOf(request)),
  }
}

function trunkCaller(core: Core, trunk: Trunk, request: Request): Caller {
  const asserted = parseNameAddr(request.headerList('p-asserted-identity')[0] ?? '')
  const identity = asserted.ok && asserted.value.uri.user !== '' ? asserted.value : request.from
  const number = core.directory.normalise(identity.uri.user)
  const hidden = privacyOf(request) || request.from.uri.user === 'anonymous'
  return {
    origin: { kind: 'trunk', trunk },
    person: undefined,
    deviceId: '',
    station: hidden ? 'anonymous' : number,
    trunk,
    directMedia: trunk.settings.directMedia,
    presented: {
      number: hidden ? 'anonymous' : number,
      name: hidden ? '' : identity.display || request.from.display,
      outsideNumber: hidden ? '' : number,
      hidden,
      hiddenOutside: hidden,
    },
  }
}

/** RFC 3323: the caller wants to stay unknown. */
function privacyOf(request: Request): boolean {
  const privacy = request.header('privacy')
  return privacy !== undefined && /\b(id|user|header)\b/i.test(privacy)
}
