import type { BranchView, CallChange, CallCounters, CallId, CallView, LiveCalls, TraceEntry } from '#call'
import type { ChargeRow, RecordRow, Storage } from '#storage'

const nobody = { number: '', name: '', personId: '' }

/** Live calls that do what a test says: for the API and the pages, without SIP. */
export class FakeCalls implements LiveCalls {
  readonly #views = new Map<CallId, CallView>()
  readonly #traces = new Map<CallId, TraceEntry[]>()
  readonly #listeners = new Set<(view: CallView, change: CallChange) => void>()
  readonly counted = { started: 0, answered: 0, failed: 0, refused: new Map<string, number>() }

  get counters(): CallCounters {
    return { live: this.#views.size, ...this.counted }
  }

  get watchers(): number {
    return this.#listeners.size
  }

  list(): readonly CallView[] {
    return [...this.#views.values()]
  }

  get(id: CallId): CallView | undefined {
    return this.#views.get(id)
  }

  watch(listener: (view: CallView, change: CallChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async trace(id: CallId): Promise<readonly TraceEntry[]> {
    return [...(this.#traces.get(id) ?? [])]
  }

  /** Starts a call, or changes what is given of one. */
  put(id: CallId, change: Partial<CallView>): CallView {
    const before = this.#views.get(id)
    const view = {
      state: 'ringing' as const,
      held: false,
      direction: 'internal' as const,
      caller: nobody,
      callee: nobody,
      trunk: '',
      answeredBy: '',
      startedAt: 0,
      branches: [],
      ...before,
      ...change,
      id,
      rings: [],
    }
    const rung = view.branches.filter(({ state }) => state === 'calling' || state === 'ringing')
    const rings = view.state === 'ringing' ? rung.map(({ personId }) => personId) : []
    return this.#keep({ ...view, rings: change.rings ?? rings }, before)
  }

  #keep(view: CallView, before: CallView | undefined): CallView {
    const { id } = view
    this.#views.set(id, view)
    if (!before) this.counted.started++
    if (view.state === 'answered' && before?.state !== 'answered') this.counted.answered++
    this.#tell(view, before ? 'changed' : 'started')
    return view
  }

  end(id: CallId, cause: string): void {
    const before = this.#views.get(id)
    if (!before) throw new Error(`no call ${id}`)
    this.#views.delete(id)
    if (before.state !== 'answered') this.counted.failed++
    this.#tell({ ...before, state: 'ended', rings: [], cause }, 'ended')
  }

  /** Adds a message to a call's trace; lines are joined by CRLF. */
  message(id: CallId, at: number, direction: 'in' | 'out', peer: string, ...lines: string[]): void {
    const entries = this.#traces.get(id) ?? []
    entries.push({ at, direction, peer, text: lines.join('\r\n') })
    this.#traces.set(id, entries)
  }

  #tell(view: CallView, change: CallChange): void {
    for (const listener of this.#listeners) listener(view, change)
  }
}

export function ringing(station: string, personId: string, ringMs = 0): BranchView {
  return { station, personId, state: 'ringing', ringMs }
}

/** A record row with what a test does not care about filled in. */
export function fakeRecord(row: Partial<RecordRow> & Pick<RecordRow, 'id'>): RecordRow {
  return {
    node: 'test',
    state: 'ended',
    direction: 'internal',
    callerNumber: '101',
    callerName: 'Alice',
    callerId: 'alice',
    dialled: '102',
    calleeName: 'Bob',
    calleeId: 'bob',
    trunk: '',
    startedAt: 0,
    answeredAt: null,
    endedAt: null,
    answeredById: '',
    answeredStation: '',
    cause: 'no-answer',
    status: 0,
    endedBy: '',
    branches: '[]',
    quality: '{}',
    ...row,
  }
}

/** Records in memory, newest first. */
export class FakeRecords {
  readonly rows: RecordRow[] = []

  readonly storage: Pick<Storage, 'records'> = {
    records: {
      get: async (id) => this.rows.find((row) => row.id === id),
      list: async ({ limit, cursor }) => {
        const sorted = [...this.rows].sort((a, b) => b.startedAt - a.startedAt)
        const start = cursor ? sorted.findIndex((row) => row.id === cursor) + 1 : 0
        const records = sorted.slice(start, start + limit)
        const more = start + limit < sorted.length
        return more ? { records, next: records.at(-1)?.id as string } : { records }
      },
    },
  }
}

/** Carol asked for a call that rang bob. */
export function fakeCharge(row: Partial<ChargeRow> & Pick<ChargeRow, 'id'>): ChargeRow {
  return {
    ...{ callId: 'c1', node: 'test', account: 'demo-carol', kind: 'pickup', pickedUpBy: 'carol/phone' },
    ...{ calledId: 'demo-bob', calledNumber: '102', calledName: 'Bob' },
    ...{ callerId: '', callerNumber: '+12025550100', callerName: 'Zoe' },
    rangMs: '[{"station":"bob/phone","personId":"demo-bob","ms":1500}]',
    ...{ openedAt: 0, answeredAt: null, endedAt: null, state: 'open', reason: '', ...row },
  }
}
