import { onSoundChange, soundSettings } from './sound-settings.ts'

/** A soft chime: frequency in Hz, and when it begins, in seconds after the pattern. */
const chime = [
  [659.25, 0],
  [783.99, 0.16],
  [987.77, 0.32],
  [783.99, 0.7],
  [987.77, 0.86],
] as const
const patternMs = 2600

type SinkContext = AudioContext & { setSinkId?: (id: string) => Promise<void> }

/** Rings on its own device at its own volume, and knows whether the browser lets it. */
export class Bell {
  readonly #onBlocked: (blocked: boolean) => void
  #context: SinkContext | undefined
  #gain: GainNode | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #sink = ''

  /** @param onBlocked told when the browser begins or ceases to hold back sound */
  constructor(onBlocked: (blocked: boolean) => void) {
    this.#onBlocked = onBlocked
    onSoundChange(() => this.#adjust())
  }

  /** Finds out whether sound is allowed; called again inside a click or key press it unlocks it. */
  async unlock(): Promise<void> {
    const context = this.#ready()
    if (context.state !== 'running') {
      // A promise that stays open means "blocked"; the state is looked at without waiting for it.
      void context.resume().catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    this.#onBlocked(context.state !== 'running')
  }

  start(): void {
    if (this.#timer) return
    this.#ready()
    void this.unlock()
    this.#strike()
    this.#timer = setInterval(() => this.#strike(), patternMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#gain?.gain.cancelScheduledValues(0)
    if (this.#gain && this.#context) this.#gain.gain.setTargetAtTime(0, this.#context.currentTime, 0.02)
  }

  /** One chime, to hear device and volume. */
  async test(): Promise<void> {
    await this.unlock()
    this.#strike()
  }

  #ready(): SinkContext {
    if (this.#context) return this.#context
    const context: SinkContext = new AudioContext()
    this.#context = context
    this.#gain = context.createGain()
    this.#gain.connect(context.destination)
    context.onstatechange = () => this.#onBlocked(context.state !== 'running')
    this.#adjust()
    return context
  }

  #adjust(): void {
    const { ringDevice } = soundSettings()
    if (!this.#context || this.#sink === ringDevice) return
    this.#sink = ringDevice
    // A device that was unplugged leaves the ring where the browser plays everything.
    void this.#context.setSinkId?.(ringDevice).catch(() => this.#context?.setSinkId?.('').catch(() => {}))
  }

  #strike(): void {
    const context = this.#context
    const gain = this.#gain
    if (!context || !gain || context.state !== 'running') return
    gain.gain.cancelScheduledValues(0)
    gain.gain.setValueAtTime(soundSettings().ringVolume, context.currentTime)
    for (const [frequency, after] of chime) {
      const tone = context.createOscillator()
      const shape = context.createGain()
      const begin = context.currentTime + 0.03 + after
      tone.frequency.value = frequency
      tone.type = 'triangle'
      shape.gain.setValueAtTime(0, begin)
      shape.gain.linearRampToValueAtTime(0.5, begin + 0.015)
      shape.gain.exponentialRampToValueAtTime(0.001, begin + 0.9)
      tone.connect(shape).connect(gain)
      tone.start(begin)
      tone.stop(begin + 1)
    }
  }
}
