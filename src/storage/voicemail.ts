import type { Unit } from './engine.ts'
import { checkLimit, pageOf, parseCursor } from './pages.ts'
import type { Reads } from './reads.ts'
import { pushRow } from './rows.ts'
import {
  dropVoicemail,
  dropVoicemailBefore,
  hearVoicemail,
  keepVoicemail,
  mailVoicemail,
  putVoicemail,
} from './statements.ts'
import { voicemailTable } from './tables.ts'
import type { VoicemailStorage } from './voicemail-port.ts'
import type { WriteQueue } from './write-queue.ts'

/** Messages that callers leave. */
export function createVoicemail(queue: WriteQueue, reads: Reads): VoicemailStorage {
  const known = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    if (ids.length === 0) return new Set()
    const found = await reads.selectFrom('voicemail').select('id').where('id', 'in', ids).execute()
    return new Set(found.map(({ id }) => id))
  }
  return {
    begin(row) {
      const unit: Unit = []
      pushRow(unit, putVoicemail, voicemailTable, row)
      return queue.add(unit)
    },
    keep: ({ id, state, ms, partial, mail }) => queue.add([keepVoicemail, state, ms, partial, mail, id]),
    heard: (id, at) => queue.add([hearVoicemail, at, id]),
    mailed: (id, mail) => queue.add([mailVoicemail, mail, id]),
    remove: (id) => queue.add([dropVoicemail, id]),
    async removeBefore(before, limit) {
      const found = await reads
        .selectFrom('voicemail')
        .select(['id', 'ownerId'])
        .where('state', '=', 'kept')
        .where('at', '<', before)
        .where((eb) =>
          eb.or([
            eb('heardAt', '<', before),
            eb.and([
              eb('ownerId', 'not in', eb.selectFrom('people').select('people.id')),
              eb('ownerId', 'not in', eb.selectFrom('groups').select('groups.id')),
            ]),
          ]),
        )
        .orderBy('at')
        .orderBy('id')
        .limit(limit)
        .execute()
      if (found.length === 0) return { removed: [], found: 0 }
      await queue.add(found.flatMap(({ id }) => [dropVoicemailBefore, before, id]))
      const left = await known(found.map(({ id }) => id))
      return { removed: found.filter(({ id }) => !left.has(id)), found: found.length }
    },
    known,
    get: (id) => reads.selectFrom('voicemail').selectAll().where('id', '=', id).executeTakeFirst(),

    async list({ owners, cursor, limit }) {
      checkLimit(limit)
      if (owners.length === 0) return { messages: [] }
      let select = reads
        .selectFrom('voicemail')
        .selectAll()
        .where('ownerId', 'in', owners)
        .where('state', '=', 'kept')
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
      if (cursor !== undefined) {
        const { at, id } = parseCursor(cursor)
        select = select.where((eb) => eb(eb.refTuple('at', 'id'), '<', eb.tuple(at, id)))
      }
      const found = await select.execute()
      const { rows, ...more } = pageOf(found, limit, (row) => row.at)
      return { messages: rows, ...more }
    },

    async counts(ownerId) {
      const found = await reads
        .selectFrom('voicemail')
        .select(({ fn }) => [fn.countAll().as('all'), fn.count('heardAt').as('heard')])
        .where('ownerId', '=', ownerId)
        .where('state', '=', 'kept')
        .executeTakeFirst()
      const heard = Number(found?.heard ?? 0)
      return { fresh: Number(found?.all ?? 0) - heard, heard }
    },

    async allCounts() {
      const found = await reads
        .selectFrom('voicemail')
        .select(({ fn }) => ['ownerId', fn.countAll().as('all'), fn.count('heardAt').as('heard')])
        .where('state', '=', 'kept')
        .groupBy('ownerId')
        .orderBy('ownerId')
        .execute()
      return found.map(({ ownerId, all, heard }) => ({
        ownerId,
        fresh: Number(all) - Number(heard),
        heard: Number(heard),
      }))
    },

    recording: (node) =>
      reads
        .selectFrom('voicemail')
        .selectAll()
        .where('state', '=', 'recording')
        .where('node', '=', node)
        .orderBy('id')
        .execute(),
    toMail: (node) =>
      reads
        .selectFrom('voicemail')
        .selectAll()
        .where('mail', '=', 'due')
        .where('node', '=', node)
        .orderBy('at')
        .orderBy('id')
        .limit(100)
        .execute(),
    ofCalls: async (callIds) =>
      callIds.length === 0
        ? []
        : reads
            .selectFrom('voicemail')
            .selectAll()
            .where('callId', 'in', callIds)
            .where('state', '=', 'kept')
            .orderBy('id')
            .execute(),
  }
}
