import { soundSettings } from './sound-settings.ts'
import type { DeviceFault } from './types.ts'

/** The microphone or camera could not be had; the message is for logs, the fault for people. */
export class DeviceError extends Error {
  readonly fault: DeviceFault
  constructor(fault: DeviceFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** Opens the chosen microphone, or any when the chosen one is gone. @throws DeviceError */
export async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DeviceError('insecure', 'the page is not served securely')
  const { microphone } = soundSettings()
  const wishes = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  const one = microphone ? { deviceId: { ideal: microphone } } : {}
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...wishes, ...one } })
  } catch (error) {
    throw new DeviceError(deviceFaultOf(error), String(error))
  }
}

/** What a refusal of getUserMedia means for people. */
export function deviceFaultOf(error: unknown): DeviceFault {
  switch ((error as DOMException).name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing'
    default:
      return 'busy'
  }
}

/** Measures a stream's loudness without changing it. @param told gets 0 to 1, about ten times a second. @returns stops */
export function measureLevel(stream: MediaStream, told: (level: number) => void): () => void {
  // A copy of the tracks: muting the call switches the originals off, and speaking while muted shall show.
  const copy = new MediaStream(stream.getAudioTracks().map((track) => track.clone()))
  for (const track of copy.getTracks()) track.enabled = true
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(copy).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    let sum = 0
    for (const sample of samples) sum += sample * sample
    // −60 dB is silence, −6 dB is loud.
    const decibels = 10 * Math.log10(sum / samples.length + 1e-9)
    told(Math.max(0, Math.min(1, (decibels + 60) / 54)))
  }, 100)
  return () => {
    clearInterval(timer)
    for (const track of copy.getTracks()) track.stop()
    void context.close()
  }
}
