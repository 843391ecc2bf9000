import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'
import { fakeCharge } from '../../test/support/fake-calls.ts'
import { chargeList } from './contract.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
  const { charges } = api.storage
  await charges.open(fakeCharge({ id: 'p1', account: 'demo-carol', openedAt: 1_000, callerName: '=cmd()' }))
  await charges.close({ id: 'p1', answeredAt: 2_000, endedAt: 65_000, reason: 'answered' })
  await charges.open(fakeCharge({ id: 'p2', account: 'demo-alice', openedAt: 2_000 }))
  await charges.void('p2', 'taken', 2_100)
  await charges.open(fakeCharge({ id: 'p3', account: 'demo-carol', openedAt: 3_000 }))
})
afterEach(() => api.close())

const listed = async (login: string, query = '') => {
  const answer = await api.ask(`GET /api/v1/charges${query}`, { token: await api.logIn(login) })
  return answer.status === 200 ? chargeList.parse(answer.body).charges.map(({ id }) => id) : answer.status
}

describe('charges', () => {
  test('are one’s own; supervisors and administrators see all', async () => {
    expect(await listed('carol')).toEqual(['p3', 'p1'])
    expect(await listed('alice')).toEqual(['p2'])
    expect(await listed('bob')).toEqual([])
    expect(await listed('sue')).toEqual(['p3', 'p2', 'p1'])
    expect(await listed('admin', '?person=demo-alice')).toEqual(['p2'])
    expect(await listed('carol', '?person=demo-carol')).toEqual(['p3', 'p1'])
    expect(await listed('carol', '?person=demo-alice')).toBe(404)
    expect((await api.ask('GET /api/v1/charges')).status).toBe(401)
  })

  test('are narrowed by time and state, and read page by page', async () => {
    expect(await listed('admin', '?from=2000&to=3000')).toEqual(['p2'])
    expect(await listed('admin', '?state=open')).toEqual(['p3'])
    for (const query of ['?from=yesterday', '?to=-1', '?state=lost', '?limit=0', '?cursor=x', '?account=demo-alice'])
      expect(await listed('admin', query)).toBe(400)
    const token = await api.logIn('admin')
    const first = chargeList.parse((await api.ask('GET /api/v1/charges?limit=2', { token })).body)
    expect(first.charges.map(({ id }) => id)).toEqual(['p3', 'p2'])
    expect(await listed('admin', `?limit=2&cursor=${first.next}`)).toEqual(['p1'])
  })

  test('tell who took whose call, and where it rang', async () => {
    const { body } = await api.ask('GET /api/v1/charges?limit=200', { token: await api.logIn('carol') })
    expect(body.charges[1]).toEqual({
      ...{ id: 'p1', callId: 'c1', kind: 'pickup', state: 'closed', reason: 'answered' },
      account: { personId: 'demo-carol', name: 'Carol' },
      caller: { number: '+12025550100', name: '=cmd()', personId: '' },
      called: { number: '102', name: 'Bob', personId: 'demo-bob' },
      pickedUpBy: 'carol/phone',
      rang: [{ station: 'bob/phone', personId: 'demo-bob', ms: 1_500 }],
      ...{ openedAt: 1_000, answeredAt: 2_000, endedAt: 65_000 },
    })
  })

  test('leave as CSV that no spreadsheet runs', async () => {
    const csv = await api.ask('GET /api/v1/charges.csv', { token: await api.logIn('carol') })
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="charges.csv"')
    const lines = (csv.body as string).split('\r\n')
    expect(lines).toHaveLength(4)
    expect(lines[2]).toBe(
      "1970-01-01T00:00:01.000Z,closed,Carol,+12025550100,'=cmd(),102,Bob,carol/phone,bob/phone 1.5 s," +
        '1970-01-01T00:00:02.000Z,1970-01-01T00:01:05.000Z,63,answered,c1,p1',
    )
    const none = await api.ask('GET /api/v1/charges.csv?to=1', { token: await api.logIn('carol') })
    expect((none.body as string).split('\r\n')).toHaveLength(2)
  })
})
