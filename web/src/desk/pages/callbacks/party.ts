import type { Callback } from '#api/contract.ts'
import { numberText } from '../../calls/party.ts'
import { useDesk, useWords } from '../../context.tsx'

/** The two sides of a requested call as they are spoken of; "you" for whoever reads it. */
export function useSides(): (callback: Pick<Callback, 'called' | 'caller'>) => { called: string; caller: string } {
  const w = useWords()
  const { me } = useDesk()
  const mine = [me.extension, me.login, ...me.numbers]
  const textOf = ({ dial, name }: Callback['called']) =>
    dial !== '' && mine.includes(dial) ? w.callbacks.you : name || numberText(dial) || w.anonymous
  return ({ called, caller }) => ({ called: textOf(called), caller: textOf(caller) })
}
