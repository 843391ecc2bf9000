import type { Person } from '#directory'
import type { ChargeRow, RangStation } from '#storage'
import type { Charge } from '../contract.ts'
import { toCsv } from '../csv.ts'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { exported, exportStep, isoTime } from '../exported.ts'
import { notFound } from '../fault.ts'
import { seesAll, type Viewer } from '../viewer.ts'
import { parsed } from './records.ts'

interface Narrowed {
  readonly person?: string | undefined
  readonly state?: Charge['state'] | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** What is asked for, for somebody who may see it. @throws ApiFault 404 for somebody else's account */
function allowed(viewer: Viewer, person: Person, { person: wanted, state, from, to }: Narrowed) {
  if (!seesAll(viewer, person) && wanted !== undefined && wanted !== person.id) throw notFound('person')
  const account = seesAll(viewer, person) ? wanted : person.id
  return {
    ...(account === undefined ? {} : { account }),
    ...(state === undefined ? {} : { state }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}

export const chargeHandlers: HandlersOf<Under<'charges'>> = {
  'GET /api/v1/charges': async ({ desk, viewer, person, query }) => {
    const { limit, cursor, ...narrowed } = query
    const of = allowed(viewer, person, narrowed)
    const page = await desk.storage.charges.list({ limit, ...of, ...(cursor === undefined ? {} : { cursor }) })
    return {
      charges: page.charges.map((row) => chargeShape(row, desk)),
      ...(page.next ? { next: page.next } : {}),
    }
  },

  'GET /api/v1/charges.csv': async ({ desk, viewer, person, query, headers }) => {
    const of = allowed(viewer, person, query)
    const rows = await exported(async (cursor) => {
      const { charges, ...rest } = await desk.storage.charges.list({ limit: exportStep, ...of, ...cursor })
      return { rows: charges, ...rest }
    })
    headers['content-disposition'] = 'attachment; filename="charges.csv"'
    return toCsv([columns, ...rows.map((row) => csvRow(chargeShape(row, desk)))])
  },
}

const columns = [
  ...['Opened', 'State', 'Account', 'Caller', 'Caller name', 'Called', 'Called name', 'Picked up by', 'Rang'],
  ...['Answered', 'Ended', 'Seconds', 'Reason', 'Call', 'Id'],
]

function csvRow(charge: Charge): string[] {
  const { caller, called, answeredAt, endedAt } = charge
  const seconds = answeredAt === null || endedAt === null ? '' : String(Math.round((endedAt - answeredAt) / 1000))
  const rang = charge.rang.map(({ station, ms }) => `${station} ${(ms / 1000).toFixed(1)} s`).join('; ')
  return [
    ...[isoTime(charge.openedAt), charge.state, charge.account.name, caller.number, caller.name],
    ...[called.number, called.name, charge.pickedUpBy, rang, isoTime(answeredAt), isoTime(endedAt), seconds],
    ...[charge.reason, charge.callId, charge.id],
  ]
}

function chargeShape(row: ChargeRow, { directory }: Pick<DeskParts, 'directory'>): Charge {
  return {
    id: row.id,
    callId: row.callId,
    kind: row.kind,
    state: row.state,
    account: { personId: row.account, name: directory.personById(row.account)?.name ?? row.account },
    caller: { number: row.callerNumber, name: row.callerName, personId: row.callerId },
    called: { number: row.calledNumber, name: row.calledName, personId: row.calledId },
    pickedUpBy: row.pickedUpBy,
    rang: parsed<RangStation[]>(row.rangMs, []),
    openedAt: row.openedAt,
    answeredAt: row.answeredAt,
    endedAt: row.endedAt,
    reason: row.reason,
  }
}
