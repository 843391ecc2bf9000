import type { RTCSession } from 'jssip/lib/RTCSession'
import { openCamera } from './camera.ts'
import { inTurn } from './in-turn.ts'
import { DeviceError } from './microphone.ts'
import { soundSettings } from './sound-settings.ts'
import type { DeviceFault, VideoState } from './types.ts'

export interface CallVideoListener {
  changed(): void
  /** There is no camera; the call goes on without it. */
  noCamera(fault: DeviceFault): void
  /** Video was added to the call, and the other side takes none. */
  unwanted(): void
}

/** Whether a session description has a live video line. */
export function hasVideo(sdp: string | undefined): boolean {
  return /^m=video (?!0 )/m.test(sdp ?? '')
}

/** The camera, or the reason why there is none. */
export async function cameraOr(noCamera: (fault: DeviceFault) => void): Promise<MediaStreamTrack | undefined> {
  try {
    return await openCamera()
  } catch (error) {
    noCamera(error instanceof DeviceError ? error.fault : 'busy')
    return undefined
  }
}

/** The pictures of one call: our camera's, and the one that comes in. */
export class CallVideo {
  readonly #session: RTCSession
  readonly #listener: CallVideoListener
  #own: MediaStream | undefined
  #theirs: MediaStream | undefined
  #starting = false
  /** An offer with video is on its way in a call that had none. */
  #adding = false
  #over = false

  constructor(session: RTCSession, listener: CallVideoListener) {
    this.#session = session
    this.#listener = listener
  }

  get own(): MediaStream | undefined {
    return this.#own
  }

  get theirs(): MediaStream | undefined {
    return this.#theirs
  }

  /** `offered` is the caller's matter until the call is answered. */
  get state(): VideoState {
    if (!this.#transceiver()) return 'none'
    return this.#own ? 'on' : 'off'
  }

  watch(connection: RTCPeerConnection): void {
    connection.addEventListener('signalingstatechange', () => this.#agreed(connection))
    connection.addEventListener('track', ({ track }) => {
      if (track.kind !== 'video') return
      this.#theirs = new MediaStream([track])
      this.#listener.changed()
    })
  }

  /** A camera that the call begins with. */
  take(camera: MediaStreamTrack): void {
    this.#own = new MediaStream([camera])
    // A camera that is pulled out is over by itself.
    camera.addEventListener('ended', () => {
      if (this.#own?.getTracks().includes(camera)) void this.stop()
    })
  }

  /** The call is agreed on: a camera that nobody wants goes off. */
  settle(): void {
    this.#adding = false
    if (!this.#transceiver()) this.#switchOff()
    this.#listener.changed()
  }

  async start(): Promise<void> {
    if (this.#own || this.#starting || !this.#session.isEstablished()) return
    this.#starting = true
    try {
      const camera = await cameraOr((fault) => this.#listener.noCamera(fault))
      if (!camera) return
      if (this.#over) {
        camera.stop()
        return
      }
      this.take(camera)
      const transceiver = this.#transceiver()
      if (!transceiver) await this.#add(camera)
      else {
        await transceiver.sender.replaceTrack(camera)
        await this.#direct(transceiver, 'sendrecv')
      }
    } finally {
      this.#starting = false
      this.#listener.changed()
    }
  }

  async stop(): Promise<void> {
    const transceiver = this.#transceiver()
    this.#switchOff()
    this.#listener.changed()
    await transceiver?.sender.replaceTrack(null)
    if (transceiver) await this.#direct(transceiver, 'recvonly')
  }

  /** Uses the camera that was chosen meanwhile. */
  async takeChosen(): Promise<void> {
    const { camera: wanted } = soundSettings()
    const before = this.#own?.getVideoTracks()[0]
    if (!before || wanted === '' || before.getSettings().deviceId === wanted) return
    const camera = await cameraOr((fault) => this.#listener.noCamera(fault))
    const transceiver = this.#transceiver()
    if (!camera || this.#over || !transceiver || !this.#own) {
      camera?.stop()
      return
    }
    camera.enabled = before.enabled
    await transceiver.sender.replaceTrack(camera)
    this.#switchOff()
    this.take(camera)
    this.#listener.changed()
  }

  close(): void {
    this.#over = true
    this.#switchOff()
    this.#theirs = undefined
  }

  #transceiver(): RTCRtpTransceiver | undefined {
    const { connection } = this.#session
    if (!connection || !hasVideo(connection.remoteDescription?.sdp)) return undefined
    return connection.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video')
  }

  /** Offers video in a call that has none; the answer says whether the other side takes it. */
  async #add(camera: MediaStreamTrack): Promise<void> {
    this.#adding = true
    // An offer of the other side that comes first finds this one (RFC 9429 §5.10), which it would not with addTransceiver().
    this.#session.connection.addTrack(camera)
    if (!(await inTurn(this.#session, () => this.#session.renegotiate()))) this.settle()
  }

  #agreed(connection: RTCPeerConnection): void {
    if (connection.signalingState !== 'stable') return
    if (this.#adding && (this.#transceiver() || connection.remoteDescription?.type === 'answer')) {
      this.settle()
      if (!this.#own) this.#listener.unwanted()
    } else this.#listener.changed()
  }

  #switchOff(): void {
    for (const track of this.#own?.getTracks() ?? []) track.stop()
    this.#own = undefined
  }

  /** The server hears which way pictures go. */
  async #direct(transceiver: RTCRtpTransceiver, direction: 'sendrecv' | 'recvonly'): Promise<void> {
    if (transceiver.direction === direction) return
    transceiver.direction = direction
    await inTurn(this.#session, () => transceiver.direction !== direction || this.#session.renegotiate())
  }
}
