import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from 'node:crypto'
import { CipherContext, DtlsServer, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm } from 'werift'
import { type Clock, systemClock, type Timer } from '#lib'
import type { HandshakeListener, Handshakes } from './handshakes.ts'

/** SRTP_AES128_CM_HMAC_SHA1_80 (RFC 5764 §4.1.2). */
const profile = 0x0001
const materialLength = 60
/** How long a finished handshake answers a peer that missed our last message; then its memory is free. */
const lingerMs = 30_000
const message = { certificateVerify: 15, finished: 20 } as const

interface Credentials {
  readonly certPem: string
  readonly keyPem: string
  readonly signatureHash: ConstructorParameters<typeof DtlsServer>[0]['signatureHash']
}

interface Handshake {
  readonly server: DtlsServer
  readonly receive: (bytes: Buffer) => void
  over: boolean
  linger: Timer | undefined
}

/**
 * DTLS-SRTP with werift's DTLS server. werift takes any client certificate and looks at neither the client's signature nor its Finished
 * message; both are checked here, over the handshake as it was, before any key is handed out.
 */
export class DtlsHandshakes implements Handshakes {
  readonly fingerprint: Promise<string>
  readonly #credentials: Credentials
  readonly #clock: Clock
  readonly #handshakes = new Map<number, Handshake>()

  private constructor(credentials: Credentials, clock: Clock) {
    this.#credentials = credentials
    this.#clock = clock
    const { raw } = new X509Certificate(credentials.certPem)
    this.fingerprint = Promise.resolve(`sha-256 ${fingerprintOf(raw, 'sha256')}`)
  }

  /** With a certificate made for this run. */
  static async create(clock: Clock = systemClock): Promise<DtlsHandshakes> {
    const credentials = await CipherContext.createSelfSignedCertificateWithKey(
      { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
      NamedCurveAlgorithm.secp256r1_23,
    )
    return new DtlsHandshakes(credentials, clock)
  }

  start(id: number, fingerprints: readonly string[], listener: HandshakeListener): void {
    this.end(id)
    let receive = (_: Buffer): void => {}
    // A handshake that was given up still repeats its messages for a while.
    const isCurrent = (): boolean => this.#handshakes.get(id) === handshake
    const { certPem, keyPem, signatureHash } = this.#credentials
    const server = new DtlsServer({
      // werift sets `onData` and sends through the rest.
      transport: {
        type: 'ice',
        address: ['', 0],
        closed: false,
        get onData() {
          return receive
        },
        set onData(take: (bytes: Buffer) => void) {
          receive = take
        },
        send: async (bytes: Buffer) => {
          if (isCurrent()) listener.send(bytes)
        },
        close: async () => {},
      } as never,
      cert: certPem,
      key: keyPem,
      signatureHash,
      srtpProfiles: [profile],
      certificateRequest: true,
      extendedMasterSecret: true,
    })
    const handshake: Handshake = { server, receive: (bytes) => receive(bytes), over: false, linger: undefined }
    this.#handshakes.set(id, handshake)
    const settle = (run: () => void): void => {
      if (handshake.over || !isCurrent()) return
      handshake.over = true
      run()
    }
    server.onConnect.subscribe(() =>
      settle(() => {
        handshake.linger = this.#clock.setTimeout(() => this.end(id), lingerMs)
        const wrong = wrongWith(server, fingerprints)
        if (wrong) listener.failed(wrong)
        else listener.keys(server.exportKeyingMaterial('EXTRACTOR-dtls_srtp', materialLength))
      }),
    )
    // Whoever forges a message from the peer's address must not end the handshake; one that never ends is silence to the call.
    server.onError.subscribe(() => {})
  }

  packet(id: number, bytes: Buffer): void {
    this.#handshakes.get(id)?.receive(bytes)
  }

  end(id: number): void {
    const handshake = this.#handshakes.get(id)
    if (!handshake) return
    handshake.over = true
    this.#clock.clearTimeout(handshake.linger)
    this.#handshakes.delete(id)
  }

  async close(): Promise<void> {
    for (const id of [...this.#handshakes.keys()]) this.end(id)
  }
}

/** What is wrong with the peer of a finished handshake; undefined when it is who its description says. */
function wrongWith(server: DtlsServer, fingerprints: readonly string[]): string | undefined {
  const certificate = server.remoteCertificate
  if (!certificate) return 'the peer has shown no certificate'
  if (!matches(certificate, fingerprints)) return 'the certificate is not the one that the description names'
  if (server.srtp.srtpProfile !== profile) return 'the peer has no SRTP profile of ours'
  const messages = server.dtls.sortedHandshakeCache
  const transcript = (type: number): Buffer | undefined => {
    const at = messages.findIndex((one) => one.msg_type === type)
    return at < 0 ? undefined : Buffer.concat(messages.slice(0, at).map((one) => one.serialize()))
  }
  const bodyOf = (type: number): Buffer | undefined => messages.find((one) => one.msg_type === type)?.fragment
  const signedOver = transcript(message.certificateVerify)
  const signed = bodyOf(message.certificateVerify)
  if (!signedOver || !signed || !isSignedBy(certificate, signedOver, signed))
    return 'the peer has not proven that the certificate is its own'
  const finishedOver = transcript(message.finished)
  const finished = bodyOf(message.finished)
  const { masterSecret } = server.cipher
  const right = finishedOver && masterSecret && verifyData(masterSecret, finishedOver)
  if (!finished || !right || finished.length !== right.length || !timingSafeEqual(finished, right))
    return 'the handshake was changed on its way'
  return undefined
}

/** Whether the certificate is one of those that the description names (RFC 8122 §5). */
export function matches(certificate: Buffer, fingerprints: readonly string[]): boolean {
  return fingerprints.some((text) => {
    const [name = '', value = ''] = text.trim().split(/\s+/)
    const hash = { 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' }[name.toLowerCase()]
    return hash !== undefined && fingerprintOf(certificate, hash) === value.toUpperCase()
  })
}

function fingerprintOf(certificate: Buffer, hash: string): string {
  const digest = createHash(hash).update(certificate).digest('hex').toUpperCase()
  return (digest.match(/../g) as string[]).join(':')
}

/** CertificateVerify (RFC 5246 §7.4.8): a signature over all messages before it. */
function isSignedBy(certificate: Buffer, transcript: Buffer, body: Buffer): boolean {
  try {
    const hash = { 4: 'sha256', 5: 'sha384', 6: 'sha512' }[body[0] as number]
    const length = body.readUInt16BE(2)
    if (!hash || body.length !== 4 + length) return false
    return verify(hash, transcript, new X509Certificate(certificate).publicKey, body.subarray(4))
  } catch {
    return false
  }
}

/** What the client's Finished must hold (RFC 5246 §7.4.9). */
function verifyData(masterSecret: Buffer, transcript: Buffer): Buffer {
  const seed = Buffer.concat([Buffer.from('client finished'), createHash('sha256').update(transcript).digest()])
  const hmac = (data: Buffer): Buffer => createHmac('sha256', masterSecret).update(data).digest()
  return hmac(Buffer.concat([hmac(seed), seed])).subarray(0, 12)
}
