import { describe, expect, it } from 'vitest'
import { htmlToText, mostTextBytes, tidyText, withoutQuotes } from './mail-text.ts'

describe('HTML as text', () => {
  it.each([
    ['<p>Please call <b>Sales</b><br>at 3&nbsp;pm</p>', 'Please call Sales\nat 3 pm'],
    [
      '<html><head><title>x</title><style>p {}</style></head><body>Gr&uuml;&szlig;e &#8364; &#x41;</body></html>',
      'Grüße € A',
    ],
    ['a<script>if (1 < 2) alert("</p>")</script >b<!-- <p>c -->d', 'abd'],
    ['<script>never closed', ''],
    ['1 < 2', '1 < 2'],
    ['<a href="javascript:x">link</a> &lt;img&gt;', 'link <img>'],
    ['<div>Yes</div><blockquote><div>Call me?</div></blockquote>', 'Yes\n> Call me?'],
    ['&#0;&#xd800;&nothing;', '&nothing;'],
  ])('%s', (html, text) => {
    expect(tidyText(htmlToText(html))).toBe(text)
  })

  it('takes time in proportion to its length', () => {
    for (const part of ['<', '<!--', '<script>', '<p', '&', '<blockquote>', '</'])
      expect(htmlToText(part.repeat(200_000)).length).toBeLessThan(3_000_000)
  })
})

describe('the new part of an answer', () => {
  it.each([
    ['The second\n\nOn Mon, 2 Nov 2026 at 10:00 Baton <b@x.test> wrote:\n> 1. Sales\n> 2. Service', 'The second'],
    ['Zwei\n\nAm Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Baton\n<b@x.test>:\n> 1. Sales', 'Zwei'],
    ['Two\n-----Original Message-----\nFrom: Baton\n1. Sales', 'Two'],
    [
      'Zwei\n________________________________\nVon: Baton\nGesendet: Montag\nAn: Anna\n1. Sales',
      'Zwei\n________________________________',
    ],
    ['From: 3 pm on I am there\nCall me', 'From: 3 pm on I am there\nCall me'],
    ['> only\n> quotes', '> only\n> quotes'],
  ])('%j', (text, rest) => {
    expect(withoutQuotes(text)).toBe(rest)
  })
})

describe('text', () => {
  it('takes time in proportion to its length, whatever it holds', () => {
    const spaces = `${' '.repeat(2_000_000)}x`
    expect(tidyText(spaces)).toBe('x')
    expect(tidyText(`y${spaces}`)).toHaveLength(mostTextBytes)
    for (const part of ['on ', 'On a b\n', '>', 'From:\n', '-', '\n']) withoutQuotes(part.repeat(300_000))
  })

  it('has no control characters and a bounded length', () => {
    expect(tidyText('a\0b\u0007\r\nc\u2028d\x1b[31m \n\n\n\ne')).toBe('ab\nc\nd[31m\n\ne')
    expect(Buffer.byteLength(tidyText('ä'.repeat(100_000)))).toBe(mostTextBytes)
    expect(tidyText(`x${'ä'.repeat(100_000)}`)).not.toContain('\ufffd')
  })
})
