import type { Calls } from '#call'
import type { IncomingMessage } from '#channels'
import { createDirectory, seedDemo } from '#directory'
import { seededRandom, silentLog, VirtualClock } from '#lib'
import { CallbackService, Intake, type IntakeSettings, NoticeMaker, type QueueLines } from '#services'
import { openStorage } from '#storage'

/** 20 November 2026, 13:00 in Berlin. */
export const noon = Date.UTC(2026, 10, 20, 12, 0)

/** The demo organisation with "Sales" (300), and what takes messages, over a database in memory. Nothing rings. */
export async function intakeFixture(settings: Partial<IntakeSettings> = {}, lines?: QueueLines) {
  const clock = new VirtualClock(noon)
  const random = seededRandom(1)
  const storage = await openStorage({ folder: ':memory:', thread: false, clock })
  const directory = await createDirectory({ storage, clock, random, log: silentLog, demo: true })
  await seedDemo(directory)
  await directory.putGroup({ id: 'sales', name: 'Sales', extension: '300', members: ['demo-bob'] })
  const account = await directory.putPerson({ id: 'anna-b', login: 'annab', name: 'Anna Berg', extension: '141' })
  await directory.putPerson({ id: 'anna-m', login: 'annam', name: 'Anna Müller', extension: '142' })
  const { id, login, name, extension } = directory.personByLogin('alice') as typeof account
  await directory.putPerson({ id, login, name, extension, email: 'alice@example.org' })
  const calls = { core: { clock, storage, random, log: silentLog, settings: { node: 'n' } } } as unknown as Calls
  const announcer = { say: () => [] } as never
  const notices = new NoticeMaker({ storage: storage.callbacks, clock, baseUrl: 'https://baton.example' })
  const service = new CallbackService({
    calls,
    announcer,
    notices: (told) => notices.outcome(told),
    ...(lines ? { lines } : {}),
  })
  notices.lines = lines
  const parts = { service, storage, directory, notices, clock, random, log: silentLog }
  const all = { timeZone: 'Europe/Berlin', ...settings }
  const intake = new Intake({ ...parts, settings: all })
  await intake.start()
  let count = 0
  const messages: IncomingMessage[] = []

  /** A mail from a proven address; `more` says what is different. */
  const mail = (text: string, more: Partial<IncomingMessage> = {}): IncomingMessage => {
    const messageId = more.messageId ?? `m${++count}@example.org`
    const message: IncomingMessage = {
      ...{
        channel: 'mail',
        messageId,
        threadKeys: [],
        threadKey: messageId,
        to: 'callback@baton.example',
        subject: '',
      },
      ...{ from: { address: 'otto@elsewhere.example', name: 'Otto', verified: true, keys: [] }, text, timeZone: '' },
      ...{ language: '', thread: { to: 'otto@elsewhere.example', messageId } },
      ...more,
    }
    messages.push(message)
    return message
  }
  /** An answer in the thread of a mail. */
  const reply = (to: IncomingMessage, text: string, more: Partial<IncomingMessage> = {}): IncomingMessage =>
    mail(text, { from: to.from, threadKeys: [to.messageId], subject: `Re: ${to.subject}`, ...more })
  const list = async () => (await storage.callbacks.list({ limit: 100 })).callbacks
  return {
    ...{ clock, storage, directory, service, notices, intake, mail, reply, list },
    /** Hands a mail in; the newest request and the text of the newest message to its asker. */
    async hand(message: IncomingMessage) {
      const reception = await intake.receive(message)
      const [request] = await list()
      const sent = request ? await storage.callbacks.outbox.of(request.id) : []
      const bodies = sent.map(({ body }) => JSON.parse(body) as { text: string; subject: string; thread: unknown })
      return { reception, request, sent, text: bodies.at(-1)?.text ?? '', bodies }
    },
    async close(): Promise<void> {
      intake.stop()
      directory.close()
      await storage.close()
    },
  }
}

export type IntakeFixture = Awaited<ReturnType<typeof intakeFixture>>

export const fromAlice = { address: 'alice@example.org', name: 'Alice', verified: true, keys: [] }
