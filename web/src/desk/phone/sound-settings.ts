/** Which devices this browser uses; kept per browser, because devices are. */
export interface SoundSettings {
  readonly microphone: string
  readonly camera: string
  readonly speaker: string
  readonly ringDevice: string
  /** 0 to 1. */
  readonly ringVolume: number
}

const key = 'baton.sound'
const initial: SoundSettings = { microphone: '', camera: '', speaker: '', ringDevice: '', ringVolume: 0.7 }

export function soundSettings(): SoundSettings {
  try {
    return { ...initial, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<SoundSettings>) }
  } catch {
    return initial
  }
}

const listeners = new Set<() => void>()

/** Keeps the change and tells every tab. */
export function changeSound(change: Partial<SoundSettings>): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...soundSettings(), ...change }))
  } catch {
    // Without storage the browser's own choice of devices stays.
  }
  for (const listener of listeners) listener()
}

/** Told after each change, also one that another tab made. */
export function onSoundChange(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key === key) listener()
  }
  listeners.add(listener)
  addEventListener('storage', elsewhere)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', elsewhere)
  }
}
