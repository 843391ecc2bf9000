import { describe, expect, it } from 'vitest'
import { check, password } from '../fixtures/binding-request.ts'
import { rtpPacket } from '../fixtures/memory-sockets.ts'
import type { HandshakeListener } from './handshakes.ts'
import { SecureTransport } from './secure.ts'
import { SrtpReceiver, SrtpSender } from './srtp.ts'

const browser = '198.51.100.1'
const material = Buffer.from(Array.from({ length: 60 }, (_, i) => i))
const clientHello = Buffer.concat([Buffer.from([22, 254, 255]), Buffer.alloc(20)])

function transport() {
  const sent: { bytes: Buffer; local: number; port: number; address: string }[] = []
  const handshakes: string[] = []
  const transport = new SecureTransport({
    id: 1,
    handshakes: {
      fingerprint: Promise.resolve(''),
      start: (_, fingerprints, _listener: HandshakeListener) => void handshakes.push(`start ${fingerprints}`),
      packet: () => void handshakes.push('packet'),
      end: () => void handshakes.push('end'),
      close: async () => {},
    },
    allowed: () => true,
    send: (bytes, local, port, address) => void sent.push({ bytes, local, port, address }),
    failed: (reason) => void handshakes.push(reason),
  })
  transport.ice('ours', password, 'them')
  const theirs = {
    sender: new SrtpSender(material.subarray(0, 16), material.subarray(32, 46)),
    receiver: new SrtpReceiver(material.subarray(16, 32), material.subarray(46, 60)),
  }
  /** The browser's check and handshake, done. */
  const connect = (): void => {
    transport.receive(check({ nominates: true }), browser, 1000, 0)
    transport.peer(['sha-256 AA'])
    transport.keys(material)
    sent.length = 0
  }
  return { transport, sent, handshakes, theirs, connect }
}

describe('a secure transport', () => {
  it('carries sound both ways once ICE and handshake are done, and nothing before', () => {
    const { transport: secure, sent, theirs, connect } = transport()
    const packet = rtpPacket({ type: 0, sequence: 1 })
    const hidden = theirs.sender.rtp(packet) as Buffer
    expect(secure.sendRtp(Buffer.from(packet), false)).toBe('dropped')
    expect(secure.receive(Buffer.from(hidden), browser, 1000, 0)).toBe('dropped')
    connect()
    expect(secure.receive(Buffer.from(hidden), browser, 1000, 0)).toEqual(packet)
    expect(secure.sendRtp(Buffer.from(packet), false)).toBe('sent')
    expect(sent[0]).toMatchObject({ address: browser, port: 1000, local: 0 })
    expect(theirs.receiver.rtp(sent[0]?.bytes as Buffer)).toEqual(packet)
  })

  it('takes nothing from a third address, even what is genuine', () => {
    const { transport: secure, theirs, connect, handshakes } = transport()
    connect()
    const hidden = theirs.sender.rtp(rtpPacket({ type: 0, sequence: 1 })) as Buffer
    for (const [address, port, local] of [
      ['203.0.113.9', 1000, 0],
      [browser, 1001, 0],
      [browser, 1000, 1],
    ] as const) {
      expect(secure.receive(Buffer.from(hidden), address, port, local)).toBe('dropped')
      expect(secure.receive(clientHello, address, port, local)).toBe('dropped')
    }
    expect(handshakes).toEqual(['start sha-256 AA'])
  })

  it('survives packets that are not genuine', () => {
    const { transport: secure, theirs, connect } = transport()
    connect()
    const packet = rtpPacket({ type: 0, sequence: 1 })
    const hidden = theirs.sender.rtp(packet) as Buffer
    for (let first = 0; first < 256; first++) {
      const forged = Buffer.from(hidden)
      forged[0] = first
      forged[20] = 0
      if (first !== hidden[0]) expect(secure.receive(forged, browser, 1000, 0)).toBeTypeOf('string')
      expect(secure.receive(Buffer.from([first]), browser, 1000, 0)).toBe('dropped')
    }
    expect(secure.receive(hidden, browser, 1000, 0)).toEqual(packet)
  })

  it('keeps a handshake that begins before the description is here', () => {
    const { transport: secure, handshakes } = transport()
    secure.receive(check({ nominates: true }), browser, 1000, 0)
    for (let i = 0; i < 10; i++) expect(secure.receive(clientHello, browser, 1000, 0)).toBe('taken')
    secure.peer(['sha-256 AA'])
    expect(handshakes).toEqual(['start sha-256 AA', 'packet', 'packet', 'packet', 'packet'])
    secure.peer(['sha-256 AA'])
    expect(handshakes).toHaveLength(5)
  })

  it('starts anew with another certificate, and sends nothing until that is proven', () => {
    const { transport: secure, handshakes, connect } = transport()
    connect()
    secure.peer(['sha-256 BB'])
    expect(handshakes.at(-1)).toBe('start sha-256 BB')
    expect(secure.sendRtp(rtpPacket({ type: 0, sequence: 1 }), false)).toBe('dropped')
    expect(secure.sendRtcp(Buffer.alloc(8))).toBe(false)
    secure.close()
    expect(handshakes.at(-1)).toBe('end')
  })

  it('sends a kept packet again just as it was', () => {
    const { transport: secure, sent, connect } = transport()
    connect()
    for (let sequence = 1; sequence <= 300; sequence++) secure.sendRtp(rtpPacket({ type: 96, sequence, ssrc: 7 }), true)
    const first = sent.find(({ bytes }) => bytes.readUInt16BE(2) === 290)?.bytes
    expect(secure.again(7, 290)).toBe(true)
    expect(sent.at(-1)?.bytes).toEqual(first)
    expect([secure.again(8, 290), secure.again(7, 10), secure.again(7, 301)]).toEqual([false, false, false])
    expect(sent).toHaveLength(301)
  })

  it('says when numbers jump back', () => {
    const { transport: secure, connect } = transport()
    connect()
    expect(secure.sendRtp(rtpPacket({ type: 0, sequence: 5000 }), false)).toBe('sent')
    expect(secure.sendRtp(rtpPacket({ type: 0, sequence: 5000 }), false)).toBe('dropped')
    expect(secure.sendRtp(rtpPacket({ type: 0, sequence: 10 }), false)).toBe('old')
  })
})
