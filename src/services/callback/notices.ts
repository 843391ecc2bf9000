import { createHash } from 'node:crypto'
import type { MessageChannel, OutgoingMessage } from '#channels'
import type { Clock } from '#lib'
import type { CallbackRow, CallbackStorage, OutboxRow } from '#storage'
import type { QueueLines } from '../types.ts'
import type { Open } from './draft.ts'
import { type Language, oneLine, type RefusalCode, type Spoken, textsOf, whenText } from './texts.ts'
import type { AttemptDetail, CallbackParty, CallbackTold, ExpectedAtCentre, InLine } from './types.ts'
import type { Question } from './understanding/index.ts'

/** The JSON in `caller` of a request that came by a message. */
export interface StoredCaller extends CallbackParty {
  /** It is the asker's own telephone. */
  readonly own?: boolean
}

export interface NoticeParts {
  readonly storage: CallbackStorage
  readonly clock: Clock
  /** Address of the pages, for links: `https://baton.example.org`; '' where there are none. */
  readonly baseUrl: string
  /** Whether mail can go out: answers to requests by form or program go to the address on file. */
  readonly mail?: boolean
  /** What the centre with this number says of its wait; `undefined` where it is none. Never rejects. */
  readonly centreWait?: (number: string) => Promise<ExpectedAtCentre | undefined>
}

/** What is sent of a message, without what the channel knows. */
export type NoticeBody = Omit<OutgoingMessage, 'attachments'>

/** Makes the messages that an asker gets, in their language and time zone, for the way that they came by. */
export class NoticeMaker {
  /** Queues of ours, once they are there. */
  lines: Pick<QueueLines, 'wait'> | undefined
  readonly #parts: NoticeParts

  constructor(parts: NoticeParts) {
    this.#parts = parts
  }

  /** Scheduled: who rings first, who then, and when. */
  async confirmed(request: CallbackRow, code: string, name = '0'): Promise<readonly OutboxRow[]> {
    const texts = textsOf(request.language)
    const spoken = this.spoken(
      { ...request, askedAt: this.#opensAt(request) ?? request.askedAt },
      this.#link('cancel', code),
    )
    const text = texts.confirmation(spoken, callerOfRow(request).pressOne === true)
    const wait = await this.#waitText(request)
    return this.#make(request, name, texts.subject(spoken.called), wait === '' ? text : `${text}\n${wait}`)
  }

  /** The time of a call that waits until a queue opens. */
  #opensAt({ called, dueAt, askedAt }: CallbackRow): number | undefined {
    const { queue } = JSON.parse(called) as CallbackParty
    const now = this.#parts.clock.now()
    return queue !== undefined && dueAt !== null && dueAt > Math.max(askedAt ?? now, now) ? dueAt : undefined
  }

  /** How long a centre that is called now would let one wait, or when it opens. A wait of now says nothing of a later call. */
  async #waitText(request: CallbackRow): Promise<string> {
    const { dial, queue } = JSON.parse(request.called) as CallbackParty
    const { clock, centreWait } = this.#parts
    const texts = textsOf(request.language)
    if (this.#opensAt(request) !== undefined) return texts.closedUntilThen(this.spoken(request).called)
    if ((request.dueAt ?? 0) > clock.now()) return ''
    if (queue !== undefined) {
      const wait = this.lines?.wait(queue)
      return wait?.open ? texts.inLine(wait) : ''
    }
    const wait = await centreWait?.(dial)
    return wait ? texts.centreWait(wait) : ''
  }

  /** What happens now, without a link. */
  async confirmedText(request: CallbackRow): Promise<string> {
    const texts = textsOf(request.language)
    const shown = { ...texts, cancelHint: () => '' }
    const spoken = this.spoken({ ...request, askedAt: this.#opensAt(request) ?? request.askedAt })
    const text = shown.confirmation(spoken, callerOfRow(request).pressOne === true)
    const wait = await this.#waitText(request)
    return wait === '' ? text : `${text} ${wait}`
  }

  /** What the centre with this number says of its wait; `undefined` where it is none. Never rejects. */
  async centreWait(number: string): Promise<ExpectedAtCentre | undefined> {
    return this.#parts.centreWait?.(number)
  }

  /** The place and wait that the asker of a call that is made now gets, where a queue or centre says them. */
  async waitOf({ called, dueAt }: CallbackRow): Promise<InLine | undefined> {
    if ((dueAt ?? 0) > this.#parts.clock.now()) return undefined
    const { dial, queue } = JSON.parse(called) as CallbackParty
    const wait = queue === undefined ? await this.centreWait(dial) : this.lines?.wait(queue)
    return wait && { place: wait.place, expectedWaitSeconds: wait.open ? wait.expectedWaitSeconds : null }
  }

  /** What is still to be answered. @param again the last answer was not understood */
  asked(request: CallbackRow, open: Open, code: string, name = '0', again = false): Promise<readonly OutboxRow[]> {
    const texts = textsOf(request.language)
    if (open.kind === 'link')
      return this.#make(request, name, texts.questionSubject, texts.confirmByLink(this.#link('confirm', code)))
    const text = this.askedText(request, open)
    const full = again ? `${texts.notUnderstood}\n${text}` : text
    return this.#make(request, name, texts.questionSubject, full)
  }

  /** The question in words, with its choices numbered. */
  askedText(request: CallbackRow, open: Open): string {
    const texts = textsOf(request.language)
    if (open.kind === 'confirm') return texts.understood(this.spoken(request))
    const [question] = open.questions
    if (open.kind === 'link' || !question) return ''
    const choices = this.choicesOf(question, request)
    const said = oneLine(question.said, 60)
    return [
      texts.question({ ...question, said }),
      ...choices.map((choice, index) => `${index + 1}. ${choice}`),
      choices.length > 0 ? texts.choose(choices.length) : texts.anyAnswer,
    ].join('\n')
  }

  /** The choices of a question as they are shown: `Anna Berg (Billing)`, `tomorrow at 10:00 (Europe/Berlin)`. */
  choicesOf(question: Question, { language, timeZone }: Pick<CallbackRow, 'language' | 'timeZone'>): string[] {
    if (question.about === 'when')
      return question.choices.map((at) => whenText(at, this.#parts.clock.now(), timeZone, language))
    const { choices } = question
    return choices.map(({ name, within, extension }) => {
      // A department and its queue may have one name.
      const alike = extension !== '' && choices.filter((other) => other.name === name).length > 1
      const more = alike ? [...within, extension] : within
      return oneLine(more.length === 0 ? name : `${name} (${more.join(', ')})`)
    })
  }

  refused(request: CallbackRow, code: RefusalCode, what: string, name = '0'): Promise<readonly OutboxRow[]> {
    const texts = textsOf(request.language)
    return this.#make(request, name, texts.refusalSubject, texts.refusal(code, oneLine(what, 60)))
  }

  /** Why a message changed nothing. */
  unchanged(
    request: CallbackRow,
    why: 'nothing-to-cancel' | 'moved-to-past' | 'link-waits',
    name: string,
  ): Promise<readonly OutboxRow[]> {
    const texts = textsOf(request.language)
    const spoken = this.spoken(request)
    const said = {
      ...{ 'nothing-to-cancel': () => texts.nothingToCancel, 'link-waits': () => texts.linkSent },
      'moved-to-past': () => texts.movedToPast(spoken),
    }
    return this.#make(request, name, texts.subject(spoken.called), said[why]())
  }

  /** What became of an attempt, or of the request. */
  async outcome(told: CallbackTold): Promise<readonly OutboxRow[]> {
    const { what, request, attempt, outcome, nextAt } = told
    if (what === 'heard') return this.#heard(told)
    const texts = textsOf(request.language)
    const spoken = this.spoken(request)
    const name = `${what}-${attempt?.number ?? request.attempts}`
    const { line } = JSON.parse(attempt?.detail ?? '{}') as Partial<AttemptDetail>
    const said = line && outcome.startsWith('called-') ? ` ${texts.saidLast(line)}` : ''
    const text = (): string => {
      switch (what) {
        case 'connected':
          return texts.connected(spoken)
        case 'again': {
          if (ringsNoMore(request)) return `${texts.failure(outcome, spoken)} ${texts.noMore}`
          const at = whenText(nextAt ?? null, this.#parts.clock.now(), request.timeZone, request.language)
          return `${texts.failure(outcome, spoken)}${said} ${texts.again(at)}${texts.cancelHint('')}`
        }
        case 'failed':
          return `${texts.failure(outcome, spoken)}${said} ${texts.noMore}`
        case 'missed':
          return texts.missed(spoken)
        case 'cancelled':
          return texts.cancelled(spoken)
      }
    }
    return this.#make(request, name, texts.subject(spoken.called), text())
  }

  /** What the centre said can be listened to. */
  async #heard({ request, recording }: CallbackTold): Promise<readonly OutboxRow[]> {
    const link = recording ? this.#link('listen', recording.code) : ''
    if (!recording || link === '') return []
    const texts = textsOf(request.language)
    const spoken = this.spoken(request)
    const until = whenText(recording.until, this.#parts.clock.now(), request.timeZone, request.language)
    const text = texts.heard(spoken, link, until, request.state === 'ringing')
    return this.#make(request, `heard-${recording.number}`, texts.subject(spoken.called), text)
  }

  /** How a request is spoken of to who asked. */
  spoken(request: CallbackRow, link = ''): Spoken {
    const texts = textsOf(request.language)
    const called = JSON.parse(request.called) as CallbackParty
    const caller = callerOfRow(request)
    return {
      called: oneLine(called.name || called.dial),
      caller: caller.own ? texts.you(oneLine(caller.dial)) : oneLine(caller.name || caller.dial),
      when: whenText(request.askedAt, this.#parts.clock.now(), request.timeZone, request.language),
      link,
    }
  }

  /** By the asker's channel, or, where nothing can be sent by it, to the address on file. */
  async #make(request: CallbackRow, name: string, subject: string, text: string): Promise<readonly OutboxRow[]> {
    const way = await this.#way(request)
    if (!way) return []
    const id = `${request.id}-${name}`
    const language: Language = request.language === 'de' ? 'de' : 'en'
    const body: NoticeBody = { thread: way.thread, subject, text, language, messageId: id }
    const now = this.#parts.clock.now()
    return [
      {
        ...{ id, callbackId: request.id, channel: way.channel, body: JSON.stringify(body), createdAt: now, dueAt: now },
        ...{ tries: 0, node: '', state: 'waiting', error: '' },
      },
    ]
  }

  async #way(request: CallbackRow): Promise<{ channel: MessageChannel; thread: unknown } | undefined> {
    const thread = JSON.parse(request.thread) as { to?: string } | null
    if (request.channel === 'mail' || request.channel === 'xmpp') return { channel: request.channel, thread }
    if (thread?.to) return { channel: 'mail', thread }
    if (request.channel !== 'api' || !this.#parts.mail) return undefined
    const asker = await this.#parts.storage.askers.get(request.askerId)
    return asker?.email ? { channel: 'mail', thread: { to: asker.email } } : undefined
  }

  #link(page: 'cancel' | 'confirm' | 'listen', code: string): string {
    const { baseUrl } = this.#parts
    // Behind the # it reaches no log and no Referer.
    return baseUrl === '' || code === '' ? '' : `${baseUrl}/callbacks/${page}#${code}`
  }
}

export function callerOfRow(request: Pick<CallbackRow, 'caller'>): StoredCaller {
  return JSON.parse(request.caller) as StoredCaller
}

/**
 * Nobody has confirmed the caller's number yet, and it was rung: whoever sits there is left in peace, though another attempt is planned.
 */
export function ringsNoMore(request: Pick<CallbackRow, 'caller' | 'outcome' | 'state'>): boolean {
  const { own, pressOne } = callerOfRow(request)
  return request.state === 'scheduled' && request.outcome.startsWith('caller-') && own === true && pressOne === true
}

/** What is stored of a link's code. */
export function codeHash(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}
