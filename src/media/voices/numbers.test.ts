import { expect, it } from 'vitest'
import { sayKeys, sayMinutes, sayNumber } from './numbers.ts'
import { type PromptLanguage, promptTexts } from './texts.ts'

function said(number: number, language: PromptLanguage): string {
  const texts = promptTexts[language] as Readonly<Record<string, string>>
  return sayNumber(number, language)
    .map((part) => texts[part])
    .join(language === 'de' ? '' : ' ')
}

it.each([
  [0, 'zero', 'null'],
  [1, 'one', 'eins'],
  [12, 'twelve', 'zwölf'],
  [20, 'twenty', 'zwanzig'],
  [21, 'twenty one', 'einundzwanzig'],
  [30, 'thirty', 'dreißig'],
  [67, 'sixty seven', 'siebenundsechzig'],
  [100, 'one hundred', 'einhundert'],
  [101, 'one hundred and one', 'einhunderteins'],
  [342, 'three hundred and forty two', 'dreihundertzweiundvierzig'],
  [1000, 'one thousand', 'eintausend'],
  [1100, 'one thousand one hundred', 'eintausendeinhundert'],
  [21_016, 'twenty one thousand and sixteen', 'einundzwanzigtausendsechzehn'],
  [101_000, 'one hundred and one thousand', 'einhunderteintausend'],
  [
    999_999,
    'nine hundred and ninety nine thousand nine hundred and ninety nine',
    'neunhundertneunundneunzigtausendneunhundertneunundneunzig',
  ],
])('%d is said in both languages', (number, english, german) => {
  expect(said(number, 'en')).toBe(english)
  expect(said(number, 'de')).toBe(german)
})

it('says every number with prompts that there are', () => {
  for (let number = 0; number < 3000; number++)
    for (const language of ['en', 'de'] as const) expect(said(number, language)).not.toContain('undefined')
  for (const number of [-1, 1.5, Number.NaN, 1_000_000])
    expect(() => sayNumber(number, 'de')).toThrow(`only whole numbers from 0 to 999999 can be said, not ${number}`)
})

it('says minutes and telephone numbers', () => {
  expect(sayMinutes(1, 'de')).toEqual(['one-minute'])
  expect(sayMinutes(25, 'de')).toEqual(['5-and', '20', 'minutes'])
  expect(sayKeys('+49 (30) 12-*#')).toEqual(['plus', '4', '9', '3', '0', '1', '2', 'star', 'hash'])
})
