import {
  type LegOptions,
  type LegStatistics,
  type MediaEngine,
  type MediaHandlers,
  type MediaLeg,
  type MediaResult,
  refusedPlaying,
  refusedRecording,
} from './port.ts'

const nothing: LegStatistics = {
  packetsReceived: 0,
  packetsSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  lost: 0,
  jitterMs: 0,
}

/** A leg whose media never touches the server: it only remembers what its peer said last. */
class DirectLeg implements MediaLeg {
  readonly id: string
  handlers: MediaHandlers = {}
  #remote = ''
  #before = ''

  constructor(id: string) {
    this.id = id
  }

  /** The peer's newest session description. */
  get remote(): string {
    return this.#remote
  }

  get onlyG711(): boolean {
    return false
  }

  get heldByPeer(): boolean {
    return /^a=(sendonly|inactive)\s*$/m.test(this.#remote)
  }

  async remoteOffer(sdp: string): Promise<MediaResult<void>> {
    this.#before = this.#remote
    this.#remote = sdp
    return { ok: true, value: undefined }
  }

  async remoteAnswer(sdp: string): Promise<MediaResult<void>> {
    this.#remote = sdp
    return { ok: true, value: undefined }
  }

  concerns(like: MediaLeg): 'no' | 'must' {
    return like instanceof DirectLeg ? 'must' : 'no'
  }

  dropOffer(): void {
    this.#remote = this.#before
  }

  async answer(like?: MediaLeg): Promise<MediaResult<string>> {
    return this.offer(like)
  }

  async offer(like?: MediaLeg): Promise<MediaResult<string>> {
    if (!(like instanceof DirectLeg) || like.remote === '') return { ok: false, refusal: 'no-common-codec' }
    return { ok: true, value: like.remote }
  }

  async statistics(): Promise<LegStatistics> {
    return nothing
  }

  async close(): Promise<LegStatistics> {
    return nothing
  }
}

/** An engine for direct media: session descriptions pass from leg to leg as they are, so the stations send to each other. */
export function createDirectEngine(): MediaEngine {
  let made = 0
  return {
    async createLeg(_options?: LegOptions) {
      return { ok: true, value: new DirectLeg(`direct-${++made}`) }
    },
    async bridge() {
      return 'bridged'
    },
    async unbridge() {},
    play: () => refusedPlaying('unsupported'),
    hearTones() {},
    record: () => refusedRecording('unsupported'),
    pause: async () => 'gone',
    async counters() {
      return { legs: 0, portsFree: 0, portsUsed: 0, relayed: 0, dropped: 0 }
    },
    async close() {},
  }
}

/** `like` where both legs are of the same engine: the other's codecs mean nothing across engines. */
export function sameEngine(leg: MediaLeg, like: MediaLeg | undefined): MediaLeg | undefined {
  return like && isDirect(leg) === isDirect(like) ? like : undefined
}

/** Whether a leg's media bypasses the server. */
export function isDirect(leg: MediaLeg): boolean {
  return leg instanceof DirectLeg
}

/** What the far end of a direct leg speaks, as its last description says; for a leg of another engine it is not known. */
export function peerKindOf(leg: MediaLeg): 'rtp' | 'webrtc' {
  return leg instanceof DirectLeg && /^m=audio \d+ (?:UDP\/TLS\/)?RTP\/SAVPF?\b/m.test(leg.remote) ? 'webrtc' : 'rtp'
}
