import type { Migration } from './dialect.ts'

/** Questions about requested calls that nobody has answered are found without reading every request. */
export const unansweredCallbacks: Migration = {
  version: 8,
  name: 'unanswered callbacks',
  main: () => [`CREATE INDEX callbacks_unanswered ON callbacks (changed_at, id) WHERE state = 'asking'`],
  traces: () => [],
}
