import { describe, expect, it } from 'vitest'
import { seededRandom } from '#lib'
import { type Frame, parseMessage, StreamFramer } from './index.ts'

const head =
  'OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n'
const message = (body: string, length = `Content-Length: ${body.length}`) => `${head}${length}\r\n\r\n${body}`

/** What the framer yields for these chunks; messages as text. */
function frames(
  chunks: readonly (string | Buffer)[],
  limits?: { maxHeadBytes?: number; maxBytes?: number },
): unknown[] {
  const framer = new StreamFramer(limits)
  const out: unknown[] = []
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk))
    for (let frame: Frame | undefined = framer.next(); frame !== undefined; frame = framer.next()) {
      out.push(Buffer.isBuffer(frame) ? frame.toString() : typeof frame === 'string' ? frame : frame.error)
    }
  }
  return out
}

describe('StreamFramer', () => {
  it('cuts several messages out of one chunk', () => {
    expect(frames([message('one') + message('') + message('three')])).toEqual([
      message('one'),
      message(''),
      message('three'),
    ])
  })

  it('puts messages together from single bytes', () => {
    const text = message('body\r\n\r\n') + message('', 'l : 0')
    expect(frames([...text])).toEqual([message('body\r\n\r\n'), message('', 'l : 0')])
  })

  it('gives the same messages wherever the stream is cut', () => {
    const all = [message('a'), message('b'.repeat(5000)), message(''), message('\r\n\r\nSIP')]
    const stream = Buffer.from(all.join(''))
    const random = seededRandom(18)
    for (let run = 0; run < 200; run++) {
      const chunks: Buffer[] = []
      for (let at = 0; at < stream.length; ) {
        const size = 1 + random.integer(random.integer(2) === 0 ? 8 : 3000)
        chunks.push(stream.subarray(at, at + size))
        at += size
      }
      expect(frames(chunks)).toEqual(all)
    }
  })

  it('keeps nothing alive but the message', () => {
    const framer = new StreamFramer()
    const chunk = Buffer.from(message('one') + message('two'))
    framer.push(chunk)
    const first = framer.next() as Buffer
    chunk.fill(0)
    expect(first.toString()).toBe(message('one'))
  })

  it('tells pings from pongs', () => {
    expect(frames(['\r\n\r\n'])).toEqual(['ping'])
    expect(frames(['\r\n'])).toEqual(['pong'])
    expect(frames(['\r\n\r\n', message('x'), '\r\n\r\n\r\n\r\n'])).toEqual(['ping', message('x'), 'ping', 'ping'])
    expect(frames(['\r\n\r', '\n'])).toEqual(['ping'])
    expect(frames(['\r', '\n\r\n'])).toEqual(['ping'])
    expect(frames(['\r\n', '\r\n'])).toEqual(['pong', 'ping'])
    expect(frames([`\r\n${message('x')}`])).toEqual(['pong', message('x')])
  })

  it('takes a folded Content-Length', () => {
    expect(frames([message('abc', 'Content-Length:\r\n 3')])).toEqual([message('abc', 'Content-Length:\r\n 3')])
  })

  it.each([
    [message('', 'Content-Length: -1'), 'bad-content-length'],
    [message('', 'Content-Length: 1e3'), 'bad-content-length'],
    [message('', 'Content-Length: '), 'bad-content-length'],
    [message('', 'Content-Length: 5\r\nl: 6'), 'duplicate-header'],
    [message('', 'Content-Length: 99999999'), 'message-too-large'],
    ['\n', 'bad-start'],
    ['\rX', 'bad-start'],
  ])('ends the stream for %j', (text, error) => {
    expect(frames([text, message('after')])).toEqual([error])
  })

  it('takes a message without Content-Length for the last one, and not what follows for its body', () => {
    const bare = message('', 'X: y')
    expect(frames([bare])).toEqual([bare, 'content-length-missing'])
    expect(frames([`${bare}v=0\r\n`, message('after')])).toEqual([bare, 'content-length-missing'])
    expect(frames([message('first'), bare + message('after')])).toEqual([
      message('first'),
      bare,
      'content-length-missing',
    ])
  })

  it('hands over the bytes of a fault, so that they can be answered', () => {
    const framer = new StreamFramer()
    framer.push(Buffer.from(message('', 'Content-Length: -1')))
    const frame = framer.next()
    if (frame === undefined || typeof frame === 'string' || Buffer.isBuffer(frame)) throw new Error('no fault')
    const result = parseMessage(frame.bytes)
    expect(result.ok ? undefined : result.answerable?.response?.toString()).toMatch(/^SIP\/2\.0 400 /)
    expect(framer.waiting).toBe(0)
  })

  it('bounds headers that never end', () => {
    const framer = new StreamFramer({ maxHeadBytes: 1000 })
    let faults = 0
    for (let i = 0; i < 100; i++) {
      framer.push(Buffer.from(`X-${i}: ${'y'.repeat(40)}\r\n`))
      const frame = framer.next()
      if (frame !== undefined) {
        expect(frame).toMatchObject({ error: 'headers-too-large' })
        faults++
      }
      expect(framer.waiting).toBeLessThan(1100)
    }
    expect(faults).toBe(1)
  })
})
