import { CallActs, CallError } from '#call'
import { type Random, seededRandom } from '#lib'
import type { Invitation } from '#sip'
import type { Phone, Placed } from './phone.ts'
import { Scenario } from './scenario.ts'

/** A caller, a callee and two colleagues who share a group with the callee; nobody else's calls reach them. */
interface Cell {
  readonly index: number
  readonly random: Random
  readonly caller: Phone
  readonly callee: Phone
  readonly pickers: readonly Phone[]
  /** Share of this cell's packets that are lost, and how long one may take, in ms. */
  loss: number
  jitter: number
  /** What the callee does with an INVITE, and the pickers with one of ours. */
  onCallee: (invitation: Invitation) => void
  onPicker: (invitation: Invitation, phone: Phone) => void
  told: string[]
  /** Pickups under way: the words of their end. */
  readonly asked: Asked[]
  call: Placed | undefined
  cancelled: boolean
}

interface Asked {
  how: string
  readonly by: string
  outcome: string
  placed?: Placed
}

export interface Interleavings {
  readonly interleavings: number
  /** Who had the call, or why nobody had it, by how often. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Pickups by way. */
  readonly joined: Readonly<Record<string, number>>
  /** What did not hold, with seed and cell. */
  readonly faults: readonly string[]
}

/**
 * Random interleavings of a callee's answer, pickups by several, a caller's CANCEL, lost and late packets. Each ends with at most one
 * winner, a caller who is in a call or was told, and losers who were told; afterwards nothing is left.
 * @param options.rounds how often every cell plays
 */
export async function pickupInterleavings(options: {
  readonly seed: number
  readonly rounds: number
  readonly cells: number
}): Promise<Interleavings> {
  const scenario = await Scenario.start({ seed: options.seed })
  const cells: Cell[] = []
  for (let index = 0; index < options.cells; index++) cells.push(await makeCell(scenario, options.seed, index))
  const byAddress = new Map<string, Cell>()
  for (const cell of cells) byAddress.set(addressOf(cell.index, 0).replace(/\.\d+$/, ''), cell)
  scenario.network.rule(({ from, to }) => {
    const far = from.startsWith('127.') ? to : from
    const cell = byAddress.get(far.slice(0, far.lastIndexOf('.')))
    if (!cell) return undefined
    if (cell.random.integer(1000) < cell.loss * 1000) return 'drop'
    return cell.jitter > 0 ? { delay: cell.random.integer(cell.jitter) } : undefined
  })
  // The registrations' transactions are forgotten by then.
  await scenario.pass(70_000)
  const timers = scenario.clock.pending
  const outcomes: Record<string, number> = {}
  const faults: string[] = []
  for (let round = 0; round < options.rounds && faults.length === 0; round++) {
    for (const cell of cells) play(scenario, cell)
    // Whatever is decided is decided by then, and what was lost has been sent again.
    await scenario.pass(45_000)
    for (const cell of cells) {
      const outcome = outcomeOf(cell)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      for (const fault of faultsOf(cell))
        faults.push(`seed ${options.seed}, round ${round}, cell ${cell.index}: ${fault}`)
      cell.loss = 0
      for (const dialog of cell.caller.dialogs) if (!dialog.ended) dialog.bye()
    }
    await scenario.pass(40_000)
    for (const fault of await leftOver(scenario, timers)) faults.push(`seed ${options.seed}, round ${round}: ${fault}`)
    for (const cell of cells) forget(cell)
  }
  return {
    interleavings: options.rounds * options.cells,
    outcomes,
    joined: { ...scenario.house.pickup.joined },
    faults,
  }
}

const names = ['caller', 'callee', 'anna', 'otto'] as const

function addressOf(cell: number, place: number): string {
  return `10.1.${cell}.${place + 1}`
}

async function makeCell(scenario: Scenario, seed: number, index: number): Promise<Cell> {
  const { directory } = scenario
  const cell: Partial<Cell> & { onCallee?: Cell['onCallee']; onPicker?: Cell['onPicker'] } = {}
  const phones: Phone[] = []
  for (const [place, name] of names.entries()) {
    const login = `${name}-${index}`
    const settings = { ring: { ringMs: 8_000 } }
    const person = await scenario.during(
      directory.putPerson({ id: login, login, name: login, extension: extensionOf(index, place), settings }),
    )
    const device = await scenario.during(
      directory.putDevice({ id: `${login}-phone`, personId: person.id, name: 'phone', username: login }),
    )
    await scenario.during(directory.setDevicePassword(device.id, `${login}-demo`))
    const phone = scenario.phone(login, {
      address: addressOf(index, place),
      user: login,
      reliable: place === 3,
      supports: place >= 2 ? ['replaces'] : [],
      onInvite: (invitation, self) =>
        name === 'callee' ? cell.onCallee?.(invitation) : cell.onPicker?.(invitation, self),
    })
    await scenario.during(phone.register())
    phones.push(phone)
  }
  const members = names.slice(1).map((name) => `${name}-${index}`)
  await scenario.during(directory.putGroup({ id: `cell-${index}`, name: `cell ${index}`, members }))
  const [caller, callee, ...pickers] = phones as [Phone, Phone, ...Phone[]]
  return Object.assign(cell, {
    index,
    random: seededRandom(seed * 1_000 + index),
    caller,
    callee,
    pickers,
    loss: 0,
    jitter: 0,
    told: [],
    asked: [],
    call: undefined,
    cancelled: false,
    onCallee: () => {},
    onPicker: () => {},
  })
}

function extensionOf(cell: number, place: number): string {
  return String(10_000 + cell * 10 + place)
}

/** Starts everything that happens in one interleaving. */
function play(scenario: Scenario, cell: Cell): void {
  const { clock } = scenario
  const { random, caller, callee } = cell
  const chance = (percent: number): boolean => random.integer(100) < percent
  const later = (below: number, act: () => void): void => void clock.setTimeout(act, random.integer(below))
  cell.loss = chance(50) ? 0 : 0.1
  cell.jitter = chance(50) ? 0 : 60
  const when = chance(60) ? 120 : 3_000
  const answers = chance(45)
  const refuses = chance(10)
  cell.onCallee = (invitation) => {
    invitation.progress(180)
    if (answers)
      later(when, () => {
        if (!invitation.completed) callee.answer(invitation)
      })
    else if (refuses) later(when, () => invitation.reject(486))
  }
  const habit = random.integer(5)
  cell.onPicker = (invitation, phone) => onOurInvite(scenario, cell, invitation, phone, habit)
  cell.call = caller.call(extensionOf(cell.index, 1))
  if (chance(25))
    later(when + 400, () => {
      cell.cancelled = true
      cell.call?.outgoing?.cancel()
    })
  for (const phone of cell.pickers) {
    const times = chance(85) ? (chance(20) ? 2 : 1) : 0
    for (let time = 0; time < times; time++)
      clock.setTimeout(() => pickUp(scenario, cell, phone), 300 + random.integer(when))
  }
}

/** An INVITE with Replaces, or one that was asked for by API. */
function onOurInvite(scenario: Scenario, cell: Cell, invitation: Invitation, phone: Phone, habit: number): void {
  const replaces = invitation.request.header('replaces')
  const after = cell.random.integer(100)
  const answer = (): void => {
    if (invitation.completed) return
    phone.answer(invitation)
    const replaced = cell.asked.find(({ placed }) =>
      placed?.progress.some(({ callId }) => replaces?.startsWith(callId)),
    )
    replaced?.placed?.outgoing?.cancel()
  }
  if (habit === 0) invitation.reject(replaces === undefined ? 486 : 481)
  else if (habit === 1) invitation.progress(180)
  else if (habit === 2) scenario.clock.setTimeout(answer, 1_950 + after)
  else if (habit === 3) answer()
  else scenario.clock.setTimeout(answer, after)
}

function pickUp(scenario: Scenario, cell: Cell, phone: Phone): void {
  const { random, callee } = cell
  const [call] = scenario.house.calls.list().filter(({ callee: { personId } }) => personId === `callee-${cell.index}`)
  const invitation = callee.rung.at(-1)
  const way = random.integer(5)
  const asked: Asked = { how: '', by: phone.name, outcome: '' }
  cell.asked.push(asked)
  const dialled = (how: string, headers: [string, string][] = []): void => {
    const placed = phone.call(how.startsWith('*') ? how : extensionOf(cell.index, 1), { headers })
    Object.assign(asked, { how, placed })
    void placed.result.then((status) => {
      asked.outcome = `${status} ${placed.response?.reason ?? ''}`
    })
    if (random.integer(100) < 20) scenario.clock.setTimeout(() => placed.outgoing?.cancel(), random.integer(3_000))
  }
  if (way === 0 && call) {
    Object.assign(asked, { how: 'API' })
    const person = scenario.directory.personByLogin(phone.name)
    if (!person) throw new Error(`there is no ${phone.name}`)
    new CallActs(scenario.house.calls).pickup(call.id, person).then(
      () => Object.assign(asked, { outcome: 'joined' }),
      (error: unknown) => Object.assign(asked, { outcome: error instanceof CallError ? error.code : String(error) }),
    )
  } else if (way === 1 && invitation) {
    const { callId, fromTag } = invitation.request
    const early = random.integer(2) === 0 ? ';early-only' : ''
    dialled('BLF', [['Replaces', `${callId};to-tag=${fromTag};from-tag=${invitation.localTag}${early}`]])
  } else dialled(way === 2 ? `*8${extensionOf(cell.index, 1)}` : '*8')
}

function live(phone: Phone): number {
  return phone.dialogs.filter(({ ended }) => !ended).length
}

function outcomeOf(cell: Cell): string {
  if (live(cell.callee) > 0) return 'callee'
  if (cell.pickers.some((phone) => live(phone) > 0)) return 'picker'
  return cell.cancelled ? 'cancelled' : `nobody: ${cell.call?.response?.status ?? 0}`
}

function* faultsOf(cell: Cell): Iterable<string> {
  const callers = live(cell.caller)
  const winners = live(cell.callee) + cell.pickers.reduce((sum, phone) => sum + live(phone), 0)
  if (callers > 1) yield `the caller has ${callers} dialogs`
  if (winners !== callers) yield `${callers} callers are in a call with ${winners} others`
  if (!cell.call?.done && !cell.call?.crossed) yield 'the caller has no answer'
  for (const { how, by, outcome, placed } of cell.asked) {
    // A 200 that crosses the phone's own CANCEL is an answer, too.
    if (outcome === '' && !placed?.crossed) yield `${by} was not told what became of ${how}`
    if (outcome.startsWith('5')) yield `${by} got ${outcome} for ${how}`
    if (outcome.startsWith('486') && !/Already taken by (callee|anna|otto)-\d/.test(outcome))
      yield `${by} was not told who was faster: ${outcome}`
  }
}

async function leftOver(scenario: Scenario, timers: number): Promise<readonly string[]> {
  const { dialogs, transactions } = scenario.house.ua.sizes
  const { legs } = await scenario.media.counters()
  const contexts = await scenario.storage.calls.contexts()
  const open = await scenario.storage.charges.list({ state: 'open', limit: 1 })
  const { charges: closed } = await scenario.storage.charges.list({ state: 'closed', limit: 1000 })
  const joined = Object.values(scenario.house.pickup.joined).reduce((sum, count) => sum + count, 0)
  const records = await scenario.storage.records.list({ state: 'live', limit: 1 })
  const left: Record<string, number> = {
    calls: scenario.house.calls.list().length,
    dialogs,
    transactions,
    'media legs': legs,
    contexts: contexts.length,
    'open charges': open.charges.length,
    'charges beside the pickups': closed.length - joined,
    'live records': records.records.length,
    timers: scenario.clock.pending - timers,
    errors: scenario.errors.length,
  }
  const found = Object.entries(left).filter(([, count]) => count !== 0)
  return [
    ...found.map(([what, count]) => `${count} ${what} left`),
    ...scenario.errors.map((error) => JSON.stringify(error)),
  ]
}

function forget(cell: Cell): void {
  for (const phone of [cell.caller, cell.callee, ...cell.pickers]) {
    phone.dialogs.length = 0
    phone.rung.length = 0
    phone.cancels.length = 0
    phone.byes.length = 0
  }
  cell.asked.length = 0
  cell.cancelled = false
}
