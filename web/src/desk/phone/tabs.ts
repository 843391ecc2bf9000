/** One of the tabs leads: it registers, rings and holds the calls. The others see what it sees and ask it to act. */
export interface TabsOptions<State, Command> {
  /** Names lock and channel; another name for another person. */
  readonly name: string
  /** This tab leads from now on. @returns ends its leading */
  lead(): () => void
  /** The leading tab's state. */
  heard(state: State): void
  /** A command for the leading tab; called there only. */
  asked(command: Command): void
}

type Message<State, Command> =
  | { readonly type: 'state'; readonly state: State }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'who' }

/** Elects the leading tab by a Web Lock, which the browser frees when a tab closes or crashes, and links the tabs by a channel. */
export class Tabs<State, Command> {
  readonly #options: TabsOptions<State, Command>
  readonly #channel: BroadcastChannel
  readonly #abort = new AbortController()
  #stopLeading: (() => void) | undefined
  #release: (() => void) | undefined
  #latest: State | undefined

  constructor(options: TabsOptions<State, Command>) {
    this.#options = options
    this.#channel = new BroadcastChannel(options.name)
    this.#channel.onmessage = ({ data }: MessageEvent<Message<State, Command>>) => this.#heard(data)
    this.#channel.postMessage({ type: 'who' } satisfies Message<State, Command>)
    void this.#queue(false)
  }

  get leads(): boolean {
    return this.#stopLeading !== undefined
  }

  /** Tells the other tabs; the leading tab's right. */
  tell(state: State): void {
    this.#latest = state
    this.#channel.postMessage({ type: 'state', state } satisfies Message<State, Command>)
  }

  /** Does it here or has the leading tab do it. */
  ask(command: Command): void {
    if (this.leads) this.#options.asked(command)
    else this.#channel.postMessage({ type: 'command', command } satisfies Message<State, Command>)
  }

  /** Leads from now on, because this tab can do what the leading one cannot, such as play sound. */
  takeOver(): void {
    if (!this.leads) void this.#queue(true)
  }

  close(): void {
    this.#abort.abort()
    this.#end()
    this.#release?.()
    this.#channel.close()
  }

  async #queue(steal: boolean): Promise<void> {
    try {
      const how = steal ? { steal } : { signal: this.#abort.signal }
      await navigator.locks.request(this.#options.name, how, () => {
        if (this.#abort.signal.aborted) return undefined
        if (!this.leads) this.#stopLeading = this.#options.lead()
        return new Promise<void>((resolve) => {
          this.#release = resolve
        })
      })
    } catch {
      // Aborted by close(), or another tab took over: wait for the next turn.
      this.#end()
      if (!this.#abort.signal.aborted) void this.#queue(false)
    }
  }

  #end(): void {
    this.#stopLeading?.()
    this.#stopLeading = undefined
  }

  #heard(message: Message<State, Command>): void {
    if (message.type === 'state') {
      if (!this.leads) this.#options.heard(message.state)
    } else if (!this.leads) return
    else if (message.type === 'command') this.#options.asked(message.command)
    else if (this.#latest !== undefined) this.tell(this.#latest)
  }
}
