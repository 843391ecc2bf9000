import type { Queue, QueueAnnouncer, QueueInput } from '#services'
import { Scenario } from './checked.ts'
import type { Phone } from './phone.ts'
import { nameOf, spoken } from './spoken.ts'

/** Says nothing, but is known by what it would say. */
const announcer: QueueAnnouncer & { say: QueueAnnouncer['say'] } = {
  say: async (_language, parts) => spoken(parts.map((part) => (typeof part === 'string' ? part : 'sound')).join(' ')),
  music: async () => spoken('music'),
}

/** A server with a queue, 600, and what its callers hear. */
export class QueueHouse {
  readonly scenario: Scenario
  /** `alice: music`, with the time since the start in seconds. */
  readonly heard: string[] = []
  queue!: Queue

  private constructor(scenario: Scenario) {
    this.scenario = scenario
  }

  static readonly options = {
    queueAnnouncer: announcer,
    callbacks: { announcer: { say: announcer.say } },
  }

  static async start(settings: Partial<QueueInput> = {}): Promise<QueueHouse> {
    const house = new QueueHouse(await Scenario.start(QueueHouse.options))
    house.listen()
    const people = settings.people ?? ['demo-bob', 'demo-carol']
    const input = { name: 'Sales', extension: '600', wrapUpSeconds: 0, ...settings, people }
    house.queue = await house.scenario.during(house.scenario.house.queues.put(input))
    return house
  }

  /** Again after each start of the server. */
  listen(): void {
    const { media } = this.scenario
    const { play } = media
    media.play = (leg, sound, options) => {
      const { party } = leg.handlers as { party?: { station: string } }
      this.heard.push(`${party?.station.split('/')[0]}: ${nameOf(sound)}`)
      return play(leg, sound, options)
    }
  }

  /** Kills the server and starts it again on the same database. */
  async crash(): Promise<void> {
    await this.scenario.crash()
    await this.scenario.pass(1_000)
    await this.scenario.boot(QueueHouse.options)
    this.listen()
    await this.scenario.pass(1_000)
  }

  get view() {
    const view = this.scenario.house.queues.view(this.queue.id)
    if (!view) throw new Error('the queue is gone')
    return view
  }

  /** Somebody calls the queue and is answered by it. */
  async call(phone: Phone, dialled = '600') {
    const placed = phone.call(dialled)
    const status = await this.scenario.during(placed.result)
    await this.scenario.pass(100)
    return status
  }

  press(phone: Phone, keys: string): Promise<void> {
    return phone.press(keys)
  }

  /** Whatever a test did: nothing is left behind. */
  async left(): Promise<unknown> {
    const { scenario } = this
    await scenario.pass(2_000)
    return {
      calls: scenario.house.calls.list().length,
      contexts: (await scenario.storage.calls.contexts()).length,
      waiting: (await scenario.storage.queues.waiting('node-1')).length,
      legs: (await scenario.media.counters()).legs,
    }
  }
}

export const nothing = { calls: 0, contexts: 0, waiting: 0, legs: 0 }
