import { expect, test } from 'vitest'
import { type DialogEntry, dialogElements, dialogInfo, escapeXml } from './dialog-info-xml.ts'

const entry: DialogEntry = {
  callId: `a&b"<'>@host`,
  localTag: '',
  remoteTag: 'ours',
  direction: 'recipient',
  state: 'trying',
  local: { display: 'Bob', uri: 'sip:102@baton.local' },
  remote: { display: 'Tom & <Jerry>', uri: 'sip:+1555@baton.local' },
  target: 'sip:*8102@baton.local',
}

test.each([
  ['markup and quotes', `<a href="x">&'`, '&lt;a href=&quot;x&quot;&gt;&amp;&apos;'],
  ['what XML cannot hold', 'a\u0000\u0008\u001f\ufffe\uffffb', 'ab'],
  ['half of a pair', 'a\ud800b\udc00c', 'abc'],
  ['line ends', 'a\r\n\tb', 'a   b'],
  ['every other letter', 'Ünal 李 \u{1f600}', 'Ünal 李 \u{1f600}'],
])('%s', (_name, given, written) => {
  expect(escapeXml(given)).toBe(written)
})

test('a dialog is written as RFC 4235 §4.1 has it', () => {
  expect(dialogInfo('sip:"102"@baton.local', 7, dialogElements([entry], [], true))).toBe(
    '<?xml version="1.0"?>\r\n' +
      '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="full" entity="sip:&quot;102&quot;@baton.local">' +
      '<dialog id="a&amp;b&quot;&lt;&apos;&gt;@host" call-id="a&amp;b&quot;&lt;&apos;&gt;@host" remote-tag="ours" direction="recipient">' +
      '<state>trying</state>' +
      '<local><identity display="Bob">sip:102@baton.local</identity><target uri="sip:102@baton.local"/></local>' +
      '<remote><identity display="Tom &amp; &lt;Jerry&gt;">sip:+1555@baton.local</identity><target uri="sip:*8102@baton.local"/></remote>' +
      '</dialog></dialog-info>\r\n',
  )
})

test('who may not know has no remote end, and what is over is terminated', () => {
  const text = dialogElements([], [{ ...entry, localTag: 'theirs', state: 'early' }], false)
  expect(text).toContain('local-tag="theirs" remote-tag="ours" direction="recipient"><state>terminated</state>')
  expect(text).not.toMatch(/<remote>|Tom|1555/)
})
