import { type Element, xml } from '@xmpp/client'
import { describe, expect, test } from 'vitest'
import { readStanza } from './read-stanza.ts'

const component = { own: 'calls.example', kind: 'component', freshId: () => 'fresh' } as const
const account = { own: 'baton@people.example', kind: 'account', freshId: () => 'fresh' } as const

function stanza(attrs: Record<string, string | undefined> = {}, ...children: Element[]): Element {
  const given = { from: 'Anna@people.example/phone', to: 'sales@calls.example', id: 'm1', type: 'chat', ...attrs }
  return xml('message', given, ...(children.length > 0 ? children : [body('Call me')]))
}
const body = (text: string, language?: string) => xml('body', { 'xml:lang': language }, text)

describe('a stanza of XMPP', () => {
  test('is a message of the person that the server names', () => {
    expect(readStanza(stanza(), component)).toMatchObject({
      kind: 'message',
      message: {
        ...{ to: 'sales@calls.example', text: 'Call me', threadKey: 'anna@people.example', language: '' },
        from: { address: 'anna@people.example', verified: true },
        thread: { to: 'anna@people.example', from: 'sales@calls.example', type: 'chat' },
      },
    })
  })

  test.each([
    ['an error', stanza({ type: 'error' }), 'type error'],
    ['a room', stanza({ type: 'groupchat' }), 'type groupchat'],
    ['a headline', stanza({ type: 'headline' }), 'type headline'],
    ['a server', stanza({ from: 'people.example' }), 'no person'],
    ['our own domain', stanza({ from: 'other@calls.example/x' }), 'ourselves'],
    ['a foreign address', stanza({ to: 'sales@other.example' }), 'somebody else'],
    ['no text', stanza({}, xml('composing', { xmlns: 'http://jabber.org/protocol/chatstates' })), 'no text'],
    ['a carbon', stanza({}, body('x'), xml('received', { xmlns: 'urn:xmpp:carbons:2' })), 'carbon'],
    ['a room’s nick', stanza({}, body('x'), xml('x', { xmlns: 'http://jabber.org/protocol/muc#user' })), 'room'],
  ])('is ignored from or with %s', (_name, given, why) => {
    expect(readStanza(given, component)).toMatchObject({ kind: 'ignored', why: expect.stringContaining(why) })
  })

  test('is ignored from our own account, taken from its neighbours', () => {
    const to = account.own
    expect(readStanza(stanza({ from: `${to}/desk`, to }), account).kind).toBe('ignored')
    expect(readStanza(stanza({ to }), account).kind).toBe('message')
  })

  test.each([
    ['control characters', stanza({}, body('a\u0007b')), 'control'],
    ['8 KB passed', stanza({}, body('x'.repeat(8193))), 'too-long'],
    ['encryption', stanza({}, body('x'), xml('encryption', { xmlns: 'urn:xmpp:eme:0' })), 'encrypted'],
    ['a line break in the thread', stanza({}, body('x'), xml('thread', {}, 'a\nb')), 'subject'],
  ])('is refused for %s', (_name, given, why) => {
    expect(readStanza(given, component)).toMatchObject({ kind: 'refused', why })
  })

  test('is read in a language that we speak', () => {
    const given = stanza({ 'xml:lang': 'fr' }, body('Appelez', 'fr'), body('Ruf an', 'de-AT'))
    expect(readStanza(given, component)).toMatchObject({ message: { text: 'Ruf an', language: 'de' } })
    expect(readStanza(stanza({ 'xml:lang': 'en-GB' }), component)).toMatchObject({ message: { language: 'en' } })
  })

  test('has the id of its sender’s first try', () => {
    const idOf = (given: Element) => {
      const reading = readStanza(given, component)
      return reading.kind === 'message' ? reading.message.messageId : reading.why
    }
    const origin = () => xml('origin-id', { xmlns: 'urn:xmpp:sid:0', id: 'o1' })
    expect(idOf(stanza({ id: 'a' }, body('x'), origin()))).toBe(idOf(stanza({ id: 'b' }, body('x'), origin())))
    expect(idOf(stanza({ id: 'a' }))).not.toBe(idOf(stanza({ id: 'b' })))
    expect(idOf(stanza({ from: 'bob@people.example/x' }))).not.toBe(idOf(stanza()))
  })
})
