import { setTimeout as sleep } from 'node:timers/promises'

interface Reply {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** The inspector of a running Node process (Chrome DevTools protocol), opened by SIGUSR1 when it is first needed. */
export class Inspector {
  static readonly #open = new Map<number, Inspector>()
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void }>()
  #last = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply
      if (reply.id === undefined) return
      this.#waiting.get(reply.id)?.resolve(reply)
      this.#waiting.delete(reply.id)
    })
  }

  /** @param port as set by `--inspect-port` */
  static async of(pid: number, port: number): Promise<Inspector> {
    const known = Inspector.#open.get(pid)
    if (known) return known
    process.kill(pid, 'SIGUSR1')
    const url = await addressOf(port)
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true })
    })
    const inspector = new Inspector(socket)
    Inspector.#open.set(pid, inspector)
    return inspector
  }

  /** Bytes reachable after garbage collection: heap and buffers outside it. */
  async liveMemory(): Promise<number> {
    // What only finalizers hold goes in the second round.
    for (let i = 0; i < 2; i++) await this.ask('HeapProfiler.collectGarbage')
    const { result } = (await this.ask('Runtime.evaluate', {
      expression: '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())',
      returnByValue: true,
    })) as { result: { value: number } }
    return result.value
  }

  /** A profile of the main thread as JSON (`.cpuprofile`). */
  async cpuProfile(seconds: number): Promise<string> {
    await this.ask('Profiler.enable')
    await this.ask('Profiler.setSamplingInterval', { interval: 500 })
    await this.ask('Profiler.start')
    await sleep(seconds * 1000)
    const { profile } = await this.ask('Profiler.stop')
    return JSON.stringify(profile)
  }

  async ask(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#last
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, { resolve })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`)
    return reply.result ?? {}
  }
}

async function addressOf(port: number): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
        webSocketDebuggerUrl: string
      }[]
      if (target) return target.webSocketDebuggerUrl
    } catch (error) {
      if (tries > 50) throw error
    }
    await sleep(100)
  }
}
