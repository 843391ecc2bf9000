import { afterEach, beforeEach, expect, test } from 'vitest'
import { stationOf } from '#call'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await apiFixture()
})
afterEach(() => api.close())

test('stations are named as the call core names them, also where two phones share an account', async () => {
  const person = api.directory.personById('demo-bob')
  const device = api.directory.devicesOf('demo-bob')[0]
  if (!person || !device) throw new Error('no bob')
  const token = await api.logIn('bob')
  const named = async (): Promise<string[]> => {
    const { body } = await api.ask('GET /api/v1/devices', { token })
    return body.devices.flatMap(({ bindings }: { bindings: { station: string }[] }) =>
      bindings.map(({ station }) => station),
    )
  }
  for (const host of ['10.0.0.8', '10.0.0.9']) {
    await api.directory.register({
      ...{ device, aor: 'sip:bob@baton.local', callIdHeader: host, cseq: 1, removeAll: false, path: [] },
      contacts: [{ uri: `sip:bob@${host}`, expires: 60, q: 1000, instance: '', regId: 0, push: '' }],
      flow: { protocol: 'udp', remoteAddress: host, remotePort: 5060, id: `udp ${host}:5060` },
      userAgent: 'test',
    })
    const bindings = api.directory.bindingsOf('demo-bob')
    expect(await named()).toEqual(bindings.map((binding) => stationOf(api.directory, person, binding).name))
  }
  expect(new Set(await named())).toEqual(new Set(['bob/phone at 10.0.0.8:5060', 'bob/phone at 10.0.0.9:5060']))
})
