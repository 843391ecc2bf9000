import { createSpotlight } from '@mantine/spotlight'

/** The palette's own handle: open it from anywhere. */
export const [paletteStore, palette] = createSpotlight()

/** What was typed before the palette's field was there: it is typed all the same, and no single key acts. */
let held = { text: '', enter: false }

/** Ctrl-K or Cmd-K opens it, also while its code is still on the way. @returns ends that */
export function listenForPalette(): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    event.preventDefault()
    openPalette()
  }
  const early = (event: KeyboardEvent) => {
    if (waiting && !event.ctrlKey && !event.metaKey && !event.altKey && hold(event.key)) {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
  }
  addEventListener('keydown', pressed)
  addEventListener('keydown', early, true)
  return () => {
    removeEventListener('keydown', pressed)
    removeEventListener('keydown', early, true)
  }
}

let waiting = false

function hold(key: string): boolean {
  if (key === 'Escape') {
    takeHeld()
    palette.close()
  } else if (held.enter) return true
  else if (key === 'Enter') held.enter = true
  else if (key === 'Backspace') held.text = held.text.slice(0, -1)
  else if (key.length === 1) held.text += key
  else return false
  return true
}

export function openPalette(): void {
  if (!paletteStore.getState().opened) {
    held = { text: '', enter: false }
    waiting = true
  }
  palette.open()
}

/** The palette's field is there and takes the keys from now on. @returns what was typed so far, and whether Enter followed */
export function takeHeld(): { readonly text: string; readonly enter: boolean } {
  const taken = held
  held = { text: '', enter: false }
  waiting = false
  return taken
}
