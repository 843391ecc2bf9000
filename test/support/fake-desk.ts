import type { Page, WebSocketRoute } from 'playwright-core'
import type {
  BoardEvent,
  Callback,
  CallCard,
  CallRecord,
  CallShape,
  Charge,
  Colleague,
  Contact,
  DeviceShape,
  GroupShape,
  Mailbox,
  PersonalSettings,
  PersonShape,
  QueueShape,
  VoicemailMessage,
} from '#api/contract.ts'
import { fakeAttempts, fakeCallbacks, unclearName } from './fake-callbacks.ts'

const settings: PersonalSettings = {
  presence: 'available',
  quietHours: [{ days: [1, 2, 3, 4, 5], from: '18:30', to: '08:00' }],
  preferredDevice: '',
  callerRules: [{ callers: ['+12025550188'], action: 'divert', devices: [], to: '102' }],
  forward: { noAnswer: '102' },
  ring: { mode: 'all', ringMs: 60_000, stepMs: 15_000, order: [], pushWaitMs: 0 },
  voicemail: { on: true, afterMs: 20_000, mail: true },
  hideNumber: false,
  declineEndsAll: false,
  language: 'en',
  timeZone: 'Europe/Berlin',
  shownNumber: '',
}

function colleague(login: string, extension: string, change: Partial<Colleague> = {}): Colleague {
  const name = login[0]!.toUpperCase() + login.slice(1)
  const numbers = extension ? [`+120255501${extension.slice(1).padStart(2, '0')}`] : []
  const plain = { presence: 'available', inCall: false, reachable: true, role: 'person' } as const
  return { id: `demo-${login}`, login, name, extension, email: '', numbers, ...plain, ...change }
}

/** Carol asked for a call that rang Bob. */
function fakeCharge(id: string, openedAt: number, change: Partial<Charge>): Charge {
  return {
    ...{ id, callId: 'r1', kind: 'pickup', state: 'closed', reason: 'answered', pickedUpBy: 'carol/phone' },
    account: { personId: 'demo-carol', name: 'Carol' },
    caller: { number: '+12025550147', name: 'Jane Cooper', personId: '' },
    called: { number: '102', name: 'Bob', personId: 'demo-bob' },
    rang: [{ station: 'bob/phone', personId: 'demo-bob', ms: 7_000 }],
    ...{ openedAt, answeredAt: openedAt + 300, endedAt: openedAt + 95_300, ...change },
  }
}
const failed = { state: 'void', reason: 'cancelled', answeredAt: null } as const

function fakeMessage(id: string, at: number, change: Partial<VoicemailMessage>): VoicemailMessage {
  return {
    ...{ id, at, callId: `call-${id}`, ms: 12_400, partial: false, heardAt: null },
    mailbox: { id: 'demo-alice', name: 'Alice', kind: 'person' },
    caller: { number: '+12025550147', name: 'Jane Cooper', personId: '' },
    ...change,
  }
}

/** A group's mailbox is greeted for by a recording, one's own is not. */
function mailboxOf({ messages, groups }: FakeDeskData, id: string): Mailbox {
  const group = groups.find((one) => one.id === id)
  const fresh = messages.filter(({ mailbox, heardAt }) => mailbox.id === id && heardAt === null).length
  const heard = messages.filter(({ mailbox, heardAt }) => mailbox.id === id && heardAt !== null).length
  const counts = { fresh, heard }
  return group
    ? { id, name: group.name, kind: 'group', on: group.voicemail.on, ...counts, greeting: 'recorded' }
    : { id, name: 'Alice', kind: 'person', on: true, ...counts, greeting: 'spoken' }
}

/** What a fake server knows; tests change it before they open the page. */
export interface FakeDeskData {
  me: PersonShape
  people: Colleague[]
  devices: DeviceShape[]
  groups: GroupShape[]
  contacts: Contact[]
  records: CallRecord[]
  charges: Charge[]
  callbacks: Callback[]
  messages: VoicemailMessage[]
  card: CallCard | undefined
  loggedIn: boolean
}

/** A queue in which two wait. */
export function fakeQueue(now: number): QueueShape {
  const waiting = { expectedWaitSeconds: 95, ringing: false }
  return {
    ...{ id: 'help', name: 'Support', extension: '600', numbers: ['+12025550160'], groups: ['front'], people: [] },
    ...{ strategy: 'longest-idle', language: 'en', timeZone: 'Europe/Berlin' },
    ...{ closedTo: 'voicemail:front', overflowTo: '101' },
    hours: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }],
    ...{ ringSeconds: 20, wrapUpSeconds: 10, announceSeconds: 45, mostWaiting: 50, longestWaitSeconds: 1_800 },
    ...{ callback: true, publicWait: false, open: true, working: 3, free: 0, expectedWaitSeconds: 260 },
    waiting: [
      { id: 'w1', kind: 'call', number: '+12025550188', name: '', since: now - 83_000, place: 1, ...waiting },
      { id: 'w2', kind: 'callback', number: '103', name: 'Carol', since: now - 61_000, place: 2, ...waiting },
    ],
  }
}

export function fakeDeskData(now: number): FakeDeskData {
  const grants = { international: false, premium: false, maxOutsideCalls: 10, maxCalls: 0 }
  const me: PersonShape = {
    ...colleague('alice', '101', { role: 'administrator' }),
    grants,
    settings,
    hasPassword: true,
  }
  const contact = (id: string, name: string, company: string, number: string, remark = ''): Contact => ({
    id,
    name,
    company,
    remark,
    numbers: [{ number, label: 'work' }],
    email: '',
    shared: company !== '',
    mine: true,
    createdAt: now - 1e9,
    changedAt: now - 1e8,
  })
  const party = (number: string, name: string, personId = '') => ({ number, name, personId })
  const leg = {
    packetsReceived: 4000,
    packetsSent: 4000,
    bytesReceived: 1,
    bytesSent: 1,
    lost: 1,
    jitterMs: 4,
    codec: 'PCMU',
  }
  const record = (id: string, ago: number, change: Partial<CallRecord>): CallRecord => ({
    id,
    state: 'ended',
    direction: 'in',
    caller: party('+12025550147', 'Jane Cooper'),
    callee: party('101', 'Alice', 'demo-alice'),
    dialled: '+12025550101',
    trunk: 'carrier-a',
    startedAt: now - ago * 60_000,
    answeredAt: now - ago * 60_000 + 6000,
    endedAt: now - ago * 60_000 + 6000 + 184_000,
    answeredBy: { personId: 'demo-alice', station: 'alice/desk' },
    cause: 'answered',
    status: 200,
    endedBy: 'caller',
    branches: [],
    quality: { caller: leg, callee: leg },
    ...change,
  })
  const unanswered = { answeredAt: null, answeredBy: { personId: '', station: '' }, quality: {} }
  const records = [
    record('r1', 12, {}),
    record('r2', 47, {
      ...unanswered,
      caller: party('+493090182000', ''),
      cause: 'no-answer',
      endedAt: now - 46 * 60_000,
    }),
    record('r3', 95, {
      direction: 'internal',
      caller: party('102', 'Bob', 'demo-bob'),
      quality: { caller: { ...leg, lost: 80 } },
    }),
    record('r4', 180, {
      direction: 'out',
      caller: party('101', 'Alice', 'demo-alice'),
      callee: party('+442079460958', 'Harbour Supplies'),
      answeredBy: { personId: '', station: '+442079460958' },
    }),
    record('r5', 1500, { cause: 'busy', ...unanswered, caller: party('103', 'Carol', 'demo-carol') }),
    record('r7', 1560, {
      answeredBy: { personId: 'demo-carol', station: 'carol/phone' },
      branches: [
        { station: 'alice/phone', personId: 'demo-alice', outcome: 'picked-up', by: 'carol/phone', ringMs: 6000 },
      ],
    }),
    record('r6', 1620, { quality: { caller: { ...leg, lost: 400 } } }),
  ]
  const device = (id: string, name: string, kind: DeviceShape['kind'], there: boolean): DeviceShape => ({
    id,
    personId: me.id,
    name,
    username: `alice-${id}`,
    kind,
    directMedia: false,
    autoAnswer: false,
    messageLight: 'auto',
    bindings: there
      ? [
          {
            station: `alice/${id}`,
            username: `alice-${id}`,
            address: 'udp 192.0.2.17:5060',
            userAgent: 'Desk phone 4.2',
            registeredAt: now - 7_200_000,
            expiresAt: now + 60_000,
          },
        ]
      : [],
  })
  return {
    me,
    people: [
      me,
      colleague('bob', '102', { inCall: true }),
      colleague('carol', '103', { presence: 'away' }),
      colleague('dave', '104', { reachable: false }),
      colleague('erin', '105', { role: 'supervisor' }),
    ],
    devices: [
      device('phone', 'Desk phone', 'phone', true),
      device('mobile', 'Mobile app', 'softphone', false),
      device('desk', 'Desk', 'desk', true),
    ],
    groups: [
      {
        id: 'front',
        name: 'Front desk',
        extension: '200',
        members: ['demo-alice', 'demo-bob', 'demo-carol'],
        ring: settings.ring,
        pickup: { members: true, by: [] },
        voicemail: { on: true, mail: true },
        numbers: ['+12025550110'],
      },
      {
        id: 'sales',
        name: 'Sales',
        extension: '210',
        members: ['demo-carol', 'demo-erin'],
        ring: { ...settings.ring, mode: 'order' },
        pickup: { members: true, by: ['demo-dave', 'front'] },
        voicemail: { on: false, mail: true },
        numbers: [],
      },
    ],
    contacts: [
      contact('c1', 'Amir Haddad', 'Haddad & Sons', '+12025550188'),
      contact('c2', 'Jane Cooper', 'Northwind Logistics', '+12025550147', 'Prefers to be called before noon.'),
      contact('c3', 'Lena Vogt', '', '+493090182000'),
      contact('c4', '', 'Harbour Supplies', '+442079460958'),
    ],
    records,
    messages: [
      fakeMessage('m1', now - 12 * 60_000, {
        mailbox: { id: 'front', name: 'Front desk', kind: 'group' },
        partial: true,
      }),
      fakeMessage('m2', now - 86_400_000, {
        caller: { number: '102', name: 'Bob', personId: 'demo-bob' },
        heardAt: now,
      }),
      fakeMessage('m3', now - 90_000_000, { caller: { number: 'anonymous', name: '', personId: '' } }),
    ],
    charges: [fakeCharge('p1', now - 5 * 60_000, {}), fakeCharge('p2', now - 3 * 86_400_000, failed)],
    callbacks: fakeCallbacks(now),
    card: {
      id: 'ring',
      party: { number: '+12025550147', name: 'Jane Cooper', company: 'Northwind Logistics', personId: '' },
      contact: {
        id: 'c2',
        name: 'Jane Cooper',
        company: 'Northwind Logistics',
        remark: 'Prefers to be called before noon.',
      },
      notes: [
        {
          id: 'n1',
          at: now - 90_000_000,
          author: 'Bob',
          text: 'Waits for the corrected invoice 4711; promised for Friday.',
        },
      ],
      pastCalls: [records[0]!, records[5]!],
      called: { number: '+12025550101', name: 'Alice', kind: 'person' },
    },
    loggedIn: true,
  }
}

/** A call from outside that rings alice's stations. */
export function fakeRinging(now: number): CallShape {
  return {
    id: 'ring',
    state: 'ringing',
    held: false,
    direction: 'in',
    caller: { number: '+12025550147', name: 'Jane Cooper', personId: '' },
    callee: { number: '101', name: 'Alice', personId: 'demo-alice' },
    trunk: 'carrier-a',
    answeredBy: '',
    startedAt: now - 4000,
    branches: [
      { station: 'alice/phone', personId: 'demo-alice', state: 'ringing', ringMs: 4000 },
      { station: 'alice/desk', personId: 'demo-alice', state: 'ringing', ringMs: 4000 },
    ],
    mayPickUp: true,
    callerHidden: false,
  }
}

/** A call from outside that rings carol, and that alice may pick up. */
export function colleagueRings(now: number): CallShape {
  return {
    ...fakeRinging(now),
    id: 'colleague',
    caller: { number: '+12025550188', name: 'Amir Haddad', personId: '' },
    callee: { number: '103', name: 'Carol', personId: 'demo-carol' },
    branches: [{ station: 'carol/phone', personId: 'demo-carol', state: 'ringing', ringMs: 4000 }],
  }
}

/** Answers the desk's requests inside the browser: pages can be looked at and tested without a server behind them. */
export class FakeDesk {
  readonly data: FakeDeskData
  /** `POST /api/v1/calls/ring/decline {…}`: what the page asked for besides reading. */
  readonly asked: string[] = []
  calls: CallShape[] = []
  /** What the next acts on calls are refused with. */
  refusal: { readonly code: string; readonly message: string } | undefined
  readonly #sockets = new Set<WebSocketRoute>()
  readonly #phones = new Set<WebSocketRoute>()
  #cursor = 1

  constructor(data: FakeDeskData) {
    this.data = data
  }

  /** Takes over the API of a page that is not open yet. */
  async install(page: Page): Promise<void> {
    await page.routeWebSocket('**/api/v1/events*', (socket) => {
      this.#sockets.add(socket)
      socket.onClose(() => this.#sockets.delete(socket))
      const { calls } = this
      const snapshot: BoardEvent = {
        type: 'snapshot',
        run: 'fake',
        cursor: this.#cursor,
        at: Date.now(),
        total: calls.length,
        calls,
        viewer: this.data.me.id,
      }
      socket.send(JSON.stringify(snapshot))
    })
    // A registrar that takes everybody.
    await page.routeWebSocket('**/sip', (socket) => {
      socket.onMessage((message) => {
        const text = String(message)
        if (!text.startsWith('REGISTER')) return
        socket.send(sipOk(text))
        this.#phones.add(socket)
      })
      socket.onClose(() => this.#phones.delete(socket))
    })
    await page.route('**/api/v1/**', async (route) => {
      const request = route.request()
      const { pathname, searchParams } = new URL(request.url())
      const path = pathname.replace('/api/v1', '')
      const method = request.method()
      if (method !== 'GET') this.asked.push(`${method} ${path} ${request.postData() ?? ''}`.trim())
      const answer = this.#answer(method, path, searchParams, request.postData() ?? '')
      if (answer === undefined) await route.fulfill({ status: 404, json: { code: 'not-found', message: 'Not there.' } })
      else await route.fulfill(answer)
    })
  }

  /** Starts or changes a call. */
  put(call: CallShape): void {
    const known = this.calls.some(({ id }) => id === call.id)
    this.calls = [...this.calls.filter(({ id }) => id !== call.id), call]
    this.#tell(known ? 'changed' : 'started', call)
  }

  /** Rings the browser's phone, which has registered, for a call: it can be answered there. */
  ring(call: CallShape): void {
    for (const socket of this.#phones) socket.send(sipInvite(call))
  }

  end(id: string, change: Partial<CallShape>): void {
    const call = this.calls.find((each) => each.id === id)
    if (!call) throw new Error(`no call ${id}`)
    this.calls = this.calls.filter((each) => each !== call)
    this.#tell('ended', { ...call, state: 'ended', ...change })
  }

  #tell(change: 'started' | 'changed' | 'ended', call: CallShape): void {
    const event: BoardEvent = {
      type: 'changes',
      cursor: ++this.#cursor,
      at: Date.now(),
      total: this.calls.length,
      changes: [{ change, call }],
    }
    for (const socket of this.#sockets) socket.send(JSON.stringify(event))
  }

  #answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: string,
  ): { status: number; json?: unknown } | undefined {
    const { data } = this
    const ok = (json: unknown) => ({ status: 200, json })
    const session = { kind: 'session', scopes: [], person: data.me }
    switch (`${method} ${path}`) {
      case 'GET /about':
        return ok({
          name: 'Baton',
          version: '1.2.3',
          demo: true,
          sip: { address: '127.0.0.1:5060', domain: 'baton.local' },
          pickupCode: '*8',
          voicemailCode: '*97',
          people: data.people
            .slice(0, 4)
            .map(({ login, name, extension }) => ({ login, name, extension, password: `${login}-demo` })),
        })
      case 'GET /session':
        return data.loggedIn ? ok(session) : { status: 401, json: { code: 'log-in', message: 'Log in first.' } }
      case 'POST /session': {
        const { password } = JSON.parse(body) as { password: string }
        if (!password.endsWith('-demo'))
          return { status: 401, json: { code: 'wrong', message: 'The log-in name or the password is wrong.' } }
        data.loggedIn = true
        return ok({ token: 't', expiresAt: Date.now() + 1e7, person: data.me })
      }
      case 'POST /session/sip':
        return ok({
          username: 'alice-desk-1',
          ha1: 'a'.repeat(32),
          realm: 'baton.local',
          domain: 'baton.local',
          aor: 'sip:alice-desk-1@baton.local',
          deviceId: 'desk',
          expiresAt: Date.now() + 3_600_000,
          uri: 'ws://127.0.0.1/sip',
          iceServers: [],
        })
      case 'DELETE /session':
        data.loggedIn = false
        return { status: 204 }
      case 'GET /people':
        return ok({ people: data.people })
      case 'GET /devices':
        return ok({ devices: data.devices })
      case 'POST /devices':
        return {
          status: 201,
          json: {
            device: { ...data.devices[0], name: 'Kitchen phone', id: 'kitchen', bindings: [] },
            secret: {
              username: 'alice-kitchen',
              password: 'mQ7-vT2k-9xWb-LdRz',
              domain: 'baton.local',
              realm: 'baton.local',
              server: '192.0.2.1:5060',
            },
          },
        }
      case 'POST /groups':
        return {
          status: 409,
          json: { code: 'taken', field: 'extension', message: 'extension: 101 is the extension of Alice' },
        }
      case 'POST /contacts/import':
        return ok({
          imported: 12,
          skipped: 1,
          errors: [{ line: 9, message: 'has 4 cells, but the first line names 3 columns' }],
        })
      case 'GET /groups':
        return ok({ groups: data.groups })
      case 'GET /queues':
        return ok({ queues: data.groups.length === 0 ? [] : [fakeQueue(Date.now())] })
      case 'GET /numbers':
        return ok({
          numbers: data.people
            .filter((person) => person.numbers[0])
            .map((person) => ({
              number: person.numbers[0],
              targetKind: 'person',
              targetId: person.id,
              targetName: person.name,
            })),
        })
      case 'GET /trunks':
        return ok({ trunks: [fakeTrunk] })
      case 'GET /contacts': {
        const wanted = (query.get('q') ?? '').toLowerCase()
        const fits = ({ name, company }: Contact) => `${name} ${company}`.toLowerCase().includes(wanted)
        return ok({ contacts: data.contacts.filter(fits) })
      }
      case 'GET /mailboxes':
        return ok({ mailboxes: ['demo-alice', 'front'].map((id) => mailboxOf(data, id)) })
      case 'GET /mailboxes/demo-alice':
      case 'GET /mailboxes/front':
      case 'GET /mailboxes/sales':
        return ok(mailboxOf(data, path.split('/').at(-1) as string))
      case 'GET /voicemail':
        return ok({
          messages: data.messages.filter(({ mailbox }) => [null, mailbox.id].includes(query.get('mailbox'))),
          fresh: data.messages.filter(({ heardAt }) => heardAt === null).length,
        })
      case 'GET /records':
        return ok({ records: data.records })
      case 'GET /charges': {
        const [from, to] = [Number(query.get('from') ?? 0), Number(query.get('to') ?? Number.MAX_SAFE_INTEGER)]
        return ok({ charges: data.charges.filter(({ openedAt }) => openedAt >= from && openedAt < to) })
      }
      case 'GET /callbacks':
        return ok({ callbacks: data.callbacks })
      case 'POST /callbacks':
        return { status: 409, json: unclearName }
      case 'GET /settings':
        return ok(data.me.settings)
      case 'PATCH /settings':
        data.me = { ...data.me, settings: { ...data.me.settings, ...(JSON.parse(body) as Partial<PersonalSettings>) } }
        return ok(data.me.settings)
      case `GET /people/${data.me.id}`:
        return ok(data.me)
      default:
        if (/^GET \/calls\/[^/]+\/card$/.test(`${method} ${path}`) && data.card) return ok(data.card)
        if (/^GET \/contacts\/[^/]+\/notes$/.test(`${method} ${path}`)) return ok({ notes: [] })
        if (/^GET \/callbacks\//.test(`${method} ${path}`)) return ok(fakeAttempts(data.callbacks, path))
        if (method === 'POST' && path.startsWith('/calls/') && this.refusal) return { status: 409, json: this.refusal }
        if (method === 'POST' && path.startsWith('/calls/')) return ok({ id: path.split('/')[2] })
        if (method === 'DELETE') return { status: 204 }
        return undefined
    }
  }
}

/** 200 to a REGISTER, with its own headers given back. */
function sipOk(request: string): string {
  const lines = request.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq|Contact):/i.test(line))
  const to = /^To: .*$/im.exec(request)?.[0] ?? ''
  return ['SIP/2.0 200 OK', ...lines, `${to};tag=fake`, 'Content-Length: 0', '', ''].join('\r\n')
}

function sipInvite({ id, caller }: CallShape): string {
  const sdp = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 9 RTP/AVP 0', ''].join(
    '\r\n',
  )
  return [
    'INVITE sip:alice-desk-1@baton.local SIP/2.0',
    `Via: SIP/2.0/WS 192.0.2.1;branch=z9hG4bK${id}`,
    `From: "${caller.name}" <sip:${caller.number}@baton.local>;tag=${id}`,
    'To: <sip:alice-desk-1@baton.local>',
    `Call-ID: ${id}`,
    'CSeq: 1 INVITE',
    'Contact: <sip:192.0.2.1;transport=ws>',
    'Max-Forwards: 70',
    `X-Baton-Call: ${id}`,
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n')
}

const fakeTrunk = {
  id: 'carrier-a',
  name: 'Carrier A',
  sources: ['198.51.100.0/24'],
  hosts: [],
  gateways: ['sip:gw1.carrier.example;transport=tls', 'sip:gw2.carrier.example;transport=tls'],
  directMedia: false,
  healthMs: 30_000,
  priority: 0,
  maxCalls: 30,
  demo: false,
}
