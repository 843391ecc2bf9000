import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { CipherContext, DtlsClient, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm } from 'werift'
import { VirtualClock } from '#lib'
import { DtlsHandshakes, matches } from './dtls.ts'

let ending = () => {}
afterEach(() => ending())

const makeCertificate = () =>
  CipherContext.createSelfSignedCertificateWithKey(
    { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
    NamedCurveAlgorithm.secp256r1_23,
  )

function raw(certPem: string): Buffer {
  return Buffer.from(certPem.replaceAll(/-----.*?-----|\s/g, ''), 'base64')
}

function fingerprintOf(certPem: string): string {
  const hex = createHash('sha256').update(raw(certPem)).digest('hex').toUpperCase()
  return `sha-256 ${hex.match(/../g)?.join(':')}`
}

/** A handshake between a client with this certificate and key, and our side that expects a fingerprint. */
async function handshake(
  certPem: string,
  keyPem: string,
  expected: string,
  drop: (packet: number) => boolean = () => false,
) {
  const { signatureHash } = await makeCertificate()
  const clock = new VirtualClock()
  const server = await DtlsHandshakes.create(clock)
  let over = false
  ending = () => {
    over = true
    server.close()
  }
  let toClient = (_: Buffer): void => {}
  let sent = 0
  let answers = 0
  let hello = Buffer.alloc(0)
  const client = new DtlsClient({
    transport: {
      type: 'ice',
      closed: false,
      set onData(take: (bytes: Buffer) => void) {
        toClient = take
      },
      send: async (bytes: Buffer) => {
        if (sent === 0) hello = Buffer.from(bytes)
        if (!over && !drop(sent++)) setImmediate(() => server.packet(1, bytes))
      },
      close: async () => {},
    } as never,
    cert: certPem,
    key: keyPem,
    signatureHash,
    srtpProfiles: [1],
    extendedMasterSecret: true,
  })
  const outcome = new Promise<Buffer | string>((resolve) => {
    server.start(1, [expected], {
      send: (bytes) => {
        answers++
        setImmediate(() => toClient(bytes))
      },
      keys: resolve,
      failed: resolve,
    })
  })
  client.onConnect.subscribe(() => {})
  client.connect().catch(() => {})
  return {
    outcome: await outcome,
    client,
    clock,
    /** How many packets answer another ClientHello. */
    helloAgain(): number {
      const before = answers
      server.packet(1, hello)
      return answers - before
    },
  }
}

describe('a DTLS handshake', () => {
  it('gives both sides the same keys', async () => {
    const { certPem, keyPem } = await makeCertificate()
    const { outcome, client } = await handshake(certPem, keyPem, fingerprintOf(certPem))
    expect(outcome).toHaveLength(60)
    expect(outcome).toEqual(client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60))
  })

  it('survives a lost packet', async () => {
    const { certPem, keyPem } = await makeCertificate()
    const { outcome } = await handshake(certPem, keyPem, fingerprintOf(certPem), (packet) => packet === 1)
    expect(outcome).toHaveLength(60)
  })

  it('is forgotten half a minute after its end', async () => {
    const { certPem, keyPem } = await makeCertificate()
    const { clock, helloAgain } = await handshake(certPem, keyPem, fingerprintOf(certPem))
    expect(clock.pending).toBe(1)
    await clock.advance(29_999)
    expect(helloAgain()).toBe(1)
    await clock.advance(1)
    expect(helloAgain()).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('gives no keys to another certificate', async () => {
    const [mine, other] = [await makeCertificate(), await makeCertificate()]
    const { outcome } = await handshake(mine.certPem, mine.keyPem, fingerprintOf(other.certPem))
    expect(outcome).toBe('the certificate is not the one that the description names')
  })

  it('gives no keys to who shows a certificate without having its key', async () => {
    const [stolen, own] = [await makeCertificate(), await makeCertificate()]
    const { outcome } = await handshake(stolen.certPem, own.keyPem, fingerprintOf(stolen.certPem))
    expect(outcome).toBe('the peer has not proven that the certificate is its own')
  })
})

describe('fingerprints', () => {
  it('match in any case and one of several, never by an unknown or broken hash', async () => {
    const { certPem } = await makeCertificate()
    const right = fingerprintOf(certPem)
    expect(matches(raw(certPem), [right])).toBe(true)
    expect(matches(raw(certPem), ['sha-256 00:11', right.toLowerCase()])).toBe(true)
    expect(matches(raw(certPem), [])).toBe(false)
    expect(matches(raw(certPem), [right.replace('sha-256', 'md5'), 'sha-256', ''])).toBe(false)
  })
})
