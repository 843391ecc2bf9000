import { createCipheriv, createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SrtcpSession, SrtpSession } from 'werift'
import { rtpPacket } from '../fixtures/memory-sockets.ts'
import { derive, SrtpReceiver, SrtpSender } from './srtp.ts'

const key = Buffer.from('e1f97a0d3e018be0d64fa32c06de4139', 'hex')
const salt = Buffer.from('0ec675ad498afeebb6960b3aabe6', 'hex')

describe('RFC 3711', () => {
  it('B.2: the key stream of AES-CM', () => {
    const session = createSecretKey(Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex'))
    const iv = Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000', 'hex')
    const stream = createCipheriv('aes-128-ctr', session, iv).update(Buffer.alloc(32))
    expect(stream.toString('hex')).toBe('e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab')
  })

  it('B.3: session keys', () => {
    const master = createSecretKey(key)
    expect(derive(master, salt, 0, 16).toString('hex')).toBe('c61e7a93744f39ee10734afe3ff7a087')
    expect(derive(master, salt, 2, 14).toString('hex')).toBe('30cbbc08863d8c85d49db34a9ae1')
    expect(derive(master, salt, 1, 94).toString('hex')).toBe(
      'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef7227098' +
        '6371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
    )
  })
})

const profile = 1
const other = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt }

describe('SRTP', () => {
  it('is understood by another implementation, and understands it, over a rollover', () => {
    const theirs = new SrtpSession({ keys: other, profile })
    const [sender, receiver] = [new SrtpSender(key, salt), new SrtpReceiver(key, salt)]
    for (const sequence of [65_533, 65_534, 65_535, 0, 1, 2]) {
      const packet = rtpPacket({ type: 0, sequence, payload: Uint8Array.of(1, 2, sequence & 0xff) })
      const hidden = sender.rtp(Buffer.from(packet)) as Buffer
      expect(hidden.subarray(12, 15)).not.toEqual(packet.subarray(12))
      expect(theirs.decrypt(Buffer.from(hidden))).toEqual(packet)
      expect(receiver.rtp(hidden)).toEqual(packet)
    }
  })

  it('takes a packet once, in any order within the window, and none from before it', () => {
    const sender = new SrtpSender(key, salt)
    const receiver = new SrtpReceiver(key, salt)
    const hidden = Array.from(
      { length: 200 },
      (_, i) => sender.rtp(rtpPacket({ type: 0, sequence: 100 + i })) as Buffer,
    )
    const takes = (i: number): boolean => receiver.rtp(Buffer.from(hidden[i] as Buffer)) !== undefined
    expect([takes(10), takes(10), takes(5), takes(5), takes(199), takes(198), takes(198)]).toEqual([
      true,
      false,
      true,
      false,
      true,
      true,
      false,
    ])
    expect([takes(72), takes(72), takes(71), takes(0)]).toEqual([true, false, false, false])
  })

  it('drops what was changed anywhere, and goes on', () => {
    const sender = new SrtpSender(key, salt)
    const receiver = new SrtpReceiver(key, salt)
    const packet = rtpPacket({ type: 0, sequence: 7, payload: new Uint8Array(20) })
    const hidden = sender.rtp(Buffer.from(packet)) as Buffer
    for (let i = 0; i < hidden.length; i++) {
      const forged = Buffer.from(hidden)
      forged[i] = (forged[i] as number) ^ 1
      expect(receiver.rtp(forged)).toBeUndefined()
    }
    for (let length = 0; length < hidden.length; length++)
      expect(receiver.rtp(Buffer.from(hidden.subarray(0, length)))).toBeUndefined()
    expect(receiver.rtp(hidden)).toEqual(packet)
  })

  it('never protects two packets with one number', () => {
    const sender = new SrtpSender(key, salt)
    const send = (sequence: number) => sender.rtp(rtpPacket({ type: 0, sequence }))
    expect(send(1000)).toBeInstanceOf(Buffer)
    expect(send(1000)).toBe('seen')
    expect(send(999)).toBeInstanceOf(Buffer)
    expect(send(500)).toBe('old')
  })
})

describe('SRTCP', () => {
  const report = Buffer.from('80c90001000000aa81ca0002000000aa0101610000000000', 'hex')

  it('is understood by another implementation, and understands it', () => {
    const theirs = new SrtcpSession({ keys: other, profile })
    const hidden = new SrtpSender(key, salt).rtcp(report)
    expect(hidden.subarray(8, 24)).not.toEqual(report.subarray(8, 24))
    expect(theirs.decrypt(Buffer.from(hidden))).toEqual(report)
    expect(new SrtpReceiver(key, salt).rtcp(theirs.encrypt(report))).toEqual(report)
  })

  it('is taken once, and never when it was changed', () => {
    const sender = new SrtpSender(key, salt)
    const receiver = new SrtpReceiver(key, salt)
    const hidden = sender.rtcp(report)
    for (let i = 0; i < hidden.length; i++) {
      const forged = Buffer.from(hidden)
      forged[i] = (forged[i] as number) ^ 0x80
      expect(receiver.rtcp(forged)).toBeUndefined()
    }
    expect(receiver.rtcp(Buffer.from(hidden))).toEqual(report)
    expect(receiver.rtcp(Buffer.from(hidden))).toBeUndefined()
    expect(receiver.rtcp(sender.rtcp(report))).toEqual(report)
    expect(receiver.rtcp(Buffer.alloc(10))).toBeUndefined()
  })
})
