import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

const page = join(import.meta.dirname, '../docs/benchmarks.md')
const begin = '<!-- written by npm run bench -- --write -->'
const end = '<!-- end of what is written -->'

/** The rows of the result: Baton, Kamailio, and how many times the one is the other. */
export class Table {
  readonly #rows: string[][] = []

  /** @param theirs left out where the comparison makes no sense */
  add(name: string, ours: number | undefined, theirs: number | undefined, unit: string): void {
    const ratio = ours !== undefined && theirs !== undefined && theirs > 0 ? `${(ours / theirs).toFixed(2)} : 1` : '—'
    this.#rows.push([name, shown(ours, unit), shown(theirs, unit), ratio])
  }

  /** As Markdown, with columns in line. */
  text(): string {
    const lines = [['', 'Baton', 'Kamailio', 'Baton : Kamailio'], ...this.#rows]
    const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
    const written = lines.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`)
    written.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
    return written.join('\n')
  }
}

function shown(value: number | undefined, unit: string): string {
  if (value === undefined) return '—'
  if (Number.isNaN(value)) return 'not clean'
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}

/** The machine in a sentence. @param pinned whether the system under test had a core to itself */
export function describeMachine(pinned: boolean): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() || 'unknown processor'
  const memory = Math.round(totalmem() / 1024 ** 3)
  const receiveBuffer = readFileSync('/proc/sys/net/core/rmem_max', 'utf8').trim()
  const sharing = pinned ? 'one core for the system, the rest for SIPp' : 'system and SIPp on the same cores'
  return (
    `${new Date().toISOString().slice(0, 10)}, ${model}, ${processors.length} cores (${sharing}), ${memory} GB, ` +
    `Node ${process.versions.node}, net.core.rmem_max ${receiveBuffer}, loopback, load average ${loadAverage()}.`
  )
}

function loadAverage(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ')
}

/** Puts the table into docs/benchmarks.md, between its two marks. */
export function writeTable(machine: string, table: string): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : `# Benchmarks\n\n${begin}\n${end}\n`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${page}: the lines "${begin}" and "${end}" are missing`)
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${machine}\n\n${table}\n${text.slice(to)}`)
}
