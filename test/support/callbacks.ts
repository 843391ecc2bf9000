import { type CallbackAttemptRow, type CallbackRow, openStorage } from '#storage'

/** A request for a call that is due now. @param called, caller JSON of a `CallbackParty` is made of what is given */
export function callbackRow(
  id: string,
  called: object,
  caller: object,
  more: Partial<CallbackRow> = {},
  now = Date.now(),
): CallbackRow {
  return {
    ...{ id, state: 'scheduled', attemptId: '', node: '', dueAt: now, createdAt: now, changedAt: now },
    ...{ askerId: '', personId: '', channel: 'web', thread: '{}', threadKey: id, language: 'en', timeZone: 'UTC' },
    ...{ called: JSON.stringify({ name: '', ...called }), caller: JSON.stringify({ name: '', ...caller }) },
    ...{ keys: '', note: '', askedAt: null, attempts: 0, outcome: '', questions: '[]', cancelHash: '' },
    ...{ source: '', target: '' },
    ...more,
  }
}

/** Writes requests into the database of a server that is not running. */
export async function acceptRequests(folder: string, rows: readonly CallbackRow[]): Promise<void> {
  const storage = await openStorage({ folder, thread: false })
  for (const row of rows) await storage.callbacks.accept(row, [])
  await storage.close()
}

/** What the database of a server that is not running says of a request. */
export async function requestIn(
  folder: string,
  id: string,
): Promise<{ request: CallbackRow | undefined; attempts: readonly CallbackAttemptRow[] }> {
  const storage = await openStorage({ folder, thread: false })
  const [request, attempts] = await Promise.all([storage.callbacks.get(id), storage.callbacks.attemptsOf(id)])
  await storage.close()
  return { request, attempts }
}
