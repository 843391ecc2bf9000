import { describe, expect, it } from 'vitest'
import type { Watcher } from '../support/watcher.ts'
import { Scenario } from './checked.ts'

const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }
const outside = 'sip:+15551234567@baton.local'

/** One `<dialog>` of a body, as a phone reads it. */
interface Lamp {
  readonly id: string
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  readonly direction: string
  readonly state: string
  readonly local: string
  readonly remote: string
  readonly display: string
  readonly target: string
}

function read(body: string): { version: number; entity: string; lamps: Lamp[] } {
  const attribute = (text: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(text)?.[1] ?? ''
  const within = (text: string, tag: string) => new RegExp(`<${tag}\\b[^>]*>(.*?)</${tag}>`, 's').exec(text)?.[1] ?? ''
  const [, head = '', inside = ''] = /<dialog-info([^>]*)>(.*)<\/dialog-info>/s.exec(body) ?? []
  const lamps = [...inside.matchAll(/<dialog( [^>]*)>(.*?)<\/dialog>/gs)].map(([, start = '', rest = '']) => {
    const [local, remote] = [within(rest, 'local'), within(rest, 'remote')]
    return {
      id: attribute(start, 'id'),
      callId: attribute(start, 'call-id'),
      localTag: attribute(start, 'local-tag'),
      remoteTag: attribute(start, 'remote-tag'),
      direction: attribute(start, 'direction'),
      state: within(rest, 'state'),
      local: within(local, 'identity'),
      remote: within(remote, 'identity'),
      display: attribute(remote, 'display'),
      target: attribute(remote, 'uri'),
    }
  })
  return { version: Number(attribute(head, 'version')), entity: attribute(head, 'entity'), lamps }
}

/** What the newest NOTIFY says. */
function newest(watcher: Watcher, callId?: string): Lamp[] {
  return read(watcher.bodies(callId).at(-1) ?? '').lamps
}

/** States of all dialogs, one list for each NOTIFY. */
function told(watcher: Watcher): string[] {
  return watcher.bodies().map((body) => {
    const { lamps } = read(body)
    return lamps.map(({ state }) => state).join(' ')
  })
}

/** Bob's phone, and carol's, which watches him. */
async function watched(uri = 'sip:102@baton.local') {
  const scenario = await Scenario.start()
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = scenario.watcher('carol', 'carol', '10.0.0.3')
  const caller = scenario.phone('caller', trunk)
  const subscription = carol.subscribe(uri, { headers: [['Accept', 'application/dialog-info+xml']] })
  await scenario.pass(100)
  return { scenario, bob, carol, caller, subscription, from: scenario.mark() }
}

describe('a lamp', () => {
  it('tells of a call that rings and of its end', async () => {
    const { scenario, bob, carol, caller, from } = await watched()
    expect(carol.statuses()).toEqual([401, 200])
    expect(read(carol.bodies()[0] ?? '')).toEqual({ version: 0, entity: 'sip:102@baton.local', lamps: [] })
    const placed = caller.call('+12025550102')
    await scenario.pass(200)
    placed.outgoing?.cancel()
    await scenario.pass(1000)
    expect(scenario.ladder(from).filter((line) => !/100|ACK|487|200 CANCEL/.test(line))).toEqual([
      'caller -> server INVITE',
      'server -> bob INVITE',
      'server -> carol NOTIFY',
      'bob -> server 180 INVITE',
      'carol -> server 200 NOTIFY',
      'server -> caller 180 INVITE',
      'server -> carol NOTIFY',
      'carol -> server 200 NOTIFY',
      'caller -> server CANCEL',
      'server -> bob CANCEL',
      'server -> carol NOTIFY',
      'carol -> server 200 NOTIFY',
    ])
    expect(told(carol)).toEqual(['', 'trying', 'early', 'terminated'])
    expect(carol.bodies().map((body) => read(body).version)).toEqual([0, 1, 2, 3])
    const [invitation] = bob.rung
    expect(newest(carol)).toEqual([
      {
        id: invitation?.request.callId,
        callId: invitation?.request.callId,
        localTag: invitation?.localTag,
        remoteTag: invitation?.request.fromTag,
        direction: 'recipient',
        state: 'terminated',
        local: 'sip:102@baton.local',
        remote: outside,
        display: 'caller',
        target: 'sip:*8102@baton.local',
      },
    ])
    caller.call('+12025550102')
    await scenario.pass(1000)
    expect(told(carol).slice(-1)).toEqual(['early'])
  })

  it('names the dialog so that an INVITE with Replaces finds it and takes the call', async () => {
    const { scenario, bob, carol, caller } = await watched()
    const placed = caller.call('+12025550102')
    await scenario.pass(1000)
    const [{ callId, localTag, remoteTag } = { callId: '', localTag: '', remoteTag: '' }] = newest(carol)
    // RFC 3891 §3: to-tag is the tag of who gets the INVITE, the server.
    expect(scenario.house.ua.dialog(callId, remoteTag, localTag)).toMatchObject({ confirmed: false, ended: false })
    const desk = await scenario.registered('desk', 'carol', '10.0.0.33')
    const taken = desk.call('*8102', {
      headers: [['Replaces', `${callId};to-tag=${remoteTag};from-tag=${localTag};early-only`]],
    })
    expect(await scenario.during(taken.result)).toBe(200)
    expect(await scenario.during(placed.result)).toBe(200)
    await scenario.pass(100)
    expect(bob.cancels).toHaveLength(1)
    expect(newest(carol)).toMatchObject([{ callId, state: 'terminated' }])
  })

  it('burns while a call lasts', async () => {
    const { scenario, bob, carol, caller } = await watched()
    const placed = caller.call('+12025550102')
    await scenario.pass(1000)
    const [early] = newest(carol)
    bob.answer()
    await scenario.during(placed.result)
    await scenario.pass(100)
    expect(newest(carol)).toEqual([{ ...early, state: 'confirmed' }])
    bob.dialog?.bye()
    await scenario.pass(1000)
    expect(newest(carol)).toEqual([{ ...early, state: 'terminated' }])
  })

  it('tells of the calls that somebody places', async () => {
    const { scenario, bob, carol } = await watched()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const placed = bob.call('101')
    await scenario.pass(1000)
    const [early] = newest(carol)
    expect(early).toMatchObject({
      direction: 'initiator',
      state: 'early',
      remote: 'sip:101@baton.local',
      display: 'Alice',
    })
    alice.answer()
    await scenario.during(placed.result)
    await scenario.pass(100)
    expect(newest(carol)).toEqual([{ ...early, state: 'confirmed' }])
    expect(told(carol)).toEqual(['', 'trying', 'early', 'confirmed'])
    expect([early?.callId, early?.localTag]).toEqual([bob.dialog?.callId, bob.dialog?.localTag])
  })

  it('has a dialog for every phone that rings', async () => {
    const { scenario, bob, carol, caller } = await watched()
    const second = await scenario.registered('second', 'bob', '10.0.0.22')
    const placed = caller.call('+12025550102')
    await scenario.pass(1000)
    const ringing = newest(carol)
    expect(ringing.map(({ state }) => state)).toEqual(['early', 'early'])
    expect(new Set(ringing.map(({ callId }) => callId))).toEqual(
      new Set([bob, second].map((phone) => phone.rung[0]?.request.callId)),
    )
    second.answer()
    await scenario.during(placed.result)
    await scenario.pass(100)
    const mine = second.rung[0]?.request.callId
    expect(newest(carol).map(({ callId, state }) => [callId === mine, state])).toEqual([
      [true, 'confirmed'],
      [false, 'terminated'],
    ])
    second.dialog?.bye()
    await scenario.pass(1000)
    expect(newest(carol).map(({ callId, state }) => [callId === mine, state])).toEqual([[true, 'terminated']])
  })

  it('tells of the target of a transfer, and who waits for it', async () => {
    const { scenario, bob, carol, caller } = await watched()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    const placed = caller.call('+12025550101')
    await scenario.pass(200)
    alice.answer()
    await scenario.during(placed.result)
    void alice.dialog?.request('REFER', { headers: [['Refer-To', '<sip:102@baton.local>']] })
    await scenario.clock.until(() => bob.rung.length > 0)
    await scenario.pass(100)
    expect(newest(carol)).toMatchObject([{ state: 'early', direction: 'recipient', remote: outside }])
    bob.answer()
    await scenario.pass(1000)
    expect(newest(carol)).toMatchObject([{ state: 'confirmed', remote: outside, local: 'sip:102@baton.local' }])
  })

  it('keeps a hidden caller hidden', async () => {
    const { scenario, bob, carol, caller } = await watched()
    const placed = caller.call('+12025550102', { headers: [['Privacy', 'id']] })
    await scenario.pass(1000)
    const hidden = { display: 'Anonymous', remote: 'sip:anonymous@anonymous.invalid' }
    expect(newest(carol)).toMatchObject([{ state: 'early', ...hidden }])
    bob.answer()
    await scenario.during(placed.result)
    await scenario.pass(100)
    expect(newest(carol)).toMatchObject([{ state: 'confirmed', ...hidden }])
    expect(carol.bodies().join('')).not.toContain('5551234567')
  })

  it('escapes names', async () => {
    const scenario = await Scenario.start()
    await scenario.registered('bob', 'bob', '10.0.0.2')
    const carol = scenario.watcher('carol', 'carol', '10.0.0.3')
    carol.subscribe('sip:102@baton.local')
    scenario.phone("<b>T & 'C", trunk).call('+12025550102')
    await scenario.pass(1000)
    expect(carol.bodies().at(-1)).toContain('display="&lt;b&gt;')
    expect(newest(carol)[0]?.display).not.toMatch(/[<>']|&(?!lt;|gt;|amp;|quot;|apos;)/)
  })

  it('tells of a call that began before anybody watched, and nothing of one that is over', async () => {
    const scenario = await Scenario.start()
    await scenario.registered('bob', 'bob', '10.0.0.2')
    const placed = scenario.phone('caller', trunk).call('+12025550102')
    await scenario.pass(200)
    const early = scenario.watcher('early', 'alice', '10.0.0.9')
    early.subscribe('sip:bob@baton.local')
    await scenario.pass(100)
    expect(read(early.bodies()[0] ?? '').entity).toBe('sip:bob@baton.local')
    placed.outgoing?.cancel()
    await scenario.pass(500)
    expect(told(early)).toEqual(['early', 'terminated'])
    const late = scenario.watcher('late', 'carol', '10.0.0.10')
    late.subscribe('sip:bob@baton.local')
    await scenario.pass(100)
    expect(told(late)).toEqual([''])
  })

  it('can be fetched once (RFC 5359 §2.16)', async () => {
    const { scenario, caller } = await watched()
    caller.call('+12025550102')
    await scenario.pass(500)
    const picker = scenario.watcher('picker', 'alice', '10.0.0.9')
    picker.subscribe('sip:102@baton.local', { expires: 0 })
    await scenario.pass(100)
    expect(picker.states()).toEqual(['terminated;reason=timeout'])
    expect(newest(picker)).toMatchObject([{ state: 'early' }])
    expect(scenario.house.calls.subscriptions.size).toBe(1)
  })

  it('is right again after packets were lost', async () => {
    const { scenario, bob, carol, caller } = await watched()
    let lost = 0
    scenario.network.rule((packet) =>
      /NOTIFY/.test(packet.label) && packet.count % 2 === 1 && ++lost ? 'drop' : undefined,
    )
    const placed = caller.call('+12025550102')
    await scenario.pass(3000)
    bob.answer()
    await scenario.during(placed.result)
    await scenario.pass(5000)
    expect(lost).toBeGreaterThan(2)
    expect(newest(carol)).toMatchObject([{ state: 'confirmed' }])
    placed.dialog?.bye()
    await scenario.pass(10_000)
    expect(newest(carol)).toMatchObject([{ state: 'terminated' }])
    const versions = carol.bodies().map((body) => read(body).version)
    expect(versions).toEqual(versions.map((_, i) => i))
  })

  it('goes dark with the server, and phones subscribe anew', async () => {
    const { scenario, carol, subscription } = await watched()
    await scenario.during(scenario.house.calls.drain(0))
    await scenario.pass(10)
    expect(carol.states().at(-1)).toBe('terminated;reason=deactivated')
    await scenario.crash()
    await scenario.boot()
    carol.refresh(subscription, 600)
    await scenario.pass(100)
    expect(carol.statuses().at(-1)).toBe(481)
    carol.subscribe('sip:102@baton.local')
    await scenario.pass(100)
    expect(carol.statuses().at(-1)).toBe(200)
  })

  it('costs nothing once nobody watches', async () => {
    const { scenario, bob, carol, caller, subscription } = await watched()
    const placed = caller.call('+12025550102')
    await scenario.pass(500)
    carol.refresh(subscription, 0)
    await scenario.pass(100)
    bob.answer()
    await scenario.during(placed.result)
    bob.dialog?.bye()
    await scenario.pass(100)
    expect(carol.states().at(-1)).toBe('terminated;reason=timeout')
    expect([carol.notifies.length, scenario.house.calls.subscriptions.size]).toEqual([4, 0])
    await scenario.pass(70_000)
    expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  })
})

describe("a group's lamp", () => {
  it('tells what rings at its members, and of the calls that came in for it', async () => {
    const { scenario, bob, carol, caller } = await watched('sip:200@baton.local')
    const direct = caller.call('+12025550102')
    await scenario.pass(500)
    expect(newest(carol)).toMatchObject([
      { state: 'early', local: 'sip:102@baton.local', target: 'sip:*8102@baton.local' },
    ])
    bob.answer()
    await scenario.during(direct.result)
    await scenario.pass(100)
    expect(newest(carol)).toMatchObject([{ state: 'terminated' }])
    bob.dialog?.bye()
    await scenario.pass(500)
    const dave = await scenario.registered('dave', 'dave', '10.0.0.4')
    const group = dave.call('200')
    await scenario.pass(500)
    expect(newest(carol)).toMatchObject([{ state: 'early', remote: 'sip:104@baton.local', display: 'Dave' }])
    bob.answer()
    await scenario.during(group.result)
    await scenario.pass(100)
    expect(newest(carol)).toMatchObject([{ state: 'confirmed' }])
    expect(told(carol)).toEqual(['', 'trying', 'early', 'terminated', 'trying', 'early', 'confirmed'])
    bob.dialog?.bye()
    const alice = await scenario.registered('alice', 'alice', '10.0.0.1')
    alice.call('200')
    await scenario.pass(500)
    expect(newest(carol)).toMatchObject([{ state: 'early', direction: 'recipient', display: 'Alice' }])
  })
})

describe('who may watch', () => {
  async function asked(user: string, uri: string, scenario?: Scenario) {
    const house = scenario ?? (await Scenario.start())
    const watcher = house.watcher(user, user, '10.0.0.7')
    watcher.subscribe(uri)
    await house.pass(100)
    return watcher
  }

  it.each([
    ['carol', 'sip:102@baton.local', [401, 200]],
    ['dave', 'sip:104@baton.local', [401, 200]],
    ['dave', 'sip:102@baton.local', [401, 403]],
    ['dave', 'sip:200@baton.local', [401, 403]],
    ['carol', 'sip:104@baton.local', [401, 403]],
    ['carol', 'sip:199@baton.local', [401, 404]],
    ['carol', 'sip:911@baton.local', [401, 404]],
    ['carol', 'sip:102@elsewhere.example', [401, 404]],
  ])('%s %s', async (user, uri, statuses) => {
    expect((await asked(user, uri)).statuses()).toEqual(statuses)
  })

  it('a supervisor watches everybody', async () => {
    const scenario = await Scenario.start()
    const person = scenario.directory.personByLogin('dave')
    if (!person) throw new Error('no dave')
    const { numbers: _numbers, ...rest } = person
    await scenario.during(scenario.directory.putPerson({ ...rest, role: 'supervisor' }))
    const dave = await asked('dave', 'sip:102@baton.local', scenario)
    expect(dave.statuses()).toEqual([401, 200])
  })

  it('who may not pick up sees that there is a call, not with whom', async () => {
    const scenario = await Scenario.start()
    const group = scenario.directory.groupById('demo-front')
    if (!group) throw new Error('no group')
    await scenario.during(
      scenario.directory.putGroup({ ...group, members: [...group.members], pickup: { members: false } }),
    )
    await scenario.registered('bob', 'bob', '10.0.0.2')
    const carol = await asked('carol', 'sip:102@baton.local', scenario)
    const own = scenario.watcher('own', 'bob', '10.0.0.8')
    own.subscribe('sip:102@baton.local')
    await scenario.pass(100)
    scenario.phone('caller', trunk).call('+12025550102')
    await scenario.pass(500)
    expect(newest(own)).toMatchObject([{ state: 'early', remote: outside, display: 'caller' }])
    expect(newest(carol)).toMatchObject([{ state: 'early', local: 'sip:102@baton.local', remote: '', display: '' }])
    expect(carol.bodies().join('')).not.toContain('5551234567')
  })

  it('who loses the right is told no more', async () => {
    const { scenario, carol, caller } = await watched()
    const group = scenario.directory.groupById('demo-front')
    if (!group) throw new Error('no group')
    const members = group.members.filter((id) => id !== 'demo-carol')
    await scenario.during(scenario.directory.putGroup({ ...group, members }))
    caller.call('+12025550102')
    await scenario.pass(500)
    expect(carol.states()).toEqual(['active;expires=3600', 'terminated;reason=rejected'])
    expect(carol.bodies().at(-1)).toBe('')
    expect(scenario.house.calls.subscriptions.size).toBe(0)
  })

  it('a device that was removed watches no more', async () => {
    const { scenario, carol, caller } = await watched()
    await scenario.during(scenario.directory.removeDevice('demo-carol-phone'))
    caller.call('+12025550102')
    await scenario.pass(500)
    expect(carol.states().at(-1)).toBe('terminated;reason=rejected')
  })

  it('other packages get 489 with those that there are', async () => {
    const scenario = await Scenario.start()
    const carol = scenario.watcher('carol', 'carol', '10.0.0.3')
    carol.subscribe('sip:102@baton.local', { headers: [['Event', 'presence']] })
    await scenario.pass(100)
    expect(carol.statuses()).toEqual([401, 489])
    expect(carol.responses.at(-1)?.header('allow-events')).toContain('dialog')
  })

  it('a package more is one object', async () => {
    const scenario = await Scenario.start()
    const { subscriptions } = scenario.house.calls
    let waiting = 1
    let news = (): void => {}
    subscriptions.add({
      event: 'message-summary',
      contentType: 'application/simple-message-summary',
      expires: { default: 3600, min: 60, max: 7200 },
      watch(watcher, user, changed) {
        if (user !== watcher.login) return 'not-allowed'
        news = changed
        return { state: () => `Messages-Waiting: yes\r\nVoice-Message: ${waiting}/0\r\n`, stop() {} }
      },
    })
    expect(subscriptions.events).toBe('dialog, message-summary')
    const carol = scenario.watcher('carol', 'carol', '10.0.0.3')
    const headers = [['Event', 'message-summary']] as const
    carol.subscribe('sip:bob@baton.local', { headers })
    carol.subscribe('sip:carol@baton.local', { headers })
    await scenario.pass(100)
    expect(carol.statuses().sort()).toEqual([200, 401, 401, 403])
    waiting = 2
    news()
    await scenario.pass(100)
    expect(carol.bodies().map((body) => /\d/.exec(body)?.[0])).toEqual(['1', '2'])
    expect(carol.notifies[0]?.contentType).toBe('application/simple-message-summary')
  })

  it('a device has so many subscriptions and no more', async () => {
    const scenario = await Scenario.start()
    const carol = scenario.watcher('carol', 'carol', '10.0.0.3')
    for (let i = 0; i < 501; i++) {
      carol.subscribe('sip:102@baton.local')
      await scenario.pass(100)
    }
    const statuses = carol.statuses().filter((status) => status !== 401)
    expect([statuses.length, statuses.filter((status) => status === 200).length]).toEqual([501, 500])
    expect(statuses).toContain(403)
    expect(scenario.house.calls.subscriptions.size).toBe(500)
  })
})
