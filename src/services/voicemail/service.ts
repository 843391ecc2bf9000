import {
  type AnsweringService,
  type Call,
  CallError,
  type CallErrorCode,
  type CallPlan,
  type Calls,
  type HeldLeg,
  LegEnded,
  type ServedCall,
} from '#call'
import type { DialOrigin, Person } from '#directory'
import type { Prompts, Recording, Sound } from '#media'
import type { VoicemailRow } from '#storage'
import { keyDuring } from './keys.ts'
import { MessageLight } from './light.ts'
import { listen } from './listen.ts'
import { MessageMail, type VoicemailMail } from './mail.ts'
import { type Mailbox, Mailboxes } from './mailboxes.ts'
import { UnaskedLight } from './unasked-light.ts'

/** What voicemail is made with. */
export interface VoicemailParts {
  readonly calls: Calls
  /** Speaks prompts and numbers. */
  readonly prompts: Pick<Prompts, 'say'>
  /** Where messages and greetings are kept. */
  readonly folder: string
  /** Dialled alone to hear one's messages; before an extension to leave one there. */
  readonly code: string
  /** Longest message, in ms. */
  readonly mostMs: number
  /** Sends messages by e-mail; they stay due where it is left out. */
  readonly mail?: VoicemailMail
}

/** A call that nobody took. */
export interface MissedCall {
  readonly dialled: string
  readonly origin: DialOrigin
  readonly cause: CallErrorCode | undefined
  /** Who was rung, where anybody was. */
  readonly plan: CallPlan | undefined
}

/** Why a call goes to voicemail. */
const causes = new Set<CallErrorCode>(['no-answer', 'busy', 'do-not-disturb', 'unreachable', 'declined'])
/** So long a pause ends a message. */
const pauseMs = 5_000
/** Who has said nothing for so long says nothing more. */
const speechlessMs = 20_000

/**
 * Voicemail: who reaches nobody leaves a message.
 *
 *   caller        server         bob (102)
 *     |--INVITE--->|---INVITE------>|
 *     |<---180-----|<---180---------|
 *     |            |---CANCEL------>|     no answer, busy, declined; nothing rings on do not disturb or where nobody is
 *     |            |                      the record is written: answered by voicemail
 *     |<---200-----|
 *     |<===========|                      greeting, beep
 *     |            |                      the message is written, then recorded
 *     |===========>|
 *     |---BYE----->|                      or #, a pause, three minutes: the file is whole, the message is kept
 *     |            |---NOTIFY------>|     the light (RFC 3842); the desk; an e-mail
 *
 * A crash while somebody speaks loses what was said after the last write of the file, half a second at most: the next start keeps what
 * there is and marks it.
 */
export class Voicemail {
  readonly mailboxes: Mailboxes
  readonly #parts: VoicemailParts
  readonly #mail: MessageMail | undefined
  readonly #unasked: UnaskedLight
  readonly #taking = new Set<Promise<unknown>>()

  constructor(parts: VoicemailParts) {
    const { calls, folder, code, mail } = parts
    this.#parts = parts
    this.mailboxes = new Mailboxes(calls.core, folder)
    this.#mail = mail && new MessageMail(calls.core, this.mailboxes, mail)
    const light = new MessageLight(calls.core, this.mailboxes, code)
    calls.subscriptions.add(light)
    this.#unasked = new UnaskedLight(calls.core, this.mailboxes, light)
    calls.answerBy((call, cause) => this.#find(call, cause))
    this.mailboxes.watch(({ message }) => {
      if (message?.mail === 'due') this.#mail?.look()
    })
  }

  /** Keeps what a crashed run was recording and mails what is due. */
  async start(): Promise<void> {
    const rescued = await this.mailboxes.start()
    if (rescued.length > 0)
      this.#parts.calls.core.log.warn(
        { messages: rescued.length },
        'messages of the last run are kept without their end',
      )
    this.#mail?.look()
    this.#unasked.start()
  }

  /** Resolves when every message that has ended is stored. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#taking)
    this.#unasked.stop()
    await this.#mail?.stop()
  }

  // ---- callers whom a queue sends here ---------------------------------------------------------------------------------------------

  /** The id of a person's or group's mailbox, by the same, an extension or a log-in. */
  find(whose: string): string | undefined {
    const { directory } = this.#core
    if (this.mailboxes.of(whose)) return whose
    const dial = directory.destinationOf(whose, { kind: 'service' })
    const found = dial.ok ? dial.destination : undefined
    return found?.kind === 'person' ? found.person.id : found?.kind === 'group' ? found.group.id : undefined
  }

  /** The id of the mailbox for who was missed: that of who was rung last, after forwards; else of who was called. Only one that is on. */
  ofMissed({ plan, dialled, origin, cause }: MissedCall): string | undefined {
    return cause !== undefined && causes.has(cause) ? this.#missed(plan, dialled, origin, cause)?.id : undefined
  }

  /**
   * Somebody who is held already hears the greeting and leaves a message, also where the mailbox is off; from here on voicemail is who
   * answered them. @throws LegEnded when they hang up @throws CallError `not-found` where there is no such mailbox
   */
  async take(id: string, caller: HeldLeg, served: ServedCall): Promise<void> {
    const mailbox = this.mailboxes.of(id)
    if (!mailbox) throw new CallError('not-found')
    if (!(await served.answeredBy('voicemail', caller))) throw new LegEnded(caller)
    await this.#serve(served.call, caller, mailbox)
  }

  // ---- which calls ---------------------------------------------------------------------------------------------------------------

  #find(call: Call, cause: CallErrorCode | undefined): AnsweringService | undefined {
    if (cause === undefined) return this.#sentHere(call) ?? this.#dialledHere(call)
    if (!causes.has(cause)) return undefined
    const mailbox = this.#missed(call.plan, call.dialled, call.from.origin, cause)
    return mailbox && this.#takes(call, mailbox)
  }

  /** Whose mailbox: that of who was rung last, after forwards; else of who was called. */
  #missed(plan: CallPlan | undefined, dialled: string, origin: DialOrigin, cause: CallErrorCode): Mailbox | undefined {
    if (plan) return this.#open([plan.rings, plan.callee.id])
    // Refused before anybody was rung. A rule that declines certain callers means it.
    if (cause === 'declined') return undefined
    const dial = this.#core.directory.dial(dialled, origin)
    const found = dial.ok ? dial.destination : undefined
    const id = found?.kind === 'person' ? found.person.id : found?.kind === 'group' ? found.group.id : ''
    return this.#open([id])
  }

  #open(ids: readonly string[]): Mailbox | undefined {
    return ids.map((id) => this.mailboxes.of(id)).find((mailbox) => mailbox?.rule.on)
  }

  /** A person sends a call that rings them here: to the group's mailbox where the group has one. */
  #sentHere(call: Call): AnsweringService | undefined {
    const { sentToVoicemailBy: person, plan } = call
    if (!person) return undefined
    const group = plan && plan.rings !== person.id ? this.#open([plan.rings]) : undefined
    const mailbox = group ?? this.mailboxes.of(person.id)
    return mailbox && this.#takes(call, mailbox)
  }

  /** One of our stations dialled the code: to hear messages, or with an extension to leave one. */
  #dialledHere(call: Call): AnsweringService | undefined {
    const { code, prompts } = this.#parts
    const { person, origin } = call.from
    if (!person || origin.kind !== 'station' || !call.dialled.startsWith(code)) return undefined
    const extension = call.dialled.slice(code.length)
    if (extension === '') {
      return {
        station: 'voicemail',
        callee: { number: code, name: 'Voicemail', id: '' },
        serve: (held) => listen(held, person, this.mailboxes, prompts),
      }
    }
    const dial = /^\d+$/.test(extension) ? this.#core.directory.dial(extension, origin) : undefined
    const found = dial?.ok ? dial.destination : undefined
    const id = found?.kind === 'person' ? found.person.id : found?.kind === 'group' ? found.group.id : ''
    const mailbox = this.#open([id])
    return mailbox && this.#takes(call, mailbox)
  }

  // ---- taking a message ------------------------------------------------------------------------------------------------------------

  #takes(call: Call, mailbox: Mailbox): AnsweringService {
    const { id, name } = mailbox
    return {
      station: 'voicemail',
      callee: { number: this.#extensionOf(id) || call.dialled, name, id },
      serve: (held) => this.#serve(call, held, mailbox),
    }
  }

  async #serve(call: Call, held: HeldLeg, mailbox: Mailbox): Promise<void> {
    const taken = this.#take(call, held, mailbox)
    this.#taking.add(taken)
    try {
      await taken
    } finally {
      this.#taking.delete(taken)
    }
  }

  async #take(call: Call, held: HeldLeg, mailbox: Mailbox): Promise<void> {
    const { prompts } = this.#parts
    await keyDuring(held, await this.#greeting(mailbox), 0)
    const row = this.#rowOf(call, mailbox)
    await this.mailboxes.begin(row)
    await held.say({ tone: 'beep' })
    held.clearDigits()
    const recording = held.record(this.mailboxes.fileOf(row.id), { mostMs: this.#parts.mostMs })
    try {
      await this.#untilSaid(held, recording)
    } finally {
      await this.mailboxes.keep(row, await recording.stop())
    }
    await held.say(await prompts.say(mailbox.language, ['message-saved', 'goodbye']))
  }

  async #greeting({ id, language }: Mailbox): Promise<Sound> {
    const own = await this.mailboxes.greeting(id)
    return own ?? this.#parts.prompts.say(language, ['unavailable', 'leave-message'])
  }

  /** `#`, a pause after something was said, nothing said at all, or the end of the recording. */
  async #untilSaid(held: HeldLeg, recording: Recording): Promise<void> {
    const stop = new AbortController()
    const ends: Promise<unknown>[] = [
      held.digits({ count: 100, end: '#', signal: stop.signal }),
      held.pause({ quietMs: pauseMs, timeoutMs: this.#parts.mostMs }),
      held.pause({ quietMs: 100, timeoutMs: speechlessMs }).then(async (how) => {
        if (how === 'pause') await recording.ended
      }),
      recording.ended,
    ]
    for (const end of ends) end.catch(() => {})
    try {
      await Promise.race(ends)
    } catch (error) {
      if (!(error instanceof LegEnded)) throw error
    } finally {
      stop.abort()
    }
  }

  #rowOf({ from, id: callId }: Call, mailbox: Mailbox): VoicemailRow {
    const { random, clock, settings } = this.#core
    const { number, name, hidden } = from.presented
    return {
      ...{ id: random.token(12), ownerId: mailbox.id, state: 'recording', node: settings.node, callId },
      callerId: hidden ? '' : (from.person?.id ?? ''),
      callerNumber: hidden ? 'anonymous' : number,
      callerName: hidden ? '' : name,
      ...{ at: clock.now(), ms: 0, partial: 0, heardAt: null, mail: '' },
    }
  }

  #extensionOf(id: string): string {
    const { directory } = this.#core
    const of: Pick<Person, 'extension'> | undefined = directory.personById(id) ?? directory.groupById(id)
    return of?.extension ?? ''
  }

  get #core() {
    return this.#parts.calls.core
  }
}
