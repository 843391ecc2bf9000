import type { Person } from '#directory'
import type { RecordRow } from '#storage'
import type { CallRecord } from '../contract.ts'
import { toCsv } from '../csv.ts'
import type { DeskParts, HandlersOf, Under } from '../exchange.ts'
import { exported, exportStep, isoTime } from '../exported.ts'
import { notFound } from '../fault.ts'
import { seesAll, type Viewer } from '../viewer.ts'
import { tookPart } from '../visibility.ts'

/** Whose records are meant. @throws ApiFault 404 for somebody else's */
function whose(viewer: Viewer, person: Person | undefined, wanted: string | undefined): { personId?: string } {
  if (seesAll(viewer, person)) return wanted === undefined ? {} : { personId: wanted }
  if (wanted !== undefined && wanted !== person?.id) throw notFound('person')
  return { personId: person?.id ?? '' }
}

export const recordHandlers: HandlersOf<Under<'records'>> = {
  'GET /api/v1/records': async ({ house, desk, viewer, person, query }) => {
    const { limit, cursor, number } = query
    const page = await house.records.list({
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(number === undefined ? {} : { number: desk?.directory.normalise(number) ?? number }),
      ...whose(viewer, person, query.person),
    })
    const messages = await messagesOf(desk, person, page.records)
    return {
      records: page.records.map((row) => ({ ...recordShape(row), ...messages(row.id) })),
      ...(page.next ? { next: page.next } : {}),
    }
  },

  'GET /api/v1/records/{id}': async ({ house, desk, viewer, person, path }) => {
    const row = await house.records.get(path.id)
    if (!row || !(seesAll(viewer, person) || tookPart(row, person.id))) throw notFound('record')
    return { ...recordShape(row), ...(await messagesOf(desk, person, [row]))(row.id) }
  },

  'GET /api/v1/records.csv': async ({ house, viewer, person, query, headers }) => {
    const of = whose(viewer, person, query.person)
    const rows = await exported(async (cursor) => {
      const { records, ...rest } = await house.records.list({ limit: exportStep, ...of, ...cursor })
      return { rows: records, ...rest }
    })
    headers['content-disposition'] = 'attachment; filename="calls.csv"'
    return toCsv([columns, ...rows.map(csvRow)])
  },
}

/** The messages that were left in calls, by the call. */
async function messagesOf(
  desk: DeskParts | undefined,
  person: Person | undefined,
  records: readonly RecordRow[],
): Promise<(callId: string) => Pick<CallRecord, 'message'>> {
  const mailboxes = desk?.voicemail
  const rows = mailboxes ? await mailboxes.ofCalls(records.map(({ id }) => id)) : []
  return (callId) => {
    const row = rows.find((one) => one.callId === callId)
    if (!row) return {}
    const mine = person !== undefined && mailboxes?.hears(person, row.ownerId)
    return { message: { ms: row.ms, ...(mine ? { id: row.id } : {}) } }
  }
}

const columns = [
  'Started',
  'Direction',
  'Caller',
  'Caller name',
  'Called',
  'Called name',
  'Answered by',
  'Answered',
  'Ended',
  'Seconds',
  'Cause',
  'Trunk',
  'Id',
]

function csvRow(row: RecordRow): string[] {
  const { answeredAt, endedAt } = row
  const seconds = answeredAt === null || endedAt === null ? '' : String(Math.round((endedAt - answeredAt) / 1000))
  return [
    ...[isoTime(row.startedAt), row.direction, row.callerNumber, row.callerName, row.dialled, row.calleeName],
    ...[row.answeredStation, isoTime(answeredAt), isoTime(endedAt), seconds, row.cause, row.trunk, row.id],
  ]
}

/** A record row as the API shows it. */
export function recordShape(row: RecordRow): CallRecord {
  return {
    id: row.id,
    state: row.state,
    direction: row.direction,
    caller: { number: row.callerNumber, name: row.callerName, personId: row.callerId },
    callee: { number: row.dialled, name: row.calleeName, personId: row.calleeId },
    dialled: row.dialled,
    trunk: row.trunk,
    startedAt: row.startedAt,
    answeredAt: row.answeredAt,
    endedAt: row.endedAt,
    answeredBy: { personId: row.answeredById, station: row.answeredStation },
    cause: row.cause,
    status: row.status,
    endedBy: row.endedBy,
    branches: parsed(row.branches, []),
    quality: parsed(row.quality, {}),
  }
}

/** JSON of a row; what cannot be read counts as none. */
export function parsed<T>(text: string, otherwise: T): T {
  try {
    return (JSON.parse(text) as T) ?? otherwise
  } catch {
    return otherwise
  }
}
