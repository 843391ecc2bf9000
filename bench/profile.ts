/** What a CPU profile of `npm run bench -- --rows cpu --profile FILE` holds, by room and by function: `node bench/profile.ts FILE [lines]`. */
import { readFileSync } from 'node:fs'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const [file = '', lines = '50'] = process.argv.slice(2)
const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
const own = new Map<number, number>()
let total = 0
profile.samples.forEach((id, i) => {
  const spent = profile.timeDeltas[i] ?? 0
  own.set(id, (own.get(id) ?? 0) + spent)
  total += spent
})
const rooms = new Map<string, number>()
const functions = new Map<string, number>()
const within = new Map<string, number>()
const byId = new Map(profile.nodes.map((node) => [node.id, node]))
const add = (map: Map<string, number>, name: string, spent: number) => map.set(name, (map.get(name) ?? 0) + spent)

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url.replace(/^.*\/(src|node_modules)\//, '').replace(/^.*\/internal\//, 'internal/')
  return `${functionName || '(anonymous)'} ${place}${url === '' ? '' : `:${lineNumber + 1}`}`
}

function roomOf(url: string): string {
  return (
    /\/src\/(\w+(?:\/\w+)?)\//.exec(url)?.[1] ?? (url.startsWith('node:') ? 'node' : url === '' ? 'engine' : 'other')
  )
}

/** @returns time spent in a node and below it */
function walk(id: number, above: ReadonlySet<string>): number {
  const node = byId.get(id)
  if (!node) return 0
  const name = nameOf(node.callFrame)
  const mine = own.get(id) ?? 0
  if (!['(idle)', '(root)', '(program)'].includes(node.callFrame.functionName))
    add(rooms, roomOf(node.callFrame.url), mine)
  add(functions, name, mine)
  let all = mine
  const inside = above.has(name) ? above : new Set([...above, name])
  for (const child of node.children ?? []) all += walk(child, inside)
  // A function that calls itself counts once.
  if (!above.has(name)) add(within, name, all)
  return all
}

function print(title: string, map: Map<string, number>, count: number): void {
  console.log(`\n${title}`)
  for (const [name, spent] of [...map].toSorted((a, b) => b[1] - a[1]).slice(0, count))
    console.log(`${((100 * spent) / total).toFixed(2).padStart(6)} %  ${name}`)
}

walk(profile.nodes[0]?.id ?? 0, new Set())
console.log(`${(total / 1e6).toFixed(1)} s`)
print('own time by room', rooms, 20)
print('own time by function', functions, Number(lines))
print('with what it calls', within, Number(lines))
