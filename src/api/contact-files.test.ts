import { describe, expect, test } from 'vitest'
import { contactsCsv, mostContacts, readContacts } from './contact-files.ts'
import { parseCsv, toCsv } from './csv.ts'

describe('vCard', () => {
  test('versions 2.1, 3.0 and 4.0 as phones write them', () => {
    const { contacts, errors } = readContacts(
      'vcard',
      [
        'BEGIN:VCARD',
        'VERSION:2.1',
        'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;',
        'TEL;CELL;PREF:+49 171 1234567',
        'NOTE;ENCODING=QUOTED-PRINTABLE:a long=',
        ' note',
        'END:VCARD',
        'BEGIN:VCARD',
        'VERSION:3.0',
        'FN:Zoe Z\\, Esq.',
        'ORG:Acme\\; Sons;Sales',
        'item1.TEL;TYPE=WORK,VOICE:+1 202 555 0177',
        'EMAIL;TYPE=INTERNET:zoe@acme.example',
        'NOTE:two\\nlines and a fo',
        ' lded one',
        'END:VCARD',
        'BEGIN:VCARD',
        'VERSION:4.0',
        'FN:Four',
        'TEL;VALUE=uri;TYPE="voice,home":tel:+1-202-555-0178;ext=5',
        'END:VCARD',
      ].join('\r\n'),
    )
    expect(errors).toEqual([])
    expect(contacts).toMatchObject([
      { name: 'Jörg Müller', numbers: [{ number: '+49 171 1234567', label: 'mobile' }], remark: 'a long note' },
      {
        name: 'Zoe Z, Esq.',
        company: 'Acme; Sons',
        email: 'zoe@acme.example',
        remark: 'two\nlines and a folded one',
        numbers: [{ number: '+1 202 555 0177', label: 'work' }],
      },
      { name: 'Four', numbers: [{ number: '+1-202-555-0178', label: 'home' }] },
    ])
  })

  test('what cannot be read is named by its line, and the rest is taken', () => {
    const { contacts, errors } = readContacts(
      'vcard',
      'x\nBEGIN:VCARD\nFN:One\nno colon\nEND:VCARD\nBEGIN:VCARD\nTEL:1\nEND:VCARD\nBEGIN:VCARD\nFN:Two\nEND:VCARD\nBEGIN:VCARD\nFN:Three',
    )
    expect(contacts.map(({ name }) => name)).toEqual(['Two'])
    expect(errors).toEqual([
      { line: 1, message: 'is no line of a vCard: NAME:value is missing' },
      { line: 4, message: 'is no line of a vCard: NAME:value is missing' },
      { line: 6, message: 'has neither a name nor a company' },
      { line: 12, message: 'this card has no END:VCARD' },
    ])
    expect(readContacts('vcard', '\n\n').errors).toEqual([{ line: 1, message: 'there is no BEGIN:VCARD in the file' }])
  })

  test('control characters do not get in', () => {
    const { contacts, errors } = readContacts('vcard', 'BEGIN:VCARD\nFN:a\0b\nEND:VCARD\n')
    expect(contacts).toEqual([])
    expect(errors[0]).toMatchObject({ line: 1, message: expect.stringContaining('name: ') })
  })
})

describe('CSV', () => {
  test('of address books in English and German, with any separator', () => {
    expect(
      readContacts(
        'csv',
        '\ufeffFirst Name,Last Name,Company,E-mail,Mobile Phone,Business Phone\r\nZoe,Zett,"Acme, Inc.",z@x.example,+12025550177,\r\n',
      ).contacts,
    ).toMatchObject([
      {
        name: 'Zoe Zett',
        company: 'Acme, Inc.',
        email: 'z@x.example',
        numbers: [{ number: '+12025550177', label: 'mobile' }],
      },
    ])
    expect(readContacts('csv', 'Vorname;Nachname;Telefon\nJörg;Müller;030 123').contacts).toMatchObject([
      { name: 'Jörg Müller', numbers: [{ number: '030 123' }] },
    ])
  })

  test('what cannot be read is named by its line', () => {
    const { contacts, errors } = readContacts('csv', 'Name,Phone\nOne,1\n,2\n"Two\nlines",3\nThree,4,5\nFour,"6\n')
    expect(contacts.map(({ name }) => name)).toEqual(['One'])
    expect(errors.map(({ line }) => line)).toEqual([3, 4, 6, 7])
    expect(errors[2]?.message).toBe('has 3 cells, but the first line names 2 columns')
    expect(readContacts('csv', 'a,b\n1,2').errors[0]?.message).toContain('name the columns')
  })

  test('too many are refused, not swallowed', () => {
    const { contacts, errors } = readContacts('csv', `Name\n${'x\n'.repeat(mostContacts + 2)}`)
    expect([contacts.length, errors.length]).toEqual([mostContacts, 2])
  })

  test('formulas are shown as text, and our own export is read again', () => {
    const formulas = ['=1+1', '+1+cmd|x', '-2', '@SUM(A1)', '\t=1', '=HYPERLINK("http://evil.example")']
    for (const [cell] of parseCsv(toCsv(formulas.map((value) => [value]))).map(({ cells }) => cells))
      expect(cell).toMatch(/^'/)
    expect(toCsv([['+12025550177', 'a"b', ' c', 'd\ne']])).toBe('+12025550177,"a""b"," c","d\ne"\r\n')
    const contact = {
      name: '=cmd()',
      company: 'Acme, "Inc."',
      email: '',
      remark: 'two\nlines',
      numbers: [
        { number: '+12025550177', label: '' },
        { number: '+12025550178', label: '' },
      ],
    }
    expect(readContacts('csv', contactsCsv([contact, { ...contact, numbers: [] }])).contacts).toEqual([
      { ...contact, shared: false },
      { ...contact, numbers: [], shared: false },
    ])
  })
})
