import { NativeSelect, Slider } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { DeviceError, measureLevel, openMicrophone } from '../phone/microphone.ts'
import { changeSound, onSoundChange, type SoundSettings, soundSettings } from '../phone/sound-settings.ts'
import type { DeviceFault } from '../phone/types.ts'

/** Which microphone, speaker and ring device; in a call without the tests. */
export function DevicePickers({ inCall = false }: { readonly inCall?: boolean }) {
  const w = useWords()
  const [sound, setSound] = useState(soundSettings)
  const devices = useMediaDevices()
  useEffect(() => onSoundChange(() => setSound(soundSettings())), [])
  const choices = (kind: MediaDeviceKind) => [
    { value: '', label: w.settings.standard },
    ...devices
      .filter((device) => device.kind === kind && device.deviceId !== '' && device.deviceId !== 'default')
      .map((device) => ({ value: device.deviceId, label: device.label || device.deviceId.slice(0, 8) })),
  ]
  const change = (part: Partial<SoundSettings>) => changeSound(part)
  return (
    <div className="device-pickers">
      <NativeSelect
        label={w.settings.microphone}
        data={choices('audioinput')}
        value={sound.microphone}
        onChange={(event) => change({ microphone: event.currentTarget.value })}
      />
      {!inCall && <MicrophoneTest />}
      <NativeSelect
        label={w.camera.title}
        data={choices('videoinput')}
        value={sound.camera}
        onChange={(event) => change({ camera: event.currentTarget.value })}
      />
      <NativeSelect
        label={w.settings.speaker}
        data={choices('audiooutput')}
        value={sound.speaker}
        onChange={(event) => change({ speaker: event.currentTarget.value })}
      />
      {!inCall && (
        <NativeSelect
          label={w.settings.ringDevice}
          data={choices('audiooutput')}
          value={sound.ringDevice}
          onChange={(event) => change({ ringDevice: event.currentTarget.value })}
        />
      )}
      {!inCall && (
        <div className="volume">
          <p className="mantine-InputWrapper-label" id="ring-volume">
            {w.settings.ringVolume}
          </p>
          <Slider
            min={0}
            max={100}
            step={5}
            value={Math.round(sound.ringVolume * 100)}
            onChange={(value) => change({ ringVolume: value / 100 })}
            thumbProps={{ 'aria-labelledby': 'ring-volume' }}
            label={(value) => `${value} %`}
          />
          <button type="button" className="button" onClick={() => phone.testRing()}>
            {w.settings.test}
          </button>
        </div>
      )}
    </div>
  )
}

/** The browser's devices, kept up to date; their names are known once a microphone was allowed. */
function useMediaDevices(): readonly MediaDeviceInfo[] {
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([])
  useEffect(() => {
    const media = navigator.mediaDevices
    if (!media) return
    const look = () =>
      void media.enumerateDevices().then(
        (list) => setDevices(list),
        () => {},
      )
    look()
    media.addEventListener('devicechange', look)
    return () => media.removeEventListener('devicechange', look)
  }, [])
  return devices
}

function MicrophoneTest() {
  const w = useWords()
  const [level, setLevel] = useState<number>()
  const [fault, setFault] = useState<DeviceFault>()
  const [stream, setStream] = useState<MediaStream>()
  useEffect(() => {
    if (!stream) return
    const stop = measureLevel(stream, setLevel)
    return () => {
      stop()
      for (const track of stream.getTracks()) track.stop()
      setLevel(undefined)
    }
  }, [stream])
  const toggle = async () => {
    if (stream) {
      setStream(undefined)
      return
    }
    try {
      setFault(undefined)
      setStream(await openMicrophone())
    } catch (error) {
      setFault(error instanceof DeviceError ? error.fault : 'busy')
    }
  }
  return (
    <div className="mic-test">
      <button type="button" className="button" onClick={() => void toggle()}>
        {stream ? w.settings.stopMic : w.settings.testMic}
      </button>
      {stream && <meter className="level" aria-label={w.active.level} min={0} max={1} value={level ?? 0} />}
      <p role="alert" className="fault">
        {fault ? w.microphone[fault] : ''}
      </p>
    </div>
  )
}
