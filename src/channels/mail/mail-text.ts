/** How much of a mail's text is handed on, in bytes of UTF-8. */
export const mostTextBytes = 64 * 1024

const paragraphs = new Set(['p', 'div', 'tr', 'table', 'ul', 'ol', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre', 'hr'])
const breaks = new Set(['br', 'li', 'dd', 'dt'])
/** Elements whose content nobody reads. */
const unread = ['script', 'style', 'head', 'title', 'template', 'svg']
const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  euro: '€',
}

/** HTML as the text a reader would see; quoted parts begin with `> `. Takes time in proportion to its length, whatever it holds. */
export function htmlToText(html: string): string {
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const lines: string[] = ['']
  let quoted = 0
  const newLine = () => {
    if (lines.at(-1)!.trim() !== '') lines.push('')
  }
  const write = (text: string) => {
    const line = lines.at(-1)!
    const start = line === '' && quoted > 0 ? '> ' : line
    lines[lines.length - 1] = start + decodeEntities(text.replace(/\s+/g, ' '))
  }
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at)
    const end = open < 0 ? -1 : html.indexOf('>', open)
    if (end < 0) {
      write(html.slice(at))
      break
    }
    if (open > at) write(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      const close = html.indexOf('-->', open)
      if (close < 0) break
      at = close + 3
      continue
    }
    at = end + 1
    const [, slash, name = ''] = /^<(\/?)([a-z][a-z0-9]{0,20})/.exec(lower.slice(open, open + 24)) ?? []
    if (!slash && unread.includes(name)) {
      const close = lower.indexOf(`</${name}`, at)
      if (close < 0) break
      at = close
    } else if (name === 'blockquote') {
      newLine()
      quoted = Math.max(0, quoted + (slash ? -1 : 1))
    } else if (paragraphs.has(name) || breaks.has(name)) newLine()
  }
  return lines.map((line) => line.trim()).join('\n')
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{1,10}));/g, (whole, decimal, hex, name) => {
    if (name) return entities[name] ?? whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : ''
  })
}

const originalBelow = /^-{3,} ?(original message|ursprüngliche nachricht|weitergeleitete nachricht) ?-{3,}$/i
const attribution = /^(on|am)\s.{4,300}\s(wrote|schrieb(\s.{1,150})?):$/i

/** The new part of an answer: without the lines it quotes and what announces them. Text that is nothing but quotes stays. */
export function withoutQuotes(text: string): string {
  const lines = text.split('\n')
  const kept: string[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim()
    const next = lines[i + 1]?.trim() ?? ''
    if (originalBelow.test(line.slice(0, 100)) || startsOutlookQuote(lines, i)) break
    if (line.startsWith('>') || attribution.test(line.slice(0, 500))) continue
    // Long attributions are broken over two lines.
    if (/^(on|am)\s/i.test(line) && attribution.test(`${line} ${next}`.slice(0, 500))) i++
    else kept.push(lines[i]!)
  }
  const rest = kept.join('\n').trim()
  return rest === '' ? text : rest
}

function startsOutlookQuote(lines: readonly string[], i: number): boolean {
  if (!/^\*?(From|Von):/.test(lines[i]!.trim())) return false
  return lines.slice(i + 1, i + 4).some((line) => /^\*?(Sent|Gesendet|Date|Datum):/.test(line.trim()))
}

/** Text as it is handed on: line feeds only, no control characters, at most {@link mostTextBytes}. */
export function tidyText(text: string): string {
  const lines = text
    .replace(/\r\n?|[\u2028\u2029\v\f]/g, '\n')
    .replace(/[\p{Cc}\u{feff}]/gu, (character) => (character === '\n' || character === '\t' ? character : ''))
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  const bytes = Buffer.from(lines)
  if (bytes.length <= mostTextBytes) return lines
  return bytes
    .subarray(0, mostTextBytes)
    .toString()
    .replace(/\ufffd+$/, '')
}
