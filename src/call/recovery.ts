import type { Timer } from '#lib'
import type { DialogState, HeaderLines, Target } from '#sip'
import type { DialogRow } from '#storage'
import type { AskedBranch } from './branch.ts'
import type { AskedDialog } from './claim.ts'
import { type Core, inBackground } from './core.ts'

const interrupted: HeaderLines = [['Reason', 'Q.850;cause=41;text="Server restarted"']]

/** How often and how long a dialog's peer is tried before it is given up: the connection may come back with the next registration. */
const retryMs = 15_000
const giveUpMs = 10 * 60_000

/**
 * After a crash: ends the dialogs that the last run of this node left behind, with BYE and Reason, so that no phone hangs in a dead call.
 * Media and timers of those calls are gone, so going on is not possible; their records are marked `interrupted` by the sweep.
 */
export class Recovery {
  readonly #core: Core
  readonly #left = new Map<string, { row: DialogRow; until: number }>()
  /** Dialogs of stations that the last run left ringing: `callId localTag`. */
  readonly #ringing = new Set<string>()
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined

  constructor(core: Core) {
    this.#core = core
  }

  /** Sweeps the database and starts to end what it found. Resolves once records are right; the BYEs go on behind. */
  async start(): Promise<number> {
    const { callers, rung } = await this.#rememberRinging()
    const swept = await this.#core.storage.calls.sweep(this.#core.settings.node, this.#core.clock.now())
    for (const dialog of rung) this.#cancel(dialog)
    const rows = [...swept, ...callers]
    const until = this.#core.clock.now() + giveUpMs
    for (const row of rows) this.#left.set(`${row.callId} ${row.role}`, { row, until })
    if (rows.length === 0) return 0
    this.#unsubscribe = this.#core.directory.onBinding((binding, change) => {
      if (change === 'removed') return
      for (const { row } of this.#left.values()) {
        if (row.deviceId === binding.device.id) inBackground(this.#core, 'ending an interrupted call', this.#end(row))
      }
    })
    this.#round()
    return rows.length
  }

  /** Whether the last run rang a station with these identifiers. */
  askedBefore(callId: string, localTag: string): boolean {
    return this.#ringing.has(`${callId} ${localTag}`)
  }

  stop(): void {
    this.#core.clock.clearTimeout(this.#timer)
    this.#unsubscribe?.()
  }

  /**
   * What the last run left ringing: whose late answer is to be ended.
   * @returns dialogs of callers whose station had answered already, and the INVITEs that were out
   */
  async #rememberRinging(): Promise<{ callers: readonly DialogRow[]; rung: readonly AskedBranch[] }> {
    const callers: DialogRow[] = []
    const rung: AskedBranch[] = []
    for (const row of await this.#core.storage.calls.contexts()) {
      if (row.node !== this.#core.settings.node) continue
      for (const { dialog } of JSON.parse(row.branches) as { dialog?: AskedBranch | AskedDialog }[]) {
        if (!dialog) continue
        this.#ringing.add(`${dialog.callId} ${dialog.localTag}`)
        if ('invite' in dialog) rung.push(dialog)
      }
      if (row.callerDialog !== 'null') {
        callers.push({ callId: row.callId, role: 'caller', node: row.node, deviceId: '', state: row.callerDialog })
      }
    }
    if (this.#ringing.size > 0) this.#core.clock.setTimeout(() => this.#ringing.clear(), giveUpMs)
    return { callers, rung }
  }

  /** A phone rings on when the server dies: it is told to stop. What was reached over a connection that is gone rings until it is answered. */
  #cancel({ invite }: AskedBranch): void {
    const { destination } = invite
    if (!destination || destination.protocol === 'ws' || destination.protocol === 'wss') return
    this.#core.ua.cancelEarlier(invite, { destinations: [destination] }, interrupted)
  }

  #round(): void {
    for (const [key, { row, until }] of this.#left) {
      if (this.#core.clock.now() > until) this.#forget(key, row)
      else inBackground(this.#core, 'ending an interrupted call', this.#end(row))
    }
    if (this.#left.size > 0) this.#timer = this.#core.clock.setTimeout(() => this.#round(), retryMs)
    else this.stop()
  }

  async #end(row: DialogRow): Promise<void> {
    const key = `${row.callId} ${row.role}`
    const state = JSON.parse(row.state) as DialogState
    const target = this.#targetOf(row, state)
    if (target === 'none yet') return
    const response = await this.#core.ua.restore(state, target).request('BYE', { headers: interrupted })
    // Any answer means that the peer has let go: 200, or 481 when it had already.
    if (response) this.#forget(key, row)
  }

  /** Over a connection only a new registration of the device leads back to it (RFC 7118 §5). */
  #targetOf(row: DialogRow, state: DialogState): Target | undefined | 'none yet' {
    const protocol = state.flow?.protocol
    if (protocol !== 'ws' && protocol !== 'wss') return undefined
    for (const binding of this.#core.directory.bindingsOfDevice(row.deviceId)) {
      const flow = this.#core.transport.flow(binding.flowId)
      if (flow) return { flow }
    }
    return 'none yet'
  }

  #forget(key: string, row: DialogRow): void {
    this.#left.delete(key)
    inBackground(
      this.#core,
      'forgetting an interrupted dialog',
      this.#core.storage.calls.dialogEnded(row.callId, row.role),
    )
  }
}
