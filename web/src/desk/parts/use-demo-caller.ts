import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import { ask } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { say, sayTrouble } from './say.ts'

const registerMs = 10_000

/** Lets the demo's built-in caller ring me, as soon as this browser can be rung. */
export function useDemoCaller(): readonly [busy: boolean, ring: () => Promise<void>] {
  const w = useWords()
  const { me } = useDesk()
  const [busy, setBusy] = useState(false)
  const ring = useCallback(async () => {
    setBusy(true)
    try {
      await phone.whenRegistered(registerMs)
      await ask('POST /api/v1/demo/caller', { body: { to: me.login } })
      say(w.home.tryDemoSent)
    } catch (error) {
      sayTrouble(error instanceof ApiRefusal ? error.message : w.home.tryDemoFailed)
    }
    setBusy(false)
  }, [me.login, w])
  return [busy, ring]
}

/** The first page leads here with `?ring`: then the caller rings at once. */
export function useAskedDemoCaller(): void {
  const [, ring] = useDemoCaller()
  const asked = useRef(false)
  useEffect(() => {
    if (asked.current || !new URLSearchParams(location.search).has('ring')) return
    asked.current = true
    history.replaceState(null, '', location.pathname + location.hash)
    void ring()
  }, [ring])
}
