import { stationOf } from '#call'
import type { Device, Person } from '#directory'
import type { DeviceShape } from '../contract.ts'
import type { DeskParts, Exchange, HandlersOf, Surroundings, Under } from '../exchange.ts'
import { notFound } from '../fault.ts'

export const deviceHandlers: HandlersOf<Under<'devices'>> = {
  'GET /api/v1/devices': ({ desk, person, query }) => {
    const owner = ownerOf(desk, person, query.person)
    return { devices: desk.directory.devicesOf(owner.id).map((device) => deviceShape(desk, device)) }
  },

  'POST /api/v1/devices': async ({ house, desk, person, body }) => {
    const owner = ownerOf(desk, person, body.personId)
    const { name, kind, directMedia, autoAnswer, messageLight } = body
    const username = body.username ?? `${owner.login.slice(0, 55)}-${desk.random.token(4)}`
    const settings = { kind, directMedia, autoAnswer, messageLight }
    const device = await desk.directory.putDevice({ personId: owner.id, name, username, settings })
    return withSecret(house, desk, device)
  },

  'PATCH /api/v1/devices/{id}': async (exchange) => {
    const { desk, body } = exchange
    const device = deviceOf(exchange)
    const settings = {
      kind: body.kind ?? device.settings.kind,
      directMedia: body.directMedia ?? device.settings.directMedia,
      autoAnswer: body.autoAnswer ?? device.settings.autoAnswer,
      messageLight: body.messageLight ?? device.settings.messageLight,
    }
    const { id, personId, username } = device
    return deviceShape(
      desk,
      await desk.directory.putDevice({ id, personId, username, name: body.name ?? device.name, settings }),
    )
  },

  'DELETE /api/v1/devices/{id}': async (exchange) => {
    await exchange.desk.directory.removeDevice(deviceOf(exchange).id)
    return undefined
  },

  'POST /api/v1/devices/{id}/secret': (exchange) => withSecret(exchange.house, exchange.desk, deviceOf(exchange)),
}

/** Whose devices are meant: one's own, or for administrators anybody's. @throws ApiFault 404 */
function ownerOf({ directory }: DeskParts, person: Person, wanted: string | undefined): Person {
  if (wanted === undefined || wanted === person.id) return person
  const owner = person.role === 'administrator' ? directory.personById(wanted) : undefined
  if (!owner) throw notFound('person')
  return owner
}

type OneDevice = Extract<Under<'devices'>, `${string}{id}${string}`>

function deviceOf<K extends OneDevice>({ desk, person, path }: Exchange<K>): Device {
  const device = desk.directory.deviceById((path as { id: string }).id)
  if (!device || (device.personId !== person.id && person.role !== 'administrator')) throw notFound('device')
  return device
}

/** Gives the device a new secret: shown in this answer and never again. */
async function withSecret(house: Surroundings, desk: DeskParts, device: Device) {
  const password = desk.random.token(16)
  await desk.directory.setDevicePassword(device.id, password)
  const domain = house.about.sip?.domain ?? 'baton.local'
  const secret = { username: device.username, password, domain, realm: domain, server: house.about.sip?.address ?? '' }
  return { device: deviceShape(desk, device), secret }
}

function deviceShape({ directory }: DeskParts, device: Device): DeviceShape {
  const { id, personId, name, username, settings } = device
  const person = directory.personById(personId)
  const bindings = person ? directory.bindingsOfDevice(id) : []
  return {
    ...{ id, personId, name, username, ...settings },
    bindings: bindings.map((binding) => ({
      station: stationOf(directory, person as Person, binding).name,
      username: /^(?:sips?:)?([^@;]*)/.exec(binding.aor)?.[1] ?? '',
      address: `${binding.protocol} ${binding.remoteAddress}:${binding.remotePort}`,
      userAgent: binding.userAgent,
      registeredAt: binding.registeredAt,
      expiresAt: binding.expiresAt,
    })),
  }
}
