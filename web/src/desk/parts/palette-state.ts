import { createSpotlight } from '@mantine/spotlight'

/** The palette's own handle: open it from anywhere. */
export const [paletteStore, palette] = createSpotlight()

export function openPalette(): void {
  palette.open()
}
