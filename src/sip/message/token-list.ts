/** Splits a header value at commas outside quotes and angle brackets into `values`; empty elements are left out (RFC 3261 §7.3.1). */
export function splitList(text: string, values: string[]): void {
  if (!text.includes(',')) {
    if (text !== '') values.push(text)
    return
  }
  let start = 0
  let quoted = false
  let bracketed = false
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x2c
    if (i < text.length) {
      if (quoted) {
        if (code === 0x5c) i++
        else if (code === 0x22) quoted = false
        continue
      }
      if (code === 0x22 && !bracketed) quoted = true
      else if (code === 0x3c) bracketed = true
      else if (code === 0x3e) bracketed = false
      if (code !== 0x2c || bracketed) continue
    }
    const value = text.slice(start, i).trim()
    if (value !== '') values.push(value)
    start = i + 1
  }
}

/** The elements of a comma-separated list of tokens in lower case (`Supported`, `Require`, `Allow-Events`); parameters are cut off. */
export function parseTokenList(text: string): readonly string[] {
  const values: string[] = []
  splitList(text, values)
  return values.map((value) => {
    const end = value.indexOf(';')
    return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase()
  })
}
