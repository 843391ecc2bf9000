import { describe, expect, it } from 'vitest'
import { parseYaml } from '#lib'
import { demoFixture } from './fixture.ts'
import { applyOrganisation } from './organisation.ts'

const file = parseYaml(
  `
people:
  - login: erin
    name: Erin
    extension: 301
    numbers: [+12025550131, "202-555-0132"]
    settings: {international: true}
    devices:
      - {name: desk phone, username: erin-desk, password: "erin's secret"}
      - {name: softphone, password: another secret, settings: {kind: softphone}}
  - {login: frank, name: Frank, extension: 0302, numbers: [2025550133]}
groups:
  - {name: sales, extension: 300, members: [erin, frank, alice], numbers: [+12025550130], ring: {mode: order}}
trunks:
  - name: provider
    settings:
      sources: [192.0.2.0/24]
      gateways: ["sip:gateway.example.com;transport=tcp"]
      registration: {registrar: "sip:registrar.example.com", username: u, password: p}
`,
  'organisation.yaml',
)

describe('organisation file', () => {
  it('gives people passwords for the desk, where there are accounts', async () => {
    const { directory } = await demoFixture()
    const given: [string, string][] = []
    const accounts = {
      setPassword: async (id: string, password: string) => {
        given.push([directory.personById(id)?.login ?? '', password])
      },
    }
    const people = [
      { login: 'gina', name: 'Gina', role: 'administrator', password: 'a long password' },
      { login: 'hans', name: 'Hans' },
    ]
    await applyOrganisation(directory, { people }, accounts)
    expect(given).toEqual([['gina', 'a long password']])
    expect(directory.personByLogin('gina')?.role).toBe('administrator')
    const short = { people: [{ login: 'ines', name: 'Ines', password: 'short' }] }
    await expect(applyOrganisation(directory, short, accounts)).rejects.toThrow(/people\.0\.password: .*not shown/)
  })

  it('brings everything in, and a second run changes nothing', async () => {
    const { directory, storage } = await demoFixture()
    const counts = { people: 2, devices: 2, groups: 1, numbers: 4, trunks: 1 }
    expect(await applyOrganisation(directory, file)).toEqual(counts)
    const erin = directory.personByLogin('erin')
    expect(erin).toMatchObject({ extension: '301', numbers: ['+12025550131', '+12025550132'] })
    expect(directory.personByLogin('frank')).toMatchObject({ extension: '0302', numbers: ['+12025550133'] })
    expect(directory.devicesOf(erin!.id).map((one) => [one.name, one.username, one.settings.kind])).toEqual([
      ['desk phone', 'erin-desk', 'phone'],
      ['softphone', 'erin', 'softphone'],
    ])
    expect(directory.secretsOf('erin')).toBeDefined()
    expect(directory.trunksFor('+13125550123').map((trunk) => trunk.settings.registration?.expires)).toEqual([3_600])
    const before = await storage.directory.load()
    expect(await applyOrganisation(directory, file)).toEqual(counts)
    expect(await storage.directory.load()).toEqual(before)
    expect(directory.groups().map((group) => [group.name, group.members.length])).toEqual([
      ['front', 3],
      ['sales', 3],
    ])
  })

  it('says who may pick up, by log-ins and names of groups, also of later ones; what it does not say stays', async () => {
    const { directory } = await demoFixture()
    const groups = [
      { name: 'sales', pickup: { members: false, by: ['dave', 'help'] } },
      { name: 'help', members: ['bob'] },
    ]
    await applyOrganisation(directory, { groups })
    const sales = () => directory.groups().find(({ name }) => name === 'sales')
    const help = directory.groups().find(({ name }) => name === 'help')
    expect(sales()?.pickup).toEqual({ members: false, by: ['demo-dave', help?.id] })
    await applyOrganisation(directory, { groups: [{ name: 'sales', members: ['alice'] }] })
    expect(sales()).toMatchObject({ members: ['demo-alice'], pickup: { members: false } })
  })

  const erin = { login: 'erin', name: 'Erin' }
  it.each([
    [
      { groups: [{ name: 'g', pickup: { by: ['erin'] } }] },
      'groups.0.pickup.by.0: "erin" is neither a log-in nor the name of a group',
    ],
    [{ poeple: [] }, 'poeple: is not a known key; did you mean "people"? (allowed: people, groups, trunks)'],
    [{ people: 'x' }, 'people: found "x"; allowed: a list'],
    [[], 'found []; allowed: a group of keys'],
    [{ people: [{ ...erin, pasword: 'x' }] }, 'people.0.pasword: is not a known key'],
    [{ people: [erin, erin] }, 'people.1.login: log-in erin is at people.0.login already; allowed: once'],
    [{ people: [{ ...erin, devices: [{}] }] }, 'people.0.devices.0.password: is missing; allowed: 8 to 128 characters'],
    [
      { people: [{ ...erin, devices: [{ password: 'hunter2' }] }] },
      'people.0.devices.0.password: found a value that is not shown; allowed: at least 8 characters',
    ],
    [
      { people: [{ ...erin, devices: [{ username: 'alice', password: 'long enough' }] }] },
      'people.0.devices.0.username: alice is used by a device of alice',
    ],
    [{ groups: [{ name: 'g', members: ['erin'] }] }, 'groups.0.members.0: nobody has the log-in "erin"'],
  ])('is checked before the first write: %j', async (content, sentence) => {
    const { directory, storage } = await demoFixture()
    const writes = storage.writes.length
    await expect(applyOrganisation(directory, content)).rejects.toThrow(sentence)
    expect(storage.writes.length).toBe(writes)
  })

  it.each([
    [{ people: [{ ...erin, extension: 911 }] }, 'people.0.extension: 911 is an emergency number'],
    [{ people: [{ ...erin, numbers: ['12'] }] }, 'people.0.numbers.0.number: found "12"; allowed: a telephone number'],
    [{ people: [{ ...erin, numbers: [12025550101] }] }, 'people.0.numbers.0.number: +12025550101 rings Alice'],
  ])('names the entry that the directory refuses: %j', async (content, sentence) => {
    const { directory } = await demoFixture()
    await expect(applyOrganisation(directory, content)).rejects.toThrow(sentence)
  })
})
