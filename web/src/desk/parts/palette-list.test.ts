import { expect, test } from 'vitest'
import { matching } from './palette-list.ts'

const act = (label: string, description?: string) => ({ id: label, label, ...(description ? { description } : {}) })
const groups = [
  { group: 'Act', actions: [act('New call'), act('Available', 'My presence')] },
  { group: 'People', actions: [act('Call Bob', '102'), act('Call Carol', '103 new')] },
]

test('a text finds names before descriptions, in upper and lower case, and nothing finds all', () => {
  const labels = (text: string) =>
    matching(text, groups).map(({ group, actions }) => [group, actions.map((one) => one.label)])
  expect(labels(' NEW ')).toEqual([
    ['Act', ['New call']],
    ['People', ['Call Carol']],
  ])
  expect(labels('102')).toEqual([['People', ['Call Bob']]])
  expect(labels('call')).toEqual([
    ['Act', ['New call']],
    ['People', ['Call Bob', 'Call Carol']],
  ])
  expect(labels('nobody')).toEqual([])
  expect(matching('', groups)).toEqual(groups)
})
