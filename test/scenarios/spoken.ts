import type { Sound } from '#media'

const texts = new WeakMap<object, string>()
/** How long everything is that is said in scenarios, in ms. */
export const spokenMs = 1_000

/** Silence that is known by what it would say. */
export function spoken(text: string): Int16Array {
  const sound = new Int16Array(8 * spokenMs)
  texts.set(sound, text)
  return sound
}

/** What would be heard. */
export function nameOf(sound: Sound): string {
  if (sound instanceof Int16Array) return texts.get(sound) ?? 'samples'
  if (Array.isArray(sound)) return sound.map(nameOf).join(' + ')
  if ('tone' in sound) return sound.tone
  if ('keys' in sound) return `keys ${sound.keys}`
  return 'silence'
}
