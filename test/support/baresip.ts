import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeFolder, temporaryFolder } from './folders.ts'
import { freePort, freePorts } from './ports.ts'
import { type Ending, type Program, startProgram } from './program.ts'
import { concatenate, makeTone, readWav, type Sound, secondsOf, type Tone, tonesIn, writeWav } from './tone.ts'

export type BaresipOptions = {
  /** User part of its address. */
  user: string
  /** Without one it does not register and answers no challenge. */
  password?: string
  /** Domain of its address; its own address by default. */
  domain?: string
  /** The server's address and port: outbound proxy of everything it sends. */
  proxy?: string
  transport?: 'udp' | 'tcp' | 'tls'
  /** Seconds between registrations; 0 for none. Default: 600 with a proxy, else 0. */
  registrationInterval?: number
  /** `early` answers at once with 183 and waits. */
  answerMode?: 'manual' | 'auto' | 'early'
  /** In order of preference, as baresip writes them. Default: PCMU/8000/1 and PCMA/8000/1. */
  codecs?: string[]
  /** What its microphone hears: a steady tone of so many Hz. Default 440. */
  tone?: number
  /** Keeps the SIP messages for {@link Baresip.sip}. */
  trace?: boolean
  /** Subscribes to its messages (RFC 3842) once it is registered. */
  messageLight?: boolean
  /** Address to bind. Default 127.0.0.1. */
  address?: string
  /** More parameters of the account line, for example `medianat=ice`. */
  account?: string
}

/** An event of the phone, as baresip's ctrl_tcp sends it. */
export type BaresipEvent = {
  readonly type: string
  readonly param?: string
  readonly accountaor?: string
  readonly direction?: 'incoming' | 'outgoing'
  readonly peeruri?: string
  /** baresip's own id of the call: its Call-ID. */
  readonly id?: string
}

type Waiter = { matches: (event: BaresipEvent) => boolean; take: (event: BaresipEvent) => void }

/** How long after its start a phone records what it hears. */
const recordableSeconds = 900

const modules = ['g711', 'opus', 'sndfile', 'aufile', 'aubridge', 'srtp', 'dtls_srtp']

/** A real SIP phone (baresip 1.0.0) with a folder and ports of its own. Its microphone hears a tone, and what it hears is kept. */
export class Baresip {
  readonly user: string
  /** Where it listens for SIP. */
  readonly address: string
  readonly port: number
  /** Its own address as a URI that others on this machine can call directly. */
  readonly uri: string
  readonly #folder: string
  readonly #program: Program
  readonly #control: Socket
  readonly #answers = new Map<string, (answer: { ok: boolean; data: string }) => void>()
  readonly #seen: BaresipEvent[] = []
  #unread: BaresipEvent[] = []
  #waiters: Waiter[] = []
  #received: Buffer = Buffer.alloc(0)
  #commands = 0

  private constructor(options: BaresipOptions, port: number, folder: string, program: Program, control: Socket) {
    this.user = options.user
    this.address = options.address ?? '127.0.0.1'
    this.port = port
    this.uri = `sip:${options.user}@${this.address}:${port}`
    this.#folder = folder
    this.#program = program
    this.#control = control
    control.on('data', (data) => this.#receive(data))
  }

  /** Starts a phone; it is ready for commands, though perhaps not registered yet: see {@link registered}. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = temporaryFolder(`phone-${options.user}`)
    const port = await freePorts(2) // baresip takes the port after it for TLS
    const controlPort = await freePort()
    const rtp = await freePorts(20)
    writeSettings(folder, options, port, controlPort, rtp)
    const program = await startProgram('baresip', ['-f', folder, '-v', ...(options.trace ? ['-s'] : [])], {
      environment: { TZ: 'UTC' }, // recordings are named by time
    })
    await program.printed(/baresip is ready/)
    const control = connect(controlPort, '127.0.0.1')
    await once(control, 'connect')
    const phone = new Baresip(options, port, folder, program, control)
    // Only now, so that no event comes before anybody listens: who registers may be rung at once.
    await phone.command('uanew', accountOf(options, port))
    return phone
  }

  /**
   * The next event of a type that was not taken yet, waiting for it if need be; earlier events of other types are left.
   * @param where further conditions, for example `{ peeruri: 'sip:bob@baton.local' }`
   * @throws after `timeout` ms, with the types that were seen
   */
  event(type: string, where: Partial<BaresipEvent> = {}, timeout = 45_000): Promise<BaresipEvent> {
    const matches = (event: BaresipEvent) =>
      event.type === type && Object.entries(where).every(([key, value]) => event[key as keyof BaresipEvent] === value)
    const known = this.#unread.findIndex(matches)
    if (known >= 0) return Promise.resolve(this.#unread.splice(known, 1)[0]!)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        take: (event) => {
          clearTimeout(timer)
          resolve(event)
        },
      }
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        const seen = this.#seen.map((event) => `${event.type} ${event.param ?? ''}`.trim()).join(', ')
        reject(new Error(`${this.user}'s phone: no ${type} within ${timeout} ms; seen: ${seen || 'nothing'}`))
      }, timeout)
      this.#waiters.push(waiter)
    })
  }

  /** Waits until it is registered. */
  async registered(timeout = 45_000): Promise<void> {
    await this.#program.printed(/\} 200 OK .*\[\d+ bindings?\]/, { timeout })
  }

  /** Every event since the start. */
  events(): readonly BaresipEvent[] {
    return this.#seen
  }

  /** Calls a user, number or URI. */
  async dial(target: string): Promise<void> {
    await this.command('dial', target)
  }

  /** Answers the call that rings. */
  async accept(): Promise<void> {
    await this.command('accept')
  }

  /** Ends the current call; one that rings is rejected with 486. */
  async hangup(): Promise<void> {
    await this.command('hangup')
  }

  async hold(): Promise<void> {
    await this.command('hold')
  }

  async resume(): Promise<void> {
    await this.command('resume')
  }

  /** Presses keys, one after the other, as RFC 4733 events. */
  async dtmf(keys: string): Promise<void> {
    for (const key of keys) await this.command('sndcode', key)
    await this.command('sndcode', '\x04') // releases the last key
  }

  /** Transfers the current call blindly (REFER). */
  async transfer(target: string): Promise<void> {
    await this.command('transfer', target)
  }

  /** Makes the call in this position, counted from 1, the current one. */
  async line(number: number): Promise<void> {
    await this.command('line', String(number))
  }

  /**
   * Sends a command of baresip's menu.
   * @returns what the phone printed for it
   * @throws when the phone refuses it or does not answer
   */
  async command(command: string, params?: string): Promise<string> {
    const token = String(++this.#commands)
    const answer = new Promise<{ ok: boolean; data: string }>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.user}'s phone does not answer '${command}'`)), 30_000)
      this.#answers.set(token, (given) => {
        clearTimeout(timer)
        resolve(given)
      })
    })
    const json = JSON.stringify({ command, params, token })
    this.#control.write(`${Buffer.byteLength(json)}:${json},`)
    const { ok, data } = await answer
    if (!ok) throw new Error(`${this.user}'s phone refuses '${command} ${params ?? ''}': ${data}`)
    return data
  }

  /**
   * The tones that the phone has heard, in all calls so far. Time counts the sound that arrived, so that a hold takes none.
   * Recordings that begin within the same second (a call or a re-INVITE begins one) overwrite each other.
   * @param after leaves out so many seconds at the beginning, for example what {@link Baresip.heardSeconds} said before
   */
  async heard(after = 0): Promise<Tone[]> {
    const { rate, samples } = this.#recording()
    return tonesIn({ rate, samples: samples.subarray(Math.round(after * rate)) })
  }

  /** How many seconds of sound have arrived. */
  heardSeconds(): number {
    const { rate, samples } = this.#recording()
    return samples.length / rate
  }

  /**
   * Waits until the phone hears a tone, for `seconds` in all from now on.
   * @throws after `timeout` ms, with what it heard instead
   */
  async hears(frequency: number, seconds = 0.5, timeout = 45_000): Promise<void> {
    let after = this.heardSeconds()
    const late = AbortSignal.timeout(timeout)
    while (secondsOf(frequency, await this.heard(after)) < seconds) {
      if (late.aborted)
        throw new Error(
          `${this.user}'s phone does not hear ${frequency} Hz, but ${JSON.stringify(await this.heard(after))}`,
        )
      await sleep(100) // the recording grows without telling
      after = Math.min(after, this.heardSeconds()) // and shrinks when a re-INVITE overwrites it
    }
  }

  #recording(): Sound {
    const folder = join(this.#folder, 'heard')
    const dumps = readdirSync(folder).filter((name) => name.endsWith('-dec.wav'))
    const sounds = dumps.sort().map((name) => readWav(join(folder, name)))
    // A call that changes its codec goes on in a file of another rate.
    const rate = sounds.reduce((most, sound) => Math.max(most, sound.rate), 0)
    return concatenate(sounds.map((sound) => stretched(sound, rate)))
  }

  /** The SIP messages that the phone sent and received, in order; only with `trace`. */
  sip(): string[] {
    return sipMessages(this.#program.output())
  }

  /** Everything that baresip printed. */
  output(): string {
    return this.#program.output()
  }

  /** Hangs up, unregisters and ends the phone. */
  async stop(): Promise<Ending> {
    if (this.#program.alive()) {
      // A signal can take five seconds while the phone is registered; its own command does not.
      await this.command('quit').catch(() => {})
      const timer = setTimeout(() => this.#program.kill(), 10_000)
      await this.#program.ended
      clearTimeout(timer)
    }
    const ending = await this.#program.ended
    this.#control.destroy()
    removeFolder(this.#folder)
    return ending
  }

  /** Ends the phone at once, as a flat battery would. */
  async kill(): Promise<void> {
    this.#program.kill()
    await this.stop()
  }

  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    for (;;) {
      const colon = this.#received.indexOf(':')
      if (colon < 0) return
      const length = Number(this.#received.toString('latin1', 0, colon))
      if (this.#received.length < colon + length + 2) return
      const json = this.#received.toString('utf8', colon + 1, colon + 1 + length)
      this.#received = this.#received.subarray(colon + length + 2)
      this.#take(JSON.parse(json))
    }
  }

  #take(message: { event?: boolean; type: string; token?: string; ok: boolean; data: string }): void {
    if (!message.event) {
      this.#answers.get(message.token ?? '')?.(message)
      this.#answers.delete(message.token ?? '')
      return
    }
    const event = message as BaresipEvent
    this.#seen.push(event)
    const waiter = this.#waiters.find((one) => one.matches(event))
    if (!waiter) this.#unread.push(event)
    else {
      this.#waiters = this.#waiters.filter((one) => one !== waiter)
      waiter.take(event)
    }
  }
}

/** The sound at a multiple of its rate: each sample repeated, which leaves tones what they are. */
function stretched({ rate, samples }: Sound, to: number): Sound {
  const times = to / rate
  return {
    rate: to,
    samples: Float32Array.from({ length: samples.length * times }, (_, i) => samples[Math.floor(i / times)]!),
  }
}

/** The SIP messages in the output of `baresip -s`, which prints each in colour after a line with its way. */
export function sipMessages(output: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colour codes mark where a message begins and ends
  const message = /\x1b\[36;1m#\n[A-Z]+ \S+ -> \S+\n([\s\S]*?)\x1b\[;m/g
  return [...output.matchAll(message)].map((match) => match[1]!.replace(/\n$/, ''))
}

/**
 * baresip 1.0.0 stops recording at the first re-INVITE, because it sets its filters up again only when both directions
 * have lost theirs and sending keeps its own. With a folder in the place of each coming recording of the sent sound,
 * sending never has a filter, and what is heard goes on in a new file.
 */
function keepDecoderOnly(folder: string): void {
  const start = Date.now()
  for (let second = -1; second < recordableSeconds; second++) {
    const time = new Date(start + second * 1_000).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')
    mkdirSync(join(folder, `dump-${time}-enc.wav`))
  }
}

/** The line of the account, which registers as soon as the phone has it. */
function accountOf(options: BaresipOptions, port: number): string {
  const address = options.address ?? '127.0.0.1'
  const account = [
    `<sip:${options.user}@${options.domain ?? `${address}:${port}`}>`,
    `regint=${options.registrationInterval ?? (options.proxy ? 600 : 0)}`,
    `answermode=${options.answerMode ?? 'manual'}`,
    `audio_codecs=${codecsOf(options).join(',')}`,
    options.password && `auth_user=${options.user};auth_pass=${options.password}`,
    options.proxy && `outbound="sip:${options.proxy};transport=${options.transport ?? 'udp'}"`,
    options.account,
  ]
  return account.filter(Boolean).join(';')
}

const codecsOf = (options: BaresipOptions) => options.codecs ?? ['PCMU/8000/1', 'PCMA/8000/1']

function writeSettings(folder: string, options: BaresipOptions, port: number, controlPort: number, rtp: number): void {
  const address = options.address ?? '127.0.0.1'
  const heard = join(folder, 'heard')
  const microphone = join(folder, 'microphone.wav')
  mkdirSync(heard)
  keepDecoderOnly(heard)
  const codecs = codecsOf(options)
  // The file must have the codec's rate.
  const rate = /opus/i.test(codecs[0]!) ? 48_000 : 8_000
  writeWav(microphone, makeTone(options.tone ?? 440, 60, { rate }))
  writeFileSync(join(folder, 'accounts'), '')
  const settings = [
    ['poll_method', 'epoll'],
    ['sip_listen', `${address}:${port}`],
    ['net_interface', address],
    ['call_local_timeout', 120],
    ['call_max_calls', 8],
    ['audio_path', '/usr/share/baresip'],
    ['audio_player', 'aubridge,speaker'],
    ['audio_source', `aufile,${microphone}`],
    ['audio_alert', 'aubridge,bell'],
    ['audio_level', 'no'],
    ['ausrc_format', 's16'],
    ['auplay_format', 's16'],
    ['auenc_format', 's16'],
    ['audec_format', 's16'],
    ['rtp_ports', `${rtp}-${rtp + 18}`],
    ['rtcp_mux', 'no'],
    // The microphone's file is mono, and so is what is recorded.
    ['opus_stereo', 'no'],
    ['opus_sprop_stereo', 'no'],
    ['jitter_buffer_delay', '1-5'],
    ['ringback_disabled', 'yes'],
    ['snd_path', heard],
    ['ctrl_tcp_listen', `127.0.0.1:${controlPort}`],
    ['module_path', '/usr/lib/baresip/modules'],
    ...modules.map((name) => ['module', `${name}.so`]),
    ...['uuid', 'account'].map((name) => ['module_tmp', `${name}.so`]),
    ...['menu', 'debug_cmd', 'ctrl_tcp', ...(options.messageLight ? ['mwi'] : [])].map((name) => [
      'module_app',
      `${name}.so`,
    ]),
  ]
  writeFileSync(join(folder, 'config'), `${settings.map((pair) => pair.join('\t')).join('\n')}\n`)
}
