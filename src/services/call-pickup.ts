import {
  type Call,
  CallError,
  type Calls,
  type Claim,
  type IncomingLeg,
  type NamedDialog,
  replaceEarly,
  ringTaker,
  rungAtAll,
  rungNow,
} from '#call'
import { mayPickUp, type Person, picksUp } from '#directory'

/**
 * Call pickup: somebody eligible takes a call that rings a colleague, from any station. Nothing is asked of the caller's phone or network.
 *
 *   caller        server         bob (102)      carol (103)
 *     |--INVITE--->|---INVITE------>|             |
 *     |<---180-----|<---180---------|             |     context row: ringing
 *     |            |<--------INVITE *8 or *8102---|     1. eligible? 2. does it ring? 3. read the context
 *     |            |                |             |     4. a charge on carol's account  5. claim: the first wins
 *     |            |---CANCEL------>|             |     Reason: completed elsewhere
 *     |            |---183 + SDP----------------->|     where carol's phone knows Replaces: a dummy session with a comfort tone
 *     |            |---INVITE, Replaces: that---->|     early dialog, which her phone accepts by itself
 *     |            |<---200-----------------------|
 *     |            |                |             |     record and both dialogs are written
 *     |<---200-----|---ACK----------------------->|     joined
 *     |            |<---CANCEL (of INVITE *8)-----|     200, 487
 *
 * Every other phone, and one that refuses or does not answer the INVITE with Replaces, has its own INVITE answered:
 *     |            |<--------INVITE *8------------|
 *     |<---200-----|---200----------------------->|
 *
 * Three more ways to ask: INVITE with Replaces that names bob's ringing dialog (a BLF key), INVITE to the code with `X-Baton-Call` (the
 * desk), and by API: then carol's own stations are rung. Who is not to be had gives the call back: bob's phones ring again.
 */
export class CallPickup {
  /** Calls joined, by how. */
  readonly joined: Record<PickupWay, number> = { replaced: 0, answered: 0, rung: 0 }
  readonly #calls: Calls
  readonly #code: string
  readonly #elsewhere: PickupElsewhere | undefined

  /** @param code what a station dials, alone or before an extension: `*8` */
  constructor(calls: Calls, code: string, elsewhere?: PickupElsewhere) {
    this.#calls = calls
    this.#code = code
    this.#elsewhere = elsewhere
    const isCode = new RegExp(`^${code.replace('*', '\\*')}\\d*$`)
    calls.onIndication(
      (dialled) => isCode.test(dialled),
      (leg) => void this.#dialled(leg).catch((error: unknown) => this.#refuse(leg, error)),
    )
    calls.onReplaces((leg, named) => void this.#named(leg, named).catch((error: unknown) => this.#refuse(leg, error)))
    calls.onPickUp((id, person, station) => this.#byApi(id, person, station))
  }

  // ---- the four ways to ask ----------------------------------------------------------------------------------------------------

  /** `*8`, `*8102`, or `*8` with the call's id. */
  async #dialled(leg: IncomingLeg): Promise<void> {
    const { person } = leg
    const wanted = this.#wanted(person, leg.dialled.slice(this.#code.length), leg.meantCall)
    const call = this.#find(person, wanted)
    if (call instanceof CallError) {
      if (!(await this.#elsewhere?.dialled(leg, wanted))) throw call
    } else await this.#pickUp(call, leg.party, person, (claim) => this.#connect(claim, leg, leg.supportsReplaces))
  }

  /** INVITE with Replaces: answered itself, for it is the session that replaces. */
  async #named(leg: IncomingLeg, { call, state }: NamedDialog): Promise<void> {
    if (!this.#mayTake(leg.person, call)) throw new CallError('not-allowed')
    if (state === 'ended') throw new CallError('declined')
    await this.#pickUp(call, leg.party, leg.person, (claim) => this.#connect(claim, leg, false))
  }

  /** The person's own stations ring, those whose profile allows it answer by themselves. */
  async #byApi(id: string, person: Person, station: string | undefined): Promise<void> {
    const call = this.#find(person, { call: id })
    if (call instanceof CallError) {
      if (!(await this.#elsewhere?.byApi(id, person, station))) throw call
      return
    }
    const stations = this.#calls.stationsOf(person, station)
    const [only] = stations
    if (!only) throw new CallError('unreachable')
    const by = { station: stations.length > 1 ? person.login : only.name, person, deviceId: '', trunk: undefined }
    await this.#pickUp(call, by, person, async (claim) => {
      await ringTaker(claim, person, stations, ringOwnMs)
      this.joined.rung++
    })
  }

  // ---- which call, and whether this person may ----------------------------------------------------------------------------------

  /** @throws CallError `not-found` for an extension that nobody has */
  #wanted(person: Person, extension: string, call: string): Wanted {
    if (call !== '') return { call }
    if (extension === '') return {}
    const dial = this.#calls.core.directory.dial(extension, { kind: 'station', person })
    const destination = dial.ok ? dial.destination : undefined
    if (destination?.kind === 'person') return { called: destination.person.id }
    if (destination?.kind === 'group') return { called: destination.group.id }
    throw new CallError('not-found')
  }

  /** Eligibility first, then whether it rings; of several the one that rings longest. Nothing has changed by then. */
  #find(picker: Person, { call: id, called }: Wanted): Call | CallError {
    const { directory } = this.#calls.core
    if (id !== undefined) {
      const call = this.#calls.call(id)
      if (!call) return new CallError('nothing-rings')
      if (!this.#mayTake(picker, call)) return new CallError('not-allowed')
      return call.state === 'ringing' ? call : call.refusal()
    }
    if (called !== undefined && !mayPickUp(directory, picker, called)) return new CallError('not-allowed')
    const meant = (ids: readonly string[]): boolean =>
      called === undefined ? ids.some((one) => mayPickUp(directory, picker, one)) : ids.includes(called)
    let late: Call | undefined
    for (const call of this.#calls.all()) {
      if (call.from.person?.id === picker.id) continue
      if (call.state === 'ringing' && meant(rungNow(call))) return call
      if (this.#justTaken(call) && meant(rungAtAll(call))) late = call
    }
    if (late) return late.refusal()
    return new CallError(called === undefined && !picksUp(directory, picker) ? 'not-allowed' : 'nothing-rings')
  }

  #mayTake(picker: Person, call: Call): boolean {
    const { directory } = this.#calls.core
    const ids = call.state === 'ringing' ? rungNow(call) : rungAtAll(call)
    return call.from.person?.id !== picker.id && ids.some((id) => mayPickUp(directory, picker, id))
  }

  /** Who comes too late is told who was faster. */
  #justTaken(call: Call): boolean {
    if (call.state === 'claimed' || call.state === 'joining') return true
    return call.state === 'answered' && call.answeredAt > this.#calls.core.clock.now() - justTakenMs
  }

  // ---- the pickup ----------------------------------------------------------------------------------------------------------------

  async #pickUp(call: Call, by: Claim['by'], picker: Person, connect: (claim: Claim) => Promise<void>): Promise<void> {
    const { storage, clock, log } = this.#calls.core
    const context = await this.#contextOf(call)
    if (!context || call.state !== 'ringing') throw call.refusal()
    const charge = this.#openCharge(call, context, by, picker)
    let claim: Claim | undefined
    try {
      claim = call.claim(by)
      // The charge is written before the record, whose write the answer waits for: there is no second wait for the disk.
      await Promise.all([charge.opened, connect(claim)])
    } catch (error) {
      claim?.giveBack()
      const reason = error instanceof CallError ? error.code : 'error'
      storage.charges
        .void(charge.id, reason, clock.now())
        .catch((fault: unknown) => log.error({ error: String(fault) }, 'voiding the charge of a failed pickup failed'))
      throw error
    }
  }

  /** The context as the database has it; a call that began to ring this very moment is written first. */
  async #contextOf(call: Call): Promise<Context | undefined> {
    const { calls } = this.#calls.core.storage
    const context = await calls.context(call.id)
    if (context || call.state !== 'ringing') return context
    await call.storeContext()
    return calls.context(call.id)
  }

  /** Gives the station the claimed call: in the place of a dummy session where it can, else by answering it. */
  async #connect(claim: Claim, leg: IncomingLeg, mayReplace: boolean): Promise<void> {
    const callerGone = new CallError('caller-gone')
    claim.onOver(() => leg.refuse(callerGone))
    leg.belongsTo(claim.call)
    const media = await claim.callerMedia()
    if (!media) throw callerGone
    await leg.open(media)
    if (mayReplace && !leg.overWebSocket && leg.offers) {
      // A station that does not confirm the 183 is not there.
      if (!(await leg.early({ tone: 'comfort' }, prackMs))) throw claim.open ? new CallError('cancelled') : callerGone
      if (await replaceEarly(claim, leg, replaceMs)) {
        leg.replaced(cancelMs)
        this.joined.replaced++
        return
      }
    }
    const outcome = await claim.join(leg)
    if (outcome === 'over') throw callerGone
    if (outcome === 'incompatible') throw new CallError('not-acceptable')
    if (outcome === 'gone') throw new CallError('cancelled')
    this.joined.answered++
  }

  /** Ended with the call: closed at hang-up, void when nobody of the picker's answered. */
  #openCharge(call: Call, context: Context, by: Claim['by'], picker: Person): { id: string; opened: Promise<void> } {
    const { storage, clock, random, settings } = this.#calls.core
    const id = random.token(8)
    const now = clock.now()
    const rang = call.branchViews(now).map(({ station, personId, ringMs }) => ({ station, personId, ms: ringMs }))
    const opened = storage.charges.open({
      id,
      callId: context.callId,
      node: settings.node,
      account: picker.id,
      kind: 'pickup',
      calledId: context.calleeId,
      calledNumber: context.dialled,
      calledName: context.calleeName ?? '',
      callerId: context.callerId ?? '',
      callerNumber: context.callerNumber,
      callerName: context.callerName,
      pickedUpBy: by.station,
      rangMs: JSON.stringify(rang),
      openedAt: now,
      answeredAt: null,
      endedAt: null,
      state: 'open',
      reason: '',
    })
    return { id, opened }
  }

  #refuse(leg: IncomingLeg, error: unknown): void {
    const refusal = error instanceof CallError ? error : new CallError('error')
    if (!(error instanceof CallError))
      this.#calls.core.log.error({ error: String((error as Error)?.stack ?? error) }, 'a pickup failed on a bug')
    this.#calls.noteRefusal(refusal.code)
    leg.refuse(refusal)
  }
}

/** `replaced`: by INVITE with Replaces into a dummy session; `answered`: the station's own INVITE; `rung`: a station that we rang. */
export type PickupWay = 'replaced' | 'answered' | 'rung'

/** What a station asks for: a certain call, a call that rings a certain person or group, or any that it may have. */
export interface Wanted {
  readonly call?: string
  readonly called?: string
}

/** Calls that ring on other nodes of the same database. Each resolves to whether another node does the work. */
export interface PickupElsewhere {
  dialled(leg: IncomingLeg, wanted: Wanted): Promise<boolean>
  byApi(callId: string, person: Person, station: string | undefined): Promise<boolean>
}

type Context = NonNullable<Awaited<ReturnType<Calls['core']['storage']['calls']['context']>>>

/** How long the PRACK of the 183 is waited for, where the station sends one, in ms. */
const prackMs = 8_000
/** How long a station has to accept the INVITE with Replaces, in ms. */
const replaceMs = 2_000
/** How long the station's CANCEL of its dummy session is waited for, in ms. */
const cancelMs = 1_000
/** How long the picker's own stations ring, in ms. */
const ringOwnMs = 10_000
/** How long after the answer a picker hears who has the call, in ms. */
const justTakenMs = 5_000
