import { describe, expect, it } from 'vitest'
import { demoFixture } from './fixture.ts'
import { mayPickUp, picksUp } from './pickup.ts'

async function organisation() {
  const { directory, restart } = await demoFixture()
  const person = (login: string) => {
    const found = directory.personByLogin(login)
    if (!found) throw new Error(`no ${login}`)
    return found
  }
  const may = (login: string, called: string) => mayPickUp(directory, person(login), called)
  return { directory, restart, person, may }
}

describe('who may pick up', () => {
  it('members of a group take calls of each other and of the group', async () => {
    const { directory, may, person } = await organisation()
    expect([may('carol', 'demo-bob'), may('carol', 'demo-front'), may('carol', 'demo-dave')]).toEqual([
      true,
      true,
      false,
    ])
    expect([may('dave', 'demo-bob'), may('dave', 'demo-front')]).toEqual([false, false])
    expect([picksUp(directory, person('carol')), picksUp(directory, person('dave'))]).toEqual([true, false])
  })

  it('everybody their own, supervisors and administrators any', async () => {
    const { directory, may, person } = await organisation()
    expect([may('dave', 'demo-dave'), may('admin', 'demo-bob')]).toEqual([true, true])
    const { numbers: _numbers, ...dave } = person('dave')
    await directory.putPerson({ ...dave, role: 'supervisor' })
    expect(may('dave', 'demo-bob')).toBe(true)
  })

  it('a group names who else may, and can keep its members from it', async () => {
    const { directory, may, restart } = await organisation()
    const back = await directory.putGroup({ name: 'back', members: ['demo-dave'] })
    const front = directory.groupById('demo-front')
    if (!front) throw new Error('no group')
    await directory.putGroup({ ...front, pickup: { members: false, by: [back.id] } })
    expect([may('carol', 'demo-bob'), may('dave', 'demo-bob'), may('dave', 'demo-front')]).toEqual([false, true, true])
    expect((await restart()).groupById('demo-front')?.pickup).toEqual({ members: false, by: [back.id] })
    await directory.removeGroup(back.id)
    expect(directory.groupById('demo-front')?.pickup.by).toEqual([])
    expect(may('dave', 'demo-bob')).toBe(false)
  })

  it('refuses a name that is none', async () => {
    const { directory } = await organisation()
    await expect(directory.putGroup({ name: 'x', pickup: { by: ['nobody'] } })).rejects.toThrow(
      'there is no person or group "nobody"',
    )
  })
})
