import { useEffect } from 'react'
import { phone } from '../phone/hub.ts'

/** The keys of headsets and keyboards mute and hang up where the browser knows them. */
export function useMediaKeys(main: boolean, id: string, muted: boolean): void {
  useEffect(() => {
    if (!main || !('mediaSession' in navigator)) return
    const set = (action: string, handler: (() => void) | null) => {
      try {
        navigator.mediaSession.setActionHandler(action as MediaSessionAction, handler)
      } catch {
        // This browser has no such key.
      }
    }
    set('togglemicrophone', () => phone.send({ do: 'mute', call: id, on: !muted }))
    set('hangup', () => phone.send({ do: 'hangup', call: id }))
    return () => {
      set('togglemicrophone', null)
      set('hangup', null)
    }
  }, [main, id, muted])
}

/** The screen stays on during a call. */
export function useAwake(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !('wakeLock' in navigator)) return
    let lock: WakeLockSentinel | undefined
    let over = false
    navigator.wakeLock.request('screen').then(
      (got) => {
        if (over) void got.release()
        else lock = got
      },
      () => {},
    )
    return () => {
      over = true
      void lock?.release()
    }
  }, [wanted])
}
