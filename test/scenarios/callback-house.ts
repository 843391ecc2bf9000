import type { Announcer, CallbackParty, CallbackTold, CallbackView } from '#services'
import type { CallbackRow, OutboxRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'
import type { ScenarioOptions } from './scenario.ts'
import { nameOf, spoken, spokenMs } from './spoken.ts'

/** How long every prompt is, in ms. */
export const promptMs = spokenMs

/** Says nothing, but is known by what it would say. */
export const announcer: Announcer = {
  say: async (language, parts) =>
    spoken(`${language}: ${parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join(' ')}`),
}

/** A server with phones that make requested calls, and what everybody hears in the ladder. */
export class CallbackHouse {
  readonly scenario: Scenario
  /** What the asker was told. */
  readonly told: readonly CallbackTold[]
  readonly views: CallbackView[] = []
  readonly #options: ScenarioOptions
  #requests = 0

  private constructor(scenario: Scenario, options: ScenarioOptions, told: readonly CallbackTold[]) {
    this.scenario = scenario
    this.#options = options
    this.told = told
  }

  /** @param more what the service is made with besides; @param around what else is not as it is by default */
  static async start(
    settings: object = {},
    more: ScenarioOptions['callbacks'] = {},
    around: ScenarioOptions = {},
  ): Promise<CallbackHouse> {
    const told: CallbackTold[] = []
    const notices = (what: CallbackTold): readonly OutboxRow[] => {
      told.push(what)
      return [noticeOf(what)]
    }
    const options = { ...around, callbacks: { announcer, notices, settings, ...more } }
    const house = new CallbackHouse(await Scenario.start(options), options, told)
    house.watch()
    return house
  }

  /** Again after each start of the server. */
  watch(): void {
    const { scenario } = this
    const play = scenario.media.play
    scenario.media.play = (leg, sound, options) => {
      const { party } = leg.handlers as { party?: { station: string } }
      const to = addresses[party?.station ?? ''] ?? addresses.outside
      const from = '127.0.0.1:5060'
      scenario.network.log.push({
        at: scenario.clock.now(),
        from,
        to,
        label: `♪ ${nameOf(sound)}`,
        dropped: false,
      } as never)
      return play(leg, sound, options)
    }
    scenario.house.callbacks.watch((view) => this.views.push(view))
  }

  /** Kills the server without any cleaning up and starts it again on the same database, after `ms`. */
  async crash(ms = 1_000): Promise<void> {
    await this.scenario.crash()
    await this.scenario.pass(ms)
    await this.scenario.boot(this.#options)
    this.watch()
  }

  /** What went over the wire and what was heard since `from`; a 180 that is repeated is left out. */
  ladder(from: number): string[] {
    const lines = this.scenario.ladder(from)
    return lines.filter((line, index) => !/ 180 /.test(line) || line !== lines[index - 1])
  }

  /** Somebody asks for a call now. @param caller who asks, by what is dialled */
  async ask(called: string | CallbackParty, caller: string | CallbackParty, more: Partial<CallbackRow> = {}) {
    const row = this.row(called, caller, more)
    return this.scenario.during(this.scenario.house.callbacks.accept(row))
  }

  row(called: string | CallbackParty, caller: string | CallbackParty, more: Partial<CallbackRow> = {}): CallbackRow {
    const now = this.scenario.clock.now()
    const party = (dial: string | CallbackParty) => (typeof dial === 'string' ? { dial, name: '' } : dial)
    const id = `request-${++this.#requests}`
    return {
      ...{ id, state: 'scheduled', attemptId: '', node: '', dueAt: now, createdAt: now, changedAt: now },
      ...{ askerId: '', personId: '', channel: 'web', thread: '{}', threadKey: id, language: 'en', timeZone: 'UTC' },
      ...{ called: JSON.stringify(party(called)), caller: JSON.stringify(party(caller)), keys: '', note: '' },
      ...{ askedAt: null, attempts: 0, outcome: '', questions: '[]', cancelHash: '', source: '', target: '' },
      ...more,
    }
  }

  async request(id = 'request-1'): Promise<CallbackRow> {
    const row = await this.scenario.storage.callbacks.get(id)
    if (!row) throw new Error(`there is no ${id}`)
    return row
  }

  /** The messages that the asker gets, in order. */
  async sent(id = 'request-1'): Promise<readonly string[]> {
    const rows = await this.scenario.storage.callbacks.outbox.of(id)
    return rows.map(({ body }) => body)
  }

  /** A phone presses keys. */
  press(phone: Phone, keys: string): Promise<void> {
    return phone.press(keys)
  }

  /** Whatever a test did: no leg, dialog or context is left behind. */
  async left(): Promise<unknown> {
    const { scenario } = this
    await scenario.pass(2_000)
    return {
      calls: scenario.house.calls.list().length,
      contexts: (await scenario.storage.calls.contexts()).length,
      legs: (await scenario.media.counters()).legs,
      dialogs: scenario.house.ua.sizes.dialogs,
    }
  }
}

export const nothing = { calls: 0, contexts: 0, legs: 0, dialogs: 0 }

const addresses: Record<string, string> = {
  'alice/phone': '10.0.0.1:5060',
  'bob/phone': '10.0.0.2:5060',
  'carol/phone': '10.0.0.3:5060',
  outside: '10.0.9.1:5060',
}

function noticeOf({ what, request }: CallbackTold): OutboxRow {
  return {
    ...{ id: `${request.id} ${request.attempts} ${what}`, callbackId: request.id, channel: 'web', body: what },
    ...{ createdAt: request.changedAt, dueAt: request.changedAt, tries: 0, node: '', state: 'waiting', error: '' },
  }
}

/** A provider that calls to the outside go to. */
export async function provided(scenario: Scenario): Promise<Phone> {
  const settings = { sources: [], gateways: ['sip:10.0.9.1:5060'], healthMs: 0 }
  await scenario.during(scenario.directory.putTrunk({ id: 'out', name: 'out', settings }))
  return scenario.phone('provider', { address: '10.0.9.1', user: 'provider' })
}
