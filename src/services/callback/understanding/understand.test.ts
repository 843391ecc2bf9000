import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import type { Entry, Party } from './party.ts'
import { answerTo, type Circumstances, understand } from './understand.ts'

const entry = (kind: Entry['kind'], id: string, name: string, more: Partial<Entry> = {}): Entry => ({
  kind,
  id,
  name,
  extension: '',
  login: '',
  email: '',
  within: [],
  numbers: [],
  ...more,
})

const entries: readonly Entry[] = [
  entry('group', 'g1', 'Sales', { extension: '300', within: ['Vertrieb'] }),
  entry('group', 'g2', 'Billing', { extension: '301' }),
  entry('group', 'g3', 'Vertrieb', { extension: '302' }),
  entry('person', 'anna-b', 'Anna Berg', {
    extension: '111',
    login: 'anna',
    email: 'anna@example.org',
    within: ['Billing'],
  }),
  entry('person', 'anna-m', 'Anna Müller', { extension: '112', login: 'amueller', within: ['Sales'] }),
  entry('person', 'bob', 'Bob Stone', { extension: '102', login: 'bob' }),
  entry('contact', 'c1', 'Carla Contact', {
    within: ['Acme'],
    numbers: [
      { number: '+4930999999', label: 'work' },
      { number: '+49170999999', label: 'mobile' },
    ],
  }),
]

/** Friday, 20 November 2026, 13:00 in Berlin. */
const circumstances: Circumstances = {
  now: DateTime.fromISO('2026-11-20T13:00', { zone: 'Europe/Berlin' }).toMillis(),
  timeZone: 'Europe/Berlin',
  language: 'en',
  entries,
  toNumber(text) {
    const digits = text.replace(/[ ()./-]/g, '')
    if (/^\+\d{7,15}$/.test(digits)) return digits
    return /^0\d{6,13}$/.test(digits) ? `+49${digits.slice(1)}` : undefined
  },
}

function show(party: Party | undefined): string {
  if (!party) return '?'
  if (party.kind === 'asker') return party.line === '' ? 'asker' : `asker's ${party.line}`
  if (party.kind === 'number') return party.name === '' ? party.number : `${party.name} ${party.number}`
  if (party.kind === 'address') return party.uri
  return party.kind === 'session' ? `session ${party.id}` : party.id
}

function told(text: string, addressedTo?: Party): string {
  const { called, caller, keys, when, questions } = understand(
    text,
    addressedTo ? { ...circumstances, addressedTo } : circumstances,
  )
  const time = when.kind === 'at' ? DateTime.fromMillis(when.at, { zone: 'Europe/Berlin' }).toFormat(' dd. HH:mm') : ''
  const asked = questions.map(({ about, why, choices }) =>
    ` ${about} ${why} ${choices.map((c) => (typeof c === 'number' ? '@' : c.id)).join()}`.trimEnd(),
  )
  return `${show(called)} then ${show(caller)}${keys ? ` keys ${keys}` : ''}${time}${asked.length > 0 ? ` ?${asked.join(' ?')}` : ''}`
}

describe('English', () => {
  it.each([
    ['Please have sales call me at 3 pm', 'g1 then asker 20. 15:00'],
    ['please have Anna in billing call me on my mobile tomorrow 9:30', "anna-b then asker's mobile 21. 09:30"],
    ['Ask Bob to ring me on 0170 1234567 in 20 minutes.', 'bob then +491701234567 20. 13:20'],
    ['Call bob', 'bob then asker'],
    ['Call +49 30 1234567,,1w2 and then me', '+49301234567 then asker keys ,,1w2'],
    ['Call 030 1234567 and press 1 then 2, my number is 0170 1234567', '+49301234567 then +491701234567 keys 1w2'],
    ['connect me with Bob Stone', 'bob then asker'],
    ['I would like to speak to someone in sales', 'g1 then asker'],
    ['I want to talk to extension 102 tomorrow at 10:00', 'bob then asker 21. 10:00'],
    ['Could Bob please call me back at +49 170 1234567?', 'bob then +491701234567'],
    ['call anna@example.org', 'anna-b then asker'],
    ['call sip:joe@partner.example', 'sip:joe@partner.example then asker'],
    ['Have sales call Carla at Acme', 'g1 then Carla Contact +4930999999'],
    ['Have sales call Carla on her mobile', 'g1 then Carla Contact +49170999999'],
    ['connect session a1b2c3d4e5 with bob', 'bob then session a1b2c3d4e5'],
    ['Called: 102\nCaller: 0170 1234567\nTime: tomorrow 9:30', 'bob then +491701234567 21. 09:30'],
    ['call Anna', '? then asker ? called ambiguous anna-b,anna-m'],
    ['have Zoe call me', '? then asker ? called unknown'],
    ['call Bobb', '? then asker ? called unknown bob'],
    ['call me', '? then asker ? called missing'],
    ['bob', 'bob then asker'],
    ['have sales call me on Monday', 'g1 then asker ? when hour-missing @,@'],
  ])('%s', (text, expected) => {
    expect(told(text)).toBe(expected)
  })

  it('takes whom the address names', () => {
    const sales: Party = { kind: 'group', id: 'g1', name: 'Sales', line: '' }
    expect(told('please call me back', sales)).toBe('g1 then asker')
    expect(told('call me at 0170 1234567 tomorrow 9:30', sales)).toBe('g1 then +491701234567 21. 09:30')
    expect(told('0170 1234567', sales)).toBe('g1 then +491701234567')
  })
})

describe('German', () => {
  it.each([
    ['Bitte Vertrieb um 15 Uhr zurückrufen', 'g3 then asker 20. 15:00'],
    ['Anna Berg soll mich in 20 Minuten anrufen', 'anna-b then asker 20. 13:20'],
    ['Könnte Frau Müller mich bitte unter 0170 1234567 zurückrufen?', 'anna-m then +491701234567'],
    ['Bitte lassen Sie den Vertrieb mich morgen um 9:30 auf dem Handy anrufen', "g3 then asker's mobile 21. 09:30"],
    ['Verbinden Sie mich bitte mit Bob Stone', 'bob then asker'],
    ['Ich möchte mit dem Vertrieb sprechen, Mo 14 Uhr', 'g3 then asker 23. 14:00'],
    ['Rufen Sie Bob an', 'bob then asker'],
    ['Ich bitte um Rückruf von Anna Berg unter 0170 1234567 um halb drei', 'anna-b then +491701234567 20. 14:30'],
    ['Rufen Sie mich morgen um 10 unter 0170 1234567 an', '? then +491701234567 21. 10:00 ? called missing'],
    ['Durchwahl 102 bitte', 'bob then asker'],
  ])('%s', (text, expected) => {
    expect(told(text)).toBe(expected)
  })

  it('answers in the language of the message', () => {
    expect(understand('Bitte um Rückruf', circumstances).language).toBe('de')
    expect(understand('please call back', { ...circumstances, language: 'de' }).language).toBe('en')
    expect(understand('102', { ...circumstances, language: 'de' }).language).toBe('de')
  })
})

describe('what people add', () => {
  it('is not read: quotes and signatures', () => {
    const mail = 'Call bob\n\nOn Mon, 2 Nov 2026 at 10:00 Anna wrote:\n> call sales at 5 pm\n-- \nCarla, +49 30 777777'
    expect(told(mail)).toBe('bob then asker')
    expect(told('call bob\n-- \nCarla +49 30 777777')).toBe('bob then asker')
  })
  it('cannot make it slow', () => {
    for (const evil of [
      'a '.repeat(30_000),
      '+49 '.repeat(15_000),
      'have '.repeat(10_000),
      'call me and '.repeat(6_000),
      ','.repeat(60_000),
    ])
      expect(understand(evil, circumstances).questions.length).toBeGreaterThanOrEqual(0)
  }, 5_000)
})

describe('answers to a question', () => {
  const [question] = understand('call Anna', circumstances).questions

  it.each([
    ['2', 'anna-m'],
    ['the first', 'anna-b'],
    ['Berg', 'anna-b'],
    ['die zweite', 'anna-m'],
    ['Anna in billing please', 'anna-b'],
    ['102', 'bob'],
    ['Anna', 'not understood'],
    ['no idea', 'not understood'],
  ])('%s', (text, expected) => {
    const answer = question ? answerTo(question, text, circumstances) : undefined
    expect(answer?.kind === 'party' ? show(answer.party) : answer?.kind).toBe(expected)
  })

  it('about the time', () => {
    const [asked] = understand('have sales call me on Monday', circumstances).questions
    const answer = asked && answerTo(asked, 'Monday 14:30', circumstances)
    expect(
      answer?.kind === 'when' &&
        answer.when.kind === 'at' &&
        DateTime.fromMillis(answer.when.at, { zone: 'Europe/Berlin' }).toFormat('dd. HH:mm'),
    ).toBe('23. 14:30')
    const chosen = asked && answerTo(asked, '2', circumstances)
    expect(chosen?.kind === 'when' && chosen.when.kind === 'at' && chosen.when.at).toBe(asked?.choices[1])
  })
})
