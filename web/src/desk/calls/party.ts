import type { DeskWords } from '../words/en.ts'

interface Party {
  readonly number: string
  readonly name: string
}

/** The number as people read it: `+1 202 555 0147`; extensions stay. */
export function numberText(number: string): string {
  const plain = number.replace(/[\s()-]/g, '')
  if (/^\+1\d{10}$/.test(plain)) return `+1 ${plain.slice(2, 5)} ${plain.slice(5, 8)} ${plain.slice(8)}`
  if (/^\+\d{8,15}$/.test(plain))
    return `${plain.slice(0, 3)} ${(plain.slice(3).match(/.{1,3}(?!.$)|.+/g) ?? []).join(' ')}`
  return number
}

/** Name, else number, else that there is none. */
export function whoCalls({ name, number }: Party, w: DeskWords): string {
  return name || numberText(number) || w.anonymous
}
