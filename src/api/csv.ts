/** A CSV file (RFC 4180) as text; what a spreadsheet would run as a formula is shown as text. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: string): string {
  // A telephone number may begin with plus: nothing else in it can make a formula.
  const risky = /^[\s]*[=+\-@\t\r]/.test(value) && !/^\+\d{1,20}$/.test(value)
  const safe = risky ? `'${value}` : value
  return /[",\r\n;]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One row of a CSV file and the line it begins on, from 1. */
export interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
  /** A quote that is never closed. */
  readonly broken: boolean
}

/** Reads a CSV file whose cells are separated by commas, semicolons or tabs, as its first line shows. */
export function parseCsv(text: string): CsvRow[] {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text
  const separator = separatorOf(source)
  const rows: CsvRow[] = []
  let cells: string[] = []
  let value = ''
  let quoted = false
  let line = 1
  let begun = 1
  let cellBegun = false
  const endCell = () => {
    cells.push(value)
    value = ''
    cellBegun = false
  }
  const endRow = (broken = false) => {
    endCell()
    if (cells.length > 1 || cells[0]?.trim() !== '') rows.push({ line: begun, cells, broken })
    cells = []
  }
  for (let i = 0; i < source.length; i++) {
    const character = source[i] as string
    if (quoted) {
      if (character === '"' && source[i + 1] === '"') {
        value += '"'
        i++
      } else if (character === '"') quoted = false
      else {
        if (character === '\n') line++
        value += character
      }
    } else if (character === '"' && !cellBegun) {
      quoted = true
      cellBegun = true
    } else if (character === separator) endCell()
    else if (character === '\n' || character === '\r') {
      if (character === '\r' && source[i + 1] === '\n') i++
      endRow()
      line++
      begun = line
    } else {
      value += character
      cellBegun = true
    }
  }
  if (value !== '' || cells.length > 0 || quoted) endRow(quoted)
  return rows
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.search(/[\r\n]|$/))
  const count = (separator: string) => first.split(separator).length
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best))
}
