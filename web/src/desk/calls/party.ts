import { numberText } from '../../parts/words.ts'
import type { DeskWords } from '../words/en.ts'

interface Party {
  readonly number: string
  readonly name: string
}

/** Name, else number, else that there is none. */
export function whoCalls({ name, number }: Party, w: DeskWords): string {
  return name || numberText(number) || w.anonymous
}

export { numberText }
