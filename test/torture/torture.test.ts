import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePorts } from '../support/ports.ts'
import { allRecords } from '../support/records.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { SipClient } from '../support/sip-client.ts'
import { LiveCall } from './live-call.ts'
import { sendMutations } from './mutations.ts'
import { expectations, type Outcome, Tormentor, type TortureTransport, tortureFiles, verdictOf } from './rfc4475.ts'
import { drained, faultsIn, metricsOf, neverRead, residentMegabytes } from './watch.ts'

/** Every start of the suite gives the same mutations; the long run takes other seeds. */
const seed = 20_260
const mutations = 20_000

let baton: Baton
let live: LiveCall
let tormentor: Tormentor

beforeAll(async () => {
  const ports = await freePorts(1_000)
  baton = await startBaton({ environment: { BATON_RTP_PORTS: `${ports}-${ports + 999}` } })
  live = await LiveCall.start(baton)
  tormentor = await Tormentor.open(baton)
})

afterAll(async () => {
  tormentor?.close()
  live?.close()
  await baton?.stop()
})

describe('while a call goes on', () => {
  const outcomes = new Map<string, Outcome>()

  test.each<TortureTransport>(['udp', 'tcp', 'ws'])('the torture messages of RFC 4475 over %s', async (transport) => {
    // The server answers at most 50 malformed requests a second, whoever sends them: the set begins in a second of its own.
    await pause(1_100)
    const wrong: string[] = []
    for (const name of tortureFiles) {
      const outcome = await tormentor.send(name, transport)
      outcomes.set(`${name} ${transport}`, outcome)
      if (!verdictOf(name, outcome).accepted) wrong.push(`${name}: ${shown(outcome)}, not ${allowed(name)}`)
    }
    expect(wrong).toEqual([])
    await live.check()
    expect(faultsIn(baton.output())).toEqual([])
  })

  test('all of them but one are answered as the set aims at', () => {
    const missed = tortureFiles.filter((name) =>
      (['udp', 'tcp', 'ws'] as const).some(
        (transport) => !verdictOf(name, outcomes.get(`${name} ${transport}`)!).strict,
      ),
    )
    console.log(table(outcomes))
    // It names no Via, so there is nowhere to answer to.
    expect(missed).toEqual(['test.dat'])
  })

  test('two requests in one TCP segment are two, in one datagram one', () => {
    expect(outcomes.get('dblreq.dat udp')?.statuses).toHaveLength(1)
    expect(outcomes.get('dblreq.dat tcp')?.statuses).toHaveLength(2)
  })

  test('bindings keep what is unusual in their URIs (escnull.dat and regescrt.dat with a password)', async () => {
    const dave = await SipClient.open({ server: baton.sip.target, user: 'dave' })
    const register = async (contacts: string[], expires = '60') => {
      const headers = { Contact: contacts, Expires: expires }
      const answer = await dave.askWithPassword({ method: 'REGISTER', headers }, 'dave-demo')
      expect(answer.startLine).toBe('SIP/2.0 200 OK')
      return answer.headers('Contact').map((line) => /<([^>]*)>/.exec(line)?.[1])
    }
    const zeros = ['sip:null-%00-null@127.0.0.9', 'sip:null-%00%00-null@127.0.0.9']
    expect((await register(zeros.map((uri) => `<${uri}>`))).toSorted()).toEqual(zeros.toSorted())
    const routed = 'sip:dave@127.0.0.9?Route=%3Csip:sip.example.com%3E'
    expect(await register([`<${routed}>`])).toContain(routed)
    expect(await register(['*'], '0')).toEqual([])
    dave.close()
  })

  test(`${mutations} mutated messages over three transports (seed ${seed})`, { timeout: 180_000 }, async () => {
    const before = residentMegabytes(baton.pid)
    const counts = await sendMutations({ baton, seed, count: mutations })
    expect(counts.udp + counts.tcp + counts.ws + counts.calls).toBe(mutations)
    expect(counts.answered).toBeGreaterThan(50)
    expect(await neverRead(baton)).toBe(0)
    await live.check()
    expect(faultsIn(baton.output())).toEqual([])
    // Each may be remembered for 32 s (Timer H and J), by a few KB.
    expect(residentMegabytes(baton.pid) - before).toBeLessThan(200)
  })

  test('the call ends as calls do, and nothing is left behind', { timeout: 120_000 }, async () => {
    const heard = await live.hangUp()
    expect(Math.min(heard.alice, heard.bob)).toBeGreaterThan(100)
    await drained(baton)
    const ours = (await allRecords(baton)).filter((record) => record.direction === 'internal')
    expect(ours).toMatchObject([
      {
        state: 'ended',
        caller: { number: '101' },
        callee: { number: '102' },
        answeredBy: { personId: 'demo-bob' },
        cause: 'answered',
        endedBy: 'caller',
        quality: { caller: { lost: 0, packetsReceived: expect.any(Number) }, callee: { lost: 0 } },
      },
    ])
    expect(ours[0]!.quality.caller!.packetsSent).toBeGreaterThanOrEqual(heard.alice)
    expect((await metricsOf(baton)).get('baton_media_ports{state="used"}')).toBe(0)
    expect(faultsIn(baton.output())).toEqual([])
  })
})

function shown({ status, closed }: Outcome): string {
  return status === undefined ? (closed ? 'closed' : 'silence') : String(status)
}

function allowed(name: string): string {
  const { cls, accept, udp_silent_ok } = expectations[name]!
  return cls === 'response' ? 'silence' : `${accept.join(' ')}${udp_silent_ok ? ' or silence' : ''}`
}

/** What was answered over each transport, one line a message. */
function table(outcomes: ReadonlyMap<string, Outcome>): string {
  const rows = tortureFiles.map((name) => {
    const cells = ['udp', 'tcp', 'ws'].map((transport) => {
      const outcome = outcomes.get(`${name} ${transport}`)!
      const { strict, accepted } = verdictOf(name, outcome)
      return `${shown(outcome)}${strict ? '' : accepted ? ' (will do)' : ' (WRONG)'}`.padEnd(20)
    })
    return `${name.padEnd(16)}${cells.join('')}`.trimEnd()
  })
  return [
    `${'message'.padEnd(16)}${['udp', 'tcp', 'ws'].map((name) => name.padEnd(20)).join('')}`.trimEnd(),
    ...rows,
  ].join('\n')
}
