import { useSyncExternalStore } from 'react'
import { live } from '../../api/live.ts'
import { api } from '../api.ts'
import { Bell } from './bell.ts'
import { SipPhone } from './sip-phone.ts'
import { Tabs } from './tabs.ts'
import { type PhoneCommand, type PhoneState, silentPhone } from './types.ts'

type Listener = () => void

/** The phone as pages see it: the same in every tab, whichever of them leads. */
export class PhoneHub {
  readonly #stateListeners = new Set<Listener>()
  readonly #levelListeners = new Set<Listener>()
  readonly #bell = new Bell((blocked) => this.#phone?.setSoundBlocked(blocked))
  readonly #gesture = () => void this.#bell.unlock()
  #tabs: Tabs<PhoneState, PhoneCommand> | undefined
  #phone: SipPhone | undefined
  #state: PhoneState = silentPhone
  #level = 0
  #hushed = new Set<string>()

  get state(): PhoneState {
    return this.#state
  }

  get level(): number {
    return this.#level
  }

  get leads(): boolean {
    return this.#tabs?.leads ?? false
  }

  /** Begins for one person; stop() first for another. @param displayName how calls name this person */
  start(personId: string, displayName: string): void {
    this.stop()
    this.#tabs = new Tabs<PhoneState, PhoneCommand>({
      name: `baton.phone.${personId}`,
      lead: () => this.#lead(displayName),
      heard: (state) => this.#set(state),
      asked: (command) => this.#act(command),
    })
    addEventListener('click', this.#gesture)
    addEventListener('keydown', this.#gesture)
  }

  stop(): void {
    this.#tabs?.close()
    this.#tabs = undefined
    removeEventListener('click', this.#gesture)
    removeEventListener('keydown', this.#gesture)
    this.#set(silentPhone)
  }

  /** The pictures of a call, by its session's id; none in a tab that does not lead. They change with the state. */
  picturesOf(call: string): { readonly own: MediaStream | undefined; readonly theirs: MediaStream | undefined } {
    return this.#phone?.picturesOf(call) ?? { own: undefined, theirs: undefined }
  }

  send = (command: PhoneCommand): void => {
    this.#tabs?.ask(command)
  }

  /** A click that lets this browser ring: unlocks sound, in a tab that leads. */
  goAvailable(): void {
    if (!this.leads && this.#state.soundBlocked && this.#state.calls.length === 0) this.#tabs?.takeOver()
    void this.#bell.unlock()
  }

  testRing(): void {
    void this.#bell.test()
  }

  /** Resolves once this browser can be rung; rejects when that takes too long. */
  whenRegistered(limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#state.connection !== 'registered') return
        stop()
        resolve()
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error('this browser is not registered'))
      }, limitMs)
      const off = this.onState(look)
      const stop = () => {
        clearTimeout(timer)
        off()
      }
      look()
    })
  }

  #act(command: PhoneCommand): void {
    if (command.do === 'hush') {
      for (const call of this.#state.calls) this.#hushed.add(call.id)
      this.#bell.stop()
      return
    }
    void this.#phone?.act(command)
  }

  #lead(displayName: string): () => void {
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/sip`
    const phone = new SipPhone({
      url,
      credential: async () => ({ ...(await api.sipCredential()), displayName }),
      told: (state) => {
        this.#set(state)
        this.#tabs?.tell(state)
        this.#ring(state)
      },
      level: (level) => {
        this.#level = level
        for (const listener of this.#levelListeners) listener()
      },
    })
    this.#phone = phone
    this.#set(phone.state)
    void this.#bell.unlock()
    void phone.start()
    let { run } = live.state
    const unsubscribe = live.subscribe(() => {
      const before = run
      run = live.state.run
      if (before !== '' && run !== '' && run !== before) phone.serverStartedAgain()
    })
    return () => {
      unsubscribe()
      this.#bell.stop()
      phone.stop()
      if (this.#phone === phone) this.#phone = undefined
    }
  }

  /** Rings while a call does; somebody who talks hears it once, softly. */
  #ring({ calls }: PhoneState): void {
    const ringing = calls.filter((call) => call.state === 'ringing')
    for (const id of this.#hushed) if (!calls.some((call) => call.id === id)) this.#hushed.delete(id)
    const loud = ringing.filter((call) => !this.#hushed.has(call.id))
    if (loud.length === 0) this.#bell.stop()
    else if (calls.some((call) => call.state !== 'ringing')) {
      this.#bell.stop()
      for (const call of loud) this.#hushed.add(call.id)
      void this.#bell.test()
    } else this.#bell.start()
  }

  #set(state: PhoneState): void {
    this.#state = state
    for (const listener of this.#stateListeners) listener()
  }

  readonly onState = (listener: Listener): (() => void) => {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  readonly onLevel = (listener: Listener): (() => void) => {
    this.#levelListeners.add(listener)
    return () => this.#levelListeners.delete(listener)
  }
}

export const phone = new PhoneHub()

export function usePhone(): PhoneState {
  return useSyncExternalStore(phone.onState, () => phone.state)
}

/** Own loudness, 0 to 1. Known in the leading tab only. */
export function useLevel(): number {
  return useSyncExternalStore(phone.onLevel, () => phone.level)
}
