import { DeviceError, deviceFaultOf } from './microphone.ts'
import { soundSettings } from './sound-settings.ts'

/** Opens the chosen camera, or any when the chosen one is gone. @throws DeviceError */
export async function openCamera(): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices) throw new DeviceError('insecure', 'the page is not served securely')
  const { camera } = soundSettings()
  const one = camera ? { deviceId: { ideal: camera } } : {}
  try {
    const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } }
    const stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...one } })
    return stream.getVideoTracks()[0] as MediaStreamTrack
  } catch (error) {
    throw new DeviceError(deviceFaultOf(error), String(error))
  }
}
