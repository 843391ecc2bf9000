import type { Binding, RegistrationRequest } from '#directory'
import type { NameAddr, ServerTransaction } from '#sip'
import { admit, refuse } from './admission.ts'
import { type Core, inBackground } from './core.ts'

/** REGISTER (RFC 3261 §10.3): who may, for which AoR, and the bindings that follow. 200 goes out once they are stored. */
export function handleRegister(core: Core, transaction: ServerTransaction): void {
  const { request, flow } = transaction
  const admission = admit(core, request, flow, false)
  if (admission.kind === 'refused') {
    refuse(transaction, admission)
    return
  }
  if (admission.kind !== 'device' || request.to.uri.user !== admission.device.username) {
    transaction.respond(403, 'Only your own address can be registered')
    return
  }
  const star = request.header('contact')?.trim() === '*'
  if (star && request.header('expires')?.trim() !== '0') {
    transaction.respond(400, 'Contact * needs Expires 0')
    return
  }
  const registration: RegistrationRequest = {
    device: admission.device,
    aor: admission.device.username,
    callIdHeader: request.callId,
    cseq: request.cseq.number,
    contacts: star ? [] : request.contacts.map((contact) => contactOf(contact, request.header('expires'))),
    removeAll: star,
    path: request.headerList('path'),
    flow: {
      protocol: flow.protocol,
      remoteAddress: flow.remoteAddress,
      remotePort: flow.remotePort,
      id: flow.id,
    },
    userAgent: (request.header('user-agent') ?? '').slice(0, 200),
  }
  inBackground(core, 'a registration', register(core, transaction, registration))
}

async function register(core: Core, transaction: ServerTransaction, registration: RegistrationRequest): Promise<void> {
  let result: Awaited<ReturnType<typeof core.directory.register>>
  try {
    result = await core.directory.register(registration)
  } catch (error) {
    transaction.respond(503, 'Registration could not be stored', [['Retry-After', '10']])
    throw error
  }
  if (!result.ok) {
    if (result.refusal === 'interval-too-brief')
      transaction.respond(423, 'Interval Too Brief', [['Min-Expires', String(result.minExpires ?? 60)]])
    else if (result.refusal === 'too-many-bindings') transaction.respond(403, 'Too many registrations for this address')
    else transaction.respond(500, 'CSeq out of order')
    return
  }
  const now = core.clock.now()
  const path = registration.path.map((value) => ['Path', value] as const)
  transaction.respond(200, 'OK', [
    ...result.bindings.map((binding) => ['Contact', contactText(binding, now)] as const),
    ...path,
    ['Date', new Date(now).toUTCString()],
  ])
}

function contactOf(contact: NameAddr, expires: string | undefined): RegistrationRequest['contacts'][number] {
  const given = contact.params.get('expires') ?? expires
  const seconds = Number(given)
  const push = ['pn-provider', 'pn-prid', 'pn-param']
    .map((name) => [name, contact.uri.params.get(name)] as const)
    .filter(([, value]) => value !== undefined)
  return {
    uri: contact.uri.text,
    // None given, and a malformed one (RFC 3261 §10.2.1.1): the directory's default.
    expires: given !== undefined && /^\d{1,10}$/.test(given.trim()) ? seconds : -1,
    q: quality(contact.params.get('q')),
    instance: contact.params.get('+sip.instance') ?? '',
    regId: Number(contact.params.get('reg-id') ?? 0) || 0,
    push: push.length > 0 ? JSON.stringify(Object.fromEntries(push)) : '',
  }
}

function quality(text: string | undefined): number {
  const value = text === undefined ? 1 : Number(text)
  return Number.isFinite(value) && value >= 0 && value <= 1 ? Math.round(value * 1000) : 1000
}

function contactText(binding: Binding, now: number): string {
  const seconds = Math.max(0, Math.round((binding.expiresAt - now) / 1000))
  const instance = binding.instance === '' ? '' : `;+sip.instance="${binding.instance.replaceAll('"', '')}"`
  const regId = binding.regId > 0 ? `;reg-id=${binding.regId}` : ''
  return `<${binding.contact}>;expires=${seconds};q=${(binding.q / 1000).toFixed(3)}${instance}${regId}`
}
