import type { IncomingMessage, Reception } from '#channels'
import type { CallbackRow } from '#storage'
import { afterAnswer, isOfItsOwn } from './answers.ts'
import { type Asker, Askers } from './asker.ts'
import { hourMs, sourceCap } from './caps.ts'
import { Decider, type Decision } from './decide.ts'
import { type Draft, draftOf, type Open, openOf, stored } from './draft.ts'
import { addressedTo, entriesFor } from './entries.ts'
import {
  defaultIntakeSettings,
  type Granted,
  type IntakeParts,
  type IntakeSettings,
  type Wish,
} from './intake-types.ts'
import { callerOfRow, codeHash, ringsNoMore } from './notices.ts'
import { fieldWithControl, isCallOff, understood, withoutControl } from './reading.ts'
import { changesOf, idOf, nameless, numberOf, renamed, shortHash, shownOf } from './request-row.ts'
import type { RefusalCode } from './texts.ts'
import type { CallbackTold } from './types.ts'
import type { Circumstances, Understanding } from './understanding/index.ts'
import { freshText, languageOf } from './understanding/reply.ts'

const mostRounds = 4
const minuteMs = 60_000
const nothingSaid: Draft = { keys: '', at: null, note: '', uncertain: false }

/** Questions about the time are settled by an invitation; one that cannot be read asks for it, where the text says none. */
function questionsOf(
  { invitation, invitationFault }: IncomingMessage,
  { questions, when }: Understanding,
): Open['questions'] {
  if (invitation) return questions.filter(({ about }) => about !== 'when')
  if (invitationFault === undefined || when.kind !== 'now' || when.said !== '') return questions
  return [...questions, { about: 'when', why: 'invitation', said: '', choices: [] }]
}

type Unchanged = Parameters<IntakeParts['notices']['unchanged']>[1]

/**
 * From a message to a scheduled call: who asks, what they want, what is still to be asked, whether it is allowed.
 * Messages are taken one after the other, so that no cap is passed by many at once; each is stored with its answer in one transaction, under
 * an id made from the message: one that comes twice is one request.
 */
export class Intake {
  readonly askers: Askers
  readonly settings: IntakeSettings
  readonly #parts: IntakeParts
  readonly #decider: Decider
  #turn: Promise<unknown> = Promise.resolve()
  #unwatch: (() => void) | undefined

  constructor(parts: IntakeParts) {
    const { storage, directory, clock } = parts
    const { lines } = parts.service
    this.#parts = parts
    this.settings = { ...defaultIntakeSettings, ...parts.settings }
    const { timeZone, language, domain, account, caps } = this.settings
    this.askers = new Askers({ storage: storage.callbacks, directory, timeZone, language })
    const ofSession = (id: string): Promise<Asker | undefined> => this.askers.ofSession(id)
    this.#decider = new Decider({
      storage: storage.callbacks,
      clock,
      caps,
      around: { directory, domain, account, ofSession, ...(lines ? { lines } : {}) },
    })
  }

  /** Learns from calls that were made: whoever pressed the key on a telephone has it. Leaves telephones in peace that nobody confirmed. */
  async start(): Promise<void> {
    const { service, storage } = this.#parts
    this.#unwatch = service.watch(({ request }) => this.#learn(request))
    // What a crashed run had no time for.
    const { callbacks } = await storage.callbacks.list({ states: ['scheduled'], limit: 1_000 })
    for (const request of callbacks) this.#learn(request)
  }

  #learn(request: CallbackRow): void {
    const { service, clock, log } = this.#parts
    const failed = (error: unknown): void =>
      log.warn({ error: String(error) }, 'the end of a call could not be learned from')
    if (ringsNoMore(request)) service.cancel(request.id, []).catch(failed)
    const caller = callerOfRow(request)
    if (request.state !== 'connected' || !caller.own || caller.pressOne !== true) return
    this.askers.verified(request.askerId, caller.dial, clock.now()).catch(failed)
  }

  stop(): void {
    this.#unwatch?.()
  }

  /** Takes a message. Resolves once what follows from it is on disk; `retry` when the database did not take it. */
  receive(message: IncomingMessage): Promise<Reception> {
    return this.#inTurn(async () => {
      try {
        return await this.#received(message)
      } catch (error) {
        this.#parts.log.error({ error: String((error as Error)?.stack ?? error) }, 'a message could not be taken')
        return { kind: 'retry', why: 'it could not be stored' }
      }
    })
  }

  /** Takes what a form or program asks for. Nothing is stored of what has to be asked back or is refused. */
  request(wish: Wish): Promise<Granted> {
    return this.#inTurn(() => this.#requested(wish))
  }

  /** An answer to the open question of a request, from whoever may speak for it. @returns undefined when nothing is open */
  answer(request: CallbackRow, text: string): Promise<Granted | undefined> {
    return this.#inTurn(async () => {
      const fresh = await this.#parts.service.get(request.id)
      const open = fresh && openOf(fresh)
      if (fresh?.state !== 'asking' || !open || open.kind === 'link') return undefined
      const asker = await this.askers.ofRequest(fresh)
      return this.#answered(fresh, open, text, asker, `a${open.rounds + 1}`)
    })
  }

  /** Whether an address is one that requests can be sent to: a general one, or that of somebody public. @param local the part before the @ */
  accepts(local: string): boolean {
    const { directory } = this.#parts
    const { general, shown } = this.settings
    if (general.includes(local.toLowerCase().split('+')[0] ?? '')) return true
    const everybody = shown === 'nobody' ? 'groups' : shown
    const entries = entriesFor({}, directory, [], everybody)
    return addressedTo(local, entries, []) !== undefined
  }

  /** The request that a link belongs to. */
  byCode(code: string): Promise<CallbackRow | undefined> {
    return this.#parts.storage.callbacks.byCancelHash(codeHash(code))
  }

  /** The owner of an address says that it was they who asked. */
  confirmByCode(code: string): Promise<CallbackRow | undefined> {
    return this.#inTurn(async () => {
      const request = await this.byCode(code)
      const open = request && openOf(request)
      if (request?.state !== 'asking' || open?.kind !== 'link') return undefined
      const asker = await this.askers.ofRequest(request)
      const granted = await this.#apply(request, await this.#decide(open.draft, open.questions, asker, 1), asker, 'c')
      return granted.request
    })
  }

  cancelByCode(code: string): Promise<CallbackRow | undefined> {
    return this.byCode(code).then((request) => request && this.#parts.service.cancel(request.id))
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run, run)
    this.#turn = turn.then(() => this.#parts.wake?.()).catch(() => {})
    return turn
  }

  // ---- messages --------------------------------------------------------------------------------------------------------------------

  async #received(message: IncomingMessage): Promise<Reception> {
    const { service, clock, storage } = this.#parts
    const { from, channel, messageId } = message
    const field = fieldWithControl(message)
    if (field !== undefined)
      return { kind: 'ignored', why: `${field} has control characters; allowed: text in one line` }
    if (!from.verified && !this.settings.confirmUnproven) return { kind: 'ignored', why: 'the sender is not proven' }
    const id = idOf(channel, from.address.toLowerCase(), messageId)
    if (await service.get(id)) return { kind: 'accepted', why: 'it was taken before' }
    const now = clock.now()
    const asker = await this.askers.of(message, now)
    const text = withoutControl(message.text)
    const earlier = from.verified ? await this.#earlier(message, text, asker) : undefined
    if (earlier) {
      const name = shortHash(messageId)
      const sent = await storage.callbacks.outbox.of(earlier.id)
      if (sent.some((notice) => notice.id === `${earlier.id}-${name}`))
        return { kind: 'accepted', why: 'it was taken before' }
      if (await this.#isOfItsOwn(earlier, message, text, asker)) {
        // The new one first: of the two, a crash in between leaves the open question.
        const reception = await this.#anew(id, message, text, asker)
        if (await service.get(id)) await service.cancel(earlier.id, [])
        return reception
      }
      const followed = await this.#follow(
        { ...earlier, thread: JSON.stringify(message.thread ?? null) },
        message,
        text,
        asker,
        name,
      )
      if (followed) return followed
    } else if (isCallOff(message, text)) {
      // Who cannot prove the address gets no answer to nothing, others one a minute.
      if (!from.verified) return { kind: 'ignored', why: 'there is no call to call off' }
      const minute = idOf('nothing', asker.source, String(Math.floor(now / minuteMs)))
      const speaking: Asker = { ...asker, language: languageOf(text, asker.language) }
      return this.#unchanged(this.#row(minute, speaking, nothingSaid, message), 'nothing-to-cancel', '0')
    }
    return this.#anew(id, message, text, asker)
  }

  /**
   * The newest request of this thread by this asker. Whoever else knows the thread begins one of their own. In a chat, where another device
   * knows no thread, what waits for the asker comes before what is over.
   */
  async #earlier(message: IncomingMessage, text: string, asker: Asker): Promise<CallbackRow | undefined> {
    const { callbacks } = this.#parts.storage
    const keys = message.threadKeys.slice(0, 30)
    const chat = keys.includes(message.from.address)
    let nearest: CallbackRow | undefined
    for (const key of keys) {
      const request = await callbacks.byThread(key)
      if (!request || request.askerId !== asker.id) continue
      if (!chat || request.state === 'asking') return request
      nearest ??= request
    }
    if (!chat) return undefined
    const waiting = await callbacks.waitingOf(asker.id, message.channel)
    const asked = waiting.find(({ state }) => state === 'asking')
    if (!isCallOff(message, text)) return asked ?? nearest
    return waiting.find(({ id }) => id === nearest?.id) ?? waiting[0] ?? nearest
  }

  /** In a chat, which is one thread for all: whether it asks for another call instead of answering. */
  async #isOfItsOwn(request: CallbackRow, message: IncomingMessage, text: string, asker: Asker): Promise<boolean> {
    const open = openOf(request)
    const chat = message.threadKeys.includes(message.from.address)
    if (!chat || request.state !== 'asking' || !open || open.kind === 'link' || isCallOff(message, text)) return false
    return isOfItsOwn(open, freshText(text), await this.#circumstances(asker, undefined))
  }

  /** Says in words why a message changed nothing. @param name of the answer; one that is on its way already is not sent again */
  async #unchanged(request: CallbackRow, why: Unchanged, name: string): Promise<Reception> {
    const { storage, notices } = this.#parts
    const sent = await storage.callbacks.outbox.of(request.id)
    const told = await notices.unchanged(request, why, name)
    for (const notice of told) if (!sent.some(({ id }) => id === notice.id)) await storage.callbacks.outbox.put(notice)
    return { kind: 'accepted', why }
  }

  /** A message that goes on with an earlier one. @returns undefined when it asks for something new */
  async #follow(
    request: CallbackRow,
    message: IncomingMessage,
    text: string,
    asker: Asker,
    name: string,
  ): Promise<Reception | undefined> {
    const { service, notices, clock } = this.#parts
    const waits = request.state === 'asking' || request.state === 'scheduled'
    if (isCallOff(message, text)) {
      const told: CallbackTold = { what: 'cancelled', request, outcome: 'cancelled' }
      const row = (await notices.outcome(told)).map((notice) => renamed(notice, `${request.id}-${name}`))
      const cancelled = await service.cancel(request.id, row)
      return cancelled ? { kind: 'accepted', why: 'called off' } : this.#unchanged(request, 'nothing-to-cancel', name)
    }
    if (waits && message.invitation && request.state === 'scheduled') {
      const at = message.invitation.startsAt
      if (at < clock.now()) return this.#unchanged(request, 'moved-to-past', name)
      const code = this.#code()
      const changes = { askedAt: at, dueAt: at, thread: request.thread, cancelHash: codeHash(code) }
      await service.revise(request.id, changes, await notices.confirmed({ ...request, ...changes }, code, name))
      return { kind: 'accepted', why: 'another time' }
    }
    const open = openOf(request)
    if (request.state !== 'asking' || !open) return undefined
    if (open.kind === 'link') return this.#unchanged(request, 'link-waits', name)
    const granted = await this.#answered(request, open, text, asker, name)
    return { kind: 'accepted', why: granted.kind }
  }

  /** A message that asks for a call. */
  async #anew(id: string, message: IncomingMessage, text: string, asker: Asker): Promise<Reception> {
    const { clock, storage } = this.#parts
    const now = clock.now()
    const circumstances = await this.#circumstances(asker, message)
    const understanding = understood(message, text, circumstances)
    const speaking: Asker = { ...asker, language: understanding.language }
    const draft = draftOf(understanding, message.invitation?.startsAt)
    const row = this.#row(id, speaking, draft, message)
    const capped = await sourceCap(storage.callbacks, asker.source, now, this.settings.caps)
    if (capped) {
      // One answer an hour: whoever floods gets no flood back.
      const hour = idOf('cap', asker.source, String(Math.floor(now / hourMs)))
      await this.#refuse({ ...row, id: hour }, capped, '')
      return { kind: 'accepted', why: capped }
    }
    if (!asker.person && !this.settings.outsiders) {
      await this.#refuse(row, 'outsiders-not-allowed', '')
      return { kind: 'accepted', why: 'outsiders-not-allowed' }
    }
    const questions = questionsOf(message, understanding)
    if (!message.from.verified) {
      const open: Open = { kind: 'link', questions, draft, rounds: 0 }
      await this.askers.remember(speaking, now)
      await this.#ask(row, open)
      return { kind: 'accepted', why: 'to be confirmed by a link' }
    }
    const decision = await this.#decide(draft, questions, speaking, 0)
    const granted = await this.#store(row, decision, speaking)
    return { kind: 'accepted', why: granted.kind === 'refused' ? granted.code : granted.kind }
  }

  // ---- forms and programs ------------------------------------------------------------------------------------------------------------

  async #requested(wish: Wish): Promise<Granted> {
    const { clock, storage } = this.#parts
    const now = clock.now()
    const { message } = wish
    const asker = await this.askers.of(message, now)
    const circumstances = await this.#circumstances(asker, message)
    const { draft, questions } = this.#decider.read(wish, circumstances)
    const id = idOf(message.channel, asker.id, message.messageId)
    const row = this.#row(id, asker, draft, message)
    const known = await this.#parts.service.get(id)
    if (known) return { kind: 'taken', request: known, code: '' }
    const capped = await sourceCap(storage.callbacks, asker.source, now, this.settings.caps)
    const refusal = capped ?? (!asker.person && !this.settings.outsiders ? 'outsiders-not-allowed' : undefined)
    if (refusal) return { kind: 'refused', code: refusal, what: '', request: row }
    const decision = await this.#decide(draft, questions, asker, 0)
    if (decision.kind === 'refuse') return { kind: 'refused', code: decision.code, what: decision.what, request: row }
    if (decision.kind === 'ask' && decision.open.kind === 'question')
      return { kind: 'ask', open: decision.open, request: row }
    if (wish.confirmBy !== undefined) {
      await this.askers.remember(asker, now)
      const open: Open = { kind: 'link', questions: [], draft: { ...draft, uncertain: false }, rounds: 0 }
      return this.#ask({ ...row, thread: JSON.stringify({ to: wish.confirmBy }) }, open)
    }
    return this.#store(row, decision, asker)
  }

  // ---- answers ---------------------------------------------------------------------------------------------------------------------

  async #answered(request: CallbackRow, open: Open, text: string, asker: Asker, name: string): Promise<Granted> {
    const said = freshText(text)
    const speaking: Asker = { ...asker, language: request.language === 'de' ? 'de' : 'en', timeZone: request.timeZone }
    const circumstances = await this.#circumstances(speaking, undefined)
    const rounds = open.rounds + 1
    const next = afterAnswer(open, said, circumstances)
    if (next === 'no') {
      const row = await this.#parts.service.cancel(request.id)
      return { kind: 'refused', code: 'not-understood', what: '', request: row ?? request }
    }
    if (next === 'not understood') {
      if (rounds >= mostRounds)
        return this.#apply(request, { kind: 'refuse', code: 'not-understood', what: '' }, speaking, name)
      return this.#apply(request, { kind: 'ask', open: { ...open, rounds } }, speaking, name, true)
    }
    return this.#apply(request, await this.#decide(next.draft, next.questions, speaking, rounds), speaking, name)
  }

  // ---- what follows ----------------------------------------------------------------------------------------------------------------

  #decide(draft: Draft, questions: Open['questions'], asker: Asker, rounds: number): Promise<Decision> {
    return this.#decider.decide(draft, questions, asker, rounds)
  }

  /** Stores a new request with what follows. */
  async #store(row: CallbackRow, decision: Decision, asker: Asker): Promise<Granted> {
    const { service, clock, notices } = this.#parts
    if (decision.kind === 'refuse') return this.#refuse(row, decision.code, decision.what)
    await this.askers.remember(asker, clock.now(), decision.kind === 'schedule' ? numberOf(decision) : undefined)
    if (decision.kind === 'ask') return this.#ask({ ...row, ...shownOf(decision) }, decision.open)
    const code = this.#code()
    const scheduled: CallbackRow = {
      ...row,
      ...changesOf(decision, clock.now()),
      state: 'scheduled',
      cancelHash: codeHash(code),
    }
    const request = await service.accept(scheduled, await notices.confirmed(scheduled, code))
    return { kind: 'taken', request, code }
  }

  async #ask(row: CallbackRow, open: Open): Promise<Granted> {
    const { service, notices } = this.#parts
    const code = this.#code()
    const asking: CallbackRow = { ...row, state: 'asking', questions: stored(open), cancelHash: codeHash(code) }
    const request = await service.accept(asking, await notices.asked(asking, open, code))
    return { kind: 'ask', open, request }
  }

  /** A refused request is kept as one that has failed: people see why, and it counts. */
  async #refuse(row: CallbackRow, code: RefusalCode, what: string): Promise<Granted> {
    const { service, notices } = this.#parts
    const refused: CallbackRow = { ...row, state: 'failed', dueAt: null, outcome: code, target: '' }
    const request = await service.refuse(refused, await notices.refused(refused, code, what))
    return { kind: 'refused', code, what, request }
  }

  /** What follows for a request that is stored already. @param name of the message to the asker */
  async #apply(request: CallbackRow, decision: Decision, asker: Asker, name: string, again = false): Promise<Granted> {
    const { service, notices, clock } = this.#parts
    const { thread } = request
    switch (decision.kind) {
      case 'refuse': {
        const told = await notices.refused(request, decision.code, decision.what, name)
        const row = await service.cancel(request.id, told)
        return { kind: 'refused', code: decision.code, what: decision.what, request: row ?? request }
      }
      case 'ask': {
        const changes = { ...shownOf(decision), questions: stored(decision.open), thread }
        const told = await notices.asked({ ...request, ...changes }, decision.open, '', name, again)
        const row = await service.revise(request.id, changes, told)
        return { kind: 'ask', open: decision.open, request: row ?? request }
      }
      case 'schedule': {
        const code = this.#code()
        const changes = { ...changesOf(decision, clock.now()), cancelHash: codeHash(code), thread }
        await this.askers.remember(asker, clock.now(), numberOf(decision))
        const told = await notices.confirmed({ ...request, ...changes }, code, name)
        const row = await service.confirm(request.id, changes, told)
        return { kind: 'taken', request: row ?? request, code }
      }
    }
  }

  #row(id: string, asker: Asker, draft: Draft, message: IncomingMessage): CallbackRow {
    const now = this.#parts.clock.now()
    return {
      ...{
        id,
        state: 'asking',
        attemptId: '',
        node: '',
        dueAt: null,
        createdAt: now,
        changedAt: now,
        askerId: asker.id,
      },
      ...{ personId: asker.person?.id ?? '', channel: message.channel, thread: JSON.stringify(message.thread ?? null) },
      ...{ threadKey: message.threadKey, language: asker.language, timeZone: asker.timeZone },
      ...{ called: nameless(draft.called), caller: nameless(draft.caller), keys: draft.keys, note: draft.note },
      ...{ askedAt: draft.at, attempts: 0, outcome: '', questions: '[]', cancelHash: '' },
      ...{ source: asker.source, target: '' },
    }
  }

  async #circumstances(asker: Asker, message: IncomingMessage | undefined): Promise<Circumstances> {
    const { directory, storage, clock } = this.#parts
    const viewer = asker.person?.id
    const contacts = viewer ? (await storage.contacts.list({ viewerId: viewer, limit: 1_000 })).contacts : []
    const entries = entriesFor(asker, directory, contacts, this.settings.shown)
    const party = message && addressedTo(message.to, entries, this.settings.general)
    return {
      ...{ now: clock.now(), timeZone: asker.timeZone, language: asker.language, entries },
      toNumber: (text) => (directory.isTelephoneNumber(text) ? directory.normalise(text) : undefined),
      ...(party ? { addressedTo: party } : {}),
      ...(asker.person ? { self: asker.person.id } : {}),
    }
  }

  /** 160 bits: nobody guesses a link. */
  #code(): string {
    return this.#parts.random.token(20)
  }
}
