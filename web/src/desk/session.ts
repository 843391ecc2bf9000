import { useSyncExternalStore } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import type { PersonShape } from '#api/contract.ts'
import { live } from '../api/live.ts'
import { api, whenLoggedOut } from './api.ts'
import { phone } from './phone/hub.ts'

/** Who is logged in here. */
export type Session =
  | { readonly state: 'asking' | 'out' }
  /** `expired`: was logged in until the server said otherwise. */
  | { readonly state: 'expired' }
  | { readonly state: 'in'; readonly person: PersonShape }

let session: Session = { state: 'asking' }
const listeners = new Set<() => void>()
/** Tabs log in and out together. */
const channel = new BroadcastChannel('baton.session')

function set(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function enter(person: PersonShape): void {
  const same = session.state === 'in' && session.person.id === person.id
  set({ state: 'in', person })
  if (same) return
  live.start()
  phone.start(person.id, person.name)
}

function leave(state: 'out' | 'expired'): void {
  live.stop()
  phone.stop()
  set({ state })
}

/** Asks the server who we are, until it answers. */
async function find(): Promise<void> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
    try {
      enter((await api.whoAmI()).person)
      return
    } catch (error) {
      if (error instanceof ApiRefusal && (error.status === 401 || error.status === 403)) {
        leave(session.state === 'in' ? 'expired' : 'out')
        return
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** Begins: called once by the page. */
export function openSession(): void {
  whenLoggedOut(() => {
    if (session.state === 'in') leave('expired')
  })
  live.subscribe(() => {
    if (live.state.loggedOut && session.state === 'in') void find()
  })
  channel.onmessage = () => void find()
  void find()
}

/** @throws ApiRefusal */
export async function logIn(login: string, password: string): Promise<void> {
  const { person } = await api.logIn(login, password)
  enter(person)
  channel.postMessage('changed')
}

export async function logOut(): Promise<void> {
  await api.logOut().catch(() => {})
  leave('out')
  channel.postMessage('changed')
}

/** Reads the person anew after a change of theirs. */
export async function refreshPerson(): Promise<void> {
  if (session.state !== 'in') return
  const { person } = await api.whoAmI()
  set({ state: 'in', person })
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => session,
  )
}
