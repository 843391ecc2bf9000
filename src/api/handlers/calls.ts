import { CallError, type CallView, ladderModel } from '#call'
import type { Person } from '#directory'
import type { CallCard } from '../contract.ts'
import type { DeskParts, Exchange, HandlersOf, Surroundings, Under } from '../exchange.ts'
import { invalid, notFound } from '../fault.ts'
import { seesAll, type Viewer } from '../viewer.ts'
import { type CallSight, callSightOf, isTheirs, shape, tookPart } from '../visibility.ts'
import { recordShape } from './records.ts'

const mostListed = 500

/** What this viewer sees of a live call. */
function sightOf(view: CallView, { desk, viewer, person }: Seeing): CallSight | undefined {
  if (viewer.kind === 'board' || !person || !desk) return viewer.kind === 'board' ? 'all' : undefined
  return callSightOf(view, person, desk.directory)
}

/** Whether a live call is this viewer's own, or all are theirs to act on and to look into. */
function maySee(view: CallView, { desk, viewer, person }: Seeing): boolean {
  return (
    seesAll(viewer, person) || (person !== undefined && desk !== undefined && isTheirs(view, person, desk.directory))
  )
}

type Seeing = { readonly desk: DeskParts | undefined; readonly viewer: Viewer; readonly person: Person | undefined }

/** A live call of this viewer's own. @throws ApiFault the same 404 for what is not there and what is not theirs */
function seen(house: Surroundings, seeing: Seeing, id: string): CallView {
  const view = house.calls.get(id)
  if (!view || !maySee(view, seeing)) throw notFound('live call')
  return view
}

type Act = Extract<Under<'calls'>, `POST /api/v1/calls/{id}/${string}`>

/** Runs an act on a call of this person's own, and answers its id. */
async function act<K extends Act>(
  exchange: Exchange<K>,
  run: (view: CallView) => void | Promise<void>,
): Promise<{ id: string }> {
  const view = seen(exchange.house, exchange, (exchange.path as { id: string }).id)
  await run(view)
  return { id: view.id }
}

export const callHandlers: HandlersOf<Under<'calls'>> = {
  'GET /api/v1/calls': ({ house, desk, viewer, person }) => {
    const theirs = house.calls.list().flatMap((view) => {
      const sight = sightOf(view, { desk, viewer, person })
      return sight ? [{ view, sight }] : []
    })
    const newest = theirs.sort((a, b) => b.view.startedAt - a.view.startedAt).slice(0, mostListed)
    return { calls: newest.map(({ view, sight }) => shape(view, sight)), total: theirs.length }
  },

  'GET /api/v1/calls/{id}': (exchange) => {
    const view = exchange.house.calls.get(exchange.path.id)
    const sight = view && sightOf(view, exchange)
    if (!view || !sight) throw notFound('live call')
    return shape(view, sight)
  },

  'GET /api/v1/calls/{id}/trace': async ({ house, desk, viewer, person, path: { id } }) => {
    const view = house.calls.get(id)
    const row = view ? undefined : await house.records.get(id)
    const allowed = view
      ? maySee(view, { desk, viewer, person })
      : row
        ? seesAll(viewer, person) || tookPart(row, person.id)
        : seesAll(viewer, person)
    if (!allowed) throw notFound('call')
    const entries = await house.calls.trace(id)
    if (entries.length === 0 && !view && !row) throw notFound('call')
    const { columns, arrows } = ladderModel(entries)
    return { id, entries: [...entries], columns: [...columns], arrows: [...arrows] }
  },

  'GET /api/v1/calls/{id}/card': (exchange) =>
    card(exchange.house, exchange.desk, exchange.person, seen(exchange.house, exchange, exchange.path.id)),

  'POST /api/v1/calls': async ({ desk, person, body }) => {
    const from = body.from === undefined ? preferred(desk, person) : deviceNamed(desk, person, body.from)
    return { id: await desk.acts.originate(person, body.to, from) }
  },

  'POST /api/v1/calls/{id}/answer': (exchange) =>
    act(exchange, (view) => {
      const { desk, person, body } = exchange
      return desk.acts.answer(view.id, person, stationNamed(desk, person, view, body.station))
    }),
  'POST /api/v1/calls/{id}/decline': (exchange) =>
    act(exchange, ({ id }) => exchange.desk.acts.decline(id, exchange.person)),
  'POST /api/v1/calls/{id}/divert': (exchange) =>
    act(exchange, ({ id }) => exchange.desk.acts.divert(id, exchange.person, exchange.body.to)),
  'POST /api/v1/calls/{id}/pickup': async ({ house, desk, viewer, person, path: { id }, body }) => {
    const device = body.station === undefined ? undefined : deviceNamed(desk, person, body.station, 'station')
    try {
      // Whether the person may take it is the service's to say: it may ring people whose calls they do not see, or at another node.
      await desk.acts.pickup(id, person, device)
    } catch (error) {
      const view = house.calls.get(id)
      const hidden = !view || !sightOf(view, { desk, viewer, person })
      if (hidden && error instanceof CallError && (error.code === 'not-allowed' || error.code === 'nothing-rings'))
        throw notFound('live call')
      throw error
    }
    return { id }
  },
  'POST /api/v1/calls/{id}/transfer': (exchange) =>
    act(exchange, ({ id }) => exchange.desk.acts.transfer(id, exchange.person, exchange.body.to)),
  'POST /api/v1/calls/{id}/hold': (exchange) => act(exchange, ({ id }) => exchange.desk.acts.hold(id, exchange.person)),
  'POST /api/v1/calls/{id}/resume': (exchange) =>
    act(exchange, ({ id }) => exchange.desk.acts.resume(id, exchange.person)),
  'POST /api/v1/calls/{id}/hangup': (exchange) =>
    act(exchange, ({ id }) => exchange.desk.acts.hangup(id, exchange.person)),
}

/** The name of the device that a call goes out from when none is named: the preferred one while it is registered, else all. */
function preferred({ directory }: DeskParts, person: Person): string | undefined {
  const device = directory.deviceById(person.settings.preferredDevice)
  return device && device.personId === person.id && directory.bindingsOfDevice(device.id).length > 0
    ? device.name
    : undefined
}

function deviceNamed({ directory }: DeskParts, person: Person, name: string, field = 'from'): string {
  const devices = directory.devicesOf(person.id)
  const device = devices.find((one) => one.id === name || one.name === name || `${person.login}/${one.name}` === name)
  if (device) return device.name
  throw invalid(field, `you have no device ${JSON.stringify(name)}; allowed: ${named(devices.map((one) => one.name))}`)
}

/** The ringing branch that is meant by a station's name, or by the id or name of one of the person's devices. */
function stationNamed({ directory }: DeskParts, person: Person, view: CallView, wanted: string): string {
  const mine = view.branches.filter((branch) => branch.personId === person.id)
  const exact = mine.find((branch) => branch.station === wanted)
  if (exact) return exact.station
  const device = directory.devicesOf(person.id).find((one) => one.id === wanted || one.name === wanted)
  const name = device && `${person.login}/${device.name}`
  const found = name && mine.find(({ station }) => station === name || station.startsWith(`${name} at `))
  // A call that was taken meanwhile is the call core's to refuse.
  if (found) return found.station
  if (view.state !== 'ringing') return wanted
  throw invalid(
    'station',
    `${JSON.stringify(wanted)} is none of your stations that ring; allowed: ${named(mine.map(({ station }) => station))}`,
  )
}

function named(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'none at the moment'
}

async function card(house: Surroundings, desk: DeskParts, person: Person, view: CallView): Promise<CallCard> {
  const { directory, storage } = desk
  const other = view.caller.personId === person.id ? view.callee : view.caller
  const number = directory.normalise(other.number)
  const known = number !== '' && number !== 'anonymous'
  const { contacts } = known ? await storage.contacts.list({ viewerId: person.id, number, limit: 5 }) : { contacts: [] }
  // One's own word counts more than what is shared.
  const contact = contacts.find(({ ownerId }) => ownerId === person.id) ?? contacts[0]
  const notes = contact ? await storage.contacts.notes(contact.id, 20) : []
  const past = known
    ? await house.records.list({
        number,
        limit: 11,
        ...(person.role === 'person' ? { personId: person.id } : {}),
      })
    : { records: [] }
  const called = view.callee
  const request = desk.callbacks?.service.requestOf(view.id)
  const group = called.personId !== '' && directory.groupById(called.personId) !== undefined
  return {
    id: view.id,
    party: {
      number: other.number,
      name: contact?.name || other.name,
      company: contact?.company ?? '',
      personId: other.personId,
    },
    ...(contact
      ? { contact: { id: contact.id, name: contact.name, company: contact.company, remark: contact.remark } }
      : {}),
    notes: notes.map(({ id, at, authorId, text, callId }) => ({
      id,
      at,
      author: directory.personById(authorId)?.name ?? '',
      text,
      ...(callId ? { callId } : {}),
    })),
    pastCalls: past.records
      .filter(({ id }) => id !== view.id)
      .slice(0, 10)
      .map(recordShape),
    called: {
      number: called.number,
      name: called.name,
      kind: group ? 'group' : called.personId === '' ? 'outside' : 'person',
    },
    ...(request
      ? {
          requested: {
            ...{ channel: request.channel, note: request.note, createdAt: request.createdAt },
            mine: request.personId === person.id,
          },
        }
      : {}),
  }
}
