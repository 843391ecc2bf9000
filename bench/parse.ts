import { Buffer } from 'node:buffer'
import { parseMessage, type Request, responseHeaders, writeResponse } from '../src/sip/message/index.ts'

/** Messages per CPU second of the parser and the writer: `node bench/parse.ts`. Prints, asserts nothing. */
const sdp = `v=0\r\no=- 3900000000 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 9 101\r\n${'a=rtpmap:101 telephone-event/8000\r\n'.repeat(8)}a=sendrecv\r\n`
const invite = Buffer.from(
  [
    'INVITE sip:102@baton.local;transport=udp SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---0f1e2d3c4b5a6978;rport',
    'Via: SIP/2.0/UDP 10.0.0.7:5062;branch=z9hG4bKa7d3e9f1;received=203.0.113.9;rport=40123',
    'Max-Forwards: 69',
    'Record-Route: <sip:192.0.2.10;lr>',
    'Contact: <sip:101@192.0.2.10:5062;transport=udp>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"',
    'To: <sip:102@baton.local>',
    'From: "Alice Example" <sip:101@baton.local>;tag=9f1d3a5c',
    'Call-ID: 93Nf0a8d-2e11-4b7f-a6c1@192.0.2.10',
    'CSeq: 314159 INVITE',
    'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK',
    'Supported: replaces, timer, 100rel, outbound, path',
    'Session-Expires: 1800;refresher=uac',
    'User-Agent: Bench Phone 1.0',
    'Content-Type: application/sdp',
    `Content-Length: ${Buffer.byteLength(sdp)}`,
    '',
    sdp,
  ].join('\r\n'),
)

let sink = 0

/** Runs `once` for about a second and prints how often it ran per CPU second; the best of five. */
function measure(what: string, once: () => void): void {
  for (let i = 0; i < 30_000; i++) once()
  let best = 0
  for (let round = 0; round < 5; round++) {
    const count = 60_000
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) once()
    const used = process.cpuUsage(before)
    best = Math.max(best, (count / (used.user + used.system)) * 1e6)
  }
  process.stdout.write(`${what.padEnd(42)} ${Math.round(best).toLocaleString('en').padStart(10)} /s\n`)
}

function request(): Request {
  const result = parseMessage(invite)
  if (!result.ok || result.value.kind !== 'request') throw new Error('the bench message does not parse')
  return result.value
}

process.stdout.write(`INVITE of ${invite.length} bytes\n`)
measure('indexed and checked', () => {
  sink += request().bytes.length
})
measure('five headers decoded', () => {
  const message = request()
  sink += message.from.uri.user.length + message.to.uri.host.length + message.via.branch.length
  sink += message.contacts.length + message.cseq.number
})
const received = request()
measure('response written', () => {
  sink += writeResponse({ status: 180, headers: responseHeaders(received, 'tag', { status: 180 }) }).length
})
process.stdout.write(`${sink > 0 ? '' : 'nothing was done\n'}`)
