import { expect, test } from 'vitest'
import type { CallView } from '#call'
import { createDirectory, seedDemo } from '#directory'
import { seededRandom, silentLog, VirtualClock } from '#lib'
import { openStorage } from '#storage'
import { ringsFor } from './push.ts'

const clock = new VirtualClock()

async function demo() {
  const storage = await openStorage({ folder: ':memory:', thread: false, clock })
  const directory = await createDirectory({ storage, clock, random: seededRandom(1), log: silentLog, demo: true })
  await seedDemo(directory)
  return directory
}

function call(callee: string, branches: readonly [string, string][] = [], state: CallView['state'] = 'ringing') {
  return {
    ...{ id: 'a', state, held: false, direction: 'in', trunk: '', answeredBy: '', startedAt: 0 },
    caller: { number: '+12025550177', name: '', personId: '' },
    callee: { number: '', name: '', personId: callee },
    branches: branches.map(([personId, state]) => ({ personId, state })),
  } as unknown as CallView
}

test('a call without stations rings for whom it calls, and for members of a group without one', async () => {
  const directory = await demo()
  const group = await directory.putGroup({ name: 'Sales', extension: '300', members: ['demo-alice', 'demo-bob'] })
  const told = (view: CallView): string[] => [...ringsFor(view, directory, clock.now())].sort()
  expect(told(call('demo-alice'))).toEqual(['demo-alice'])
  expect(told(call('demo-alice', [], 'answered'))).toEqual([])
  expect(told(call('demo-alice', [['demo-alice', 'declined']]))).toEqual([])
  expect(told(call('demo-alice', [['demo-bob', 'ringing']]))).toEqual(['demo-bob'])
  expect(told(call(group.id))).toEqual(['demo-alice', 'demo-bob'])
  expect(told(call(group.id, [['demo-bob', 'ringing']]))).toEqual(['demo-alice', 'demo-bob'])
  expect(told(call(group.id, [['demo-carol', 'ringing']]))).toEqual(['demo-carol'])
  const alice = directory.personById('demo-alice')
  if (!alice) throw new Error('no alice')
  const { numbers: _numbers, ...rest } = alice
  await directory.putPerson({ ...rest, settings: { ...alice.settings, doNotDisturb: true } })
  expect(told(call(group.id))).toEqual(['demo-bob'])
})
