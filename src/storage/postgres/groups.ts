import type { Unit } from '../engine.ts'
import { type Param, type Statement, statements } from '../statements.ts'

/** Rows that one statement writes in one go. */
export interface Group {
  readonly statement: number
  readonly rows: Param[][]
  /** Where a key may come more than once: the rows that are in it. */
  readonly taken: Set<string>
}

/**
 * Groups the steps of many units by statement, so that a batch takes few round trips. Steps with the same key keep their order, and no
 * group writes a key twice; a barrier keeps its place among all.
 */
export function groupSteps(units: readonly Unit[]): Group[] {
  const groups: Group[] = []
  const lastOfKey = new Map<Param, number>()
  let openOf = new Map<number, number>()
  for (const unit of units) {
    for (let at = 0; at < unit.length; ) {
      const number = unit[at] as number
      const { width, key, identity, barrier } = statements[number] as Statement
      const row = unit.slice(at + 1, at + 1 + width)
      at += 1 + width
      const name = row[key] as Param
      const same = identity > 1 ? row.slice(0, identity).join('\0') : ''
      let place = barrier ? undefined : openOf.get(number)
      const last = lastOfKey.get(name) ?? -1
      // The key's last step may be in this very group, if the statement takes both rows.
      if (place === last && (identity === 1 || groups[place]?.taken.has(same))) place = undefined
      if (place === undefined || place < last) {
        place = groups.push({ statement: number, rows: [], taken: new Set() }) - 1
        // What comes after a barrier joins no group from before it.
        if (barrier) openOf = new Map()
        else openOf.set(number, place)
      }
      const group = groups[place] as Group
      group.rows.push(row)
      if (identity > 1) group.taken.add(same)
      lastOfKey.set(name, place)
    }
  }
  return groups
}

/** The rows as JSON that PostgreSQL takes: its text holds neither NUL nor half a surrogate pair, so those become U+FFFD. */
export function rowsAsJson(rows: readonly (readonly Param[])[]): string {
  const json = JSON.stringify(rows)
  if (!json.includes('\\u0000') && !json.includes('\\ud')) return json
  return JSON.stringify(rows, (_, value) =>
    typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value,
  )
}
