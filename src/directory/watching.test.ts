import { expect, test } from 'vitest'
import type { Group, Person } from './types.ts'
import { sightOf, watchersOf } from './watching.ts'

const person = (id: string, role: Person['role'] = 'person') => ({ id, role }) as Person
const group = (id: string, members: string[], pickup: Group['pickup']) => ({ id, members, pickup }) as unknown as Group
const groups = [
  group('front', ['alice', 'bob'], { members: true, by: ['carol'] }),
  group('back', ['bob', 'dave'], { members: false, by: [] }),
]

test.each([
  ['alice', 'alice', 'all'],
  ['alice', 'bob', 'all'],
  ['alice', 'front', 'all'],
  ['carol', 'bob', 'all'],
  ['dave', 'bob', 'state'],
  ['dave', 'back', 'state'],
  ['dave', 'alice', 'none'],
  ['dave', 'front', 'none'],
  ['bob', 'carol', 'none'],
] as const)('%s sees of %s: %s', (watcher, watched, sight) => {
  expect(sightOf({ groups: () => groups }, person(watcher), watched)).toBe(sight)
})

test('supervisors and administrators see everybody', () => {
  for (const role of ['supervisor', 'administrator'] as const)
    expect(sightOf({ groups: () => groups }, person('eve', role), 'dave')).toBe('all')
})

test('who sees something of a call is the same, asked for everybody at once', () => {
  const nested = [...groups, group('night', ['erin'], { members: false, by: ['front'] })]
  const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']
  for (const called of [...people, 'front', 'back', 'night']) {
    const watchers = watchersOf({ groups: () => nested }, [called])
    for (const id of people)
      expect([id, called, watchers.get(id) ?? 'none']).toEqual([
        id,
        called,
        sightOf({ groups: () => nested }, person(id), called),
      ])
  }
  expect(watchersOf({ groups: () => nested }, ['alice', 'dave']).get('dave')).toBe('all')
  expect([...watchersOf({ groups: () => nested }, [])]).toEqual([])
})
