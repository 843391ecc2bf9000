import { createSpotlight } from '@mantine/spotlight'

/** The palette's own handle: open it from anywhere. */
export const [paletteStore, palette] = createSpotlight()

/** Ctrl-K or Cmd-K opens it, also while its code is still on the way. @returns ends that */
export function listenForPalette(): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    event.preventDefault()
    palette.open()
  }
  addEventListener('keydown', pressed)
  return () => removeEventListener('keydown', pressed)
}

export function openPalette(): void {
  palette.open()
}
