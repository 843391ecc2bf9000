import { useRef, useState } from 'react'
import { useWords } from '../context.tsx'
import { soundSettings } from '../phone/sound-settings.ts'
import { Sign } from './sign.tsx'

/** Two notes on the speaker that calls are heard from: Hz, and seconds after the click. */
const notes = [
  [523.25, 0.05],
  [659.25, 0.55],
] as const
const noteSeconds = 0.5

type SinkContext = AudioContext & { setSinkId?: (id: string) => Promise<void> }

/** "Test the speaker": plays a tone where calls are heard, and says what to do when nothing was. */
export function SpeakerTest() {
  const w = useWords()
  const [state, setState] = useState<'idle' | 'playing' | 'played' | 'failed'>('idle')
  const context = useRef<SinkContext>(undefined)
  const play = async () => {
    setState('playing')
    try {
      context.current ??= new AudioContext()
      const audio = context.current
      await audio.setSinkId?.(soundSettings().speaker)
      await audio.resume()
      await playNotes(audio)
      setState('played')
    } catch {
      setState('failed')
    }
  }
  return (
    <div className="sound-test">
      <button type="button" className="button" disabled={state === 'playing'} onClick={() => void play()}>
        <Sign name="speaker" /> {w.settings.testSpeaker}
      </button>
      <p role="status" className="quiet">
        {state === 'played' ? w.settings.speakerPlayed : state === 'failed' ? w.settings.speakerFailed : ''}
      </p>
    </div>
  )
}

/** Resolves when the last note has ended. */
function playNotes(audio: AudioContext): Promise<void> {
  return new Promise((resolve) => {
    for (const [frequency, after] of notes) {
      const tone = audio.createOscillator()
      const shape = audio.createGain()
      const begin = audio.currentTime + after
      tone.frequency.value = frequency
      shape.gain.setValueAtTime(0, begin)
      shape.gain.linearRampToValueAtTime(0.25, begin + 0.03)
      shape.gain.setTargetAtTime(0, begin + noteSeconds - 0.15, 0.04)
      tone.connect(shape).connect(audio.destination)
      if (after === notes.at(-1)?.[1]) tone.onended = () => resolve()
      tone.start(begin)
      tone.stop(begin + noteSeconds)
    }
  })
}
