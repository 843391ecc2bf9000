import { spawn } from 'node:child_process'
import { readWav } from './wav.ts'

/** Text to speech: a small port, with a program of the command line behind it. */
export interface Speech {
  /**
   * The text as samples of 8 kHz; undefined when it cannot be spoken (no engine, an engine that fails): then say less, but go on.
   * @param language as BCP 47 has it: `de`, `en`
   */
  say(text: string, language: string): Promise<Int16Array | undefined>
}

export interface CommandSpeechOptions {
  /** The program: it gets the language after `-v`, the text on its standard input, and writes a WAV file. Default `espeak-ng`. */
  readonly command?: string
  /** Before those that are set by us. Default: none. */
  readonly args?: readonly string[]
  /** Told once for each kind of failure. */
  readonly failed?: (sentence: string) => void
}

const mostCharacters = 500
const mostMs = 10_000
const mostBytes = 8_000_000
const remembered = 200
/** How many programs run at a time; the others wait. */
const mostAtOnce = 2

/** No voice at all. */
export const noSpeech: Speech = { say: async () => undefined }

/** Speech by a program of the machine. What was said lately is remembered. */
export function commandSpeech({ command = 'espeak-ng', args = [], failed }: CommandSpeechOptions = {}): Speech {
  const known = new Map<string, Promise<Int16Array | undefined>>()
  const told = new Set<string>()
  const waiting: (() => void)[] = []
  let running = 0
  const speak = async (text: string, language: string): Promise<Int16Array | undefined> => {
    if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return readWav(await run(command, [...args, '-v', language, '--stdin', '--stdout'], text))
    } catch (error) {
      const sentence = `${command} does not speak: ${(error as Error).message}`
      if (!told.has(sentence) && told.size < 20) failed?.(sentence)
      told.add(sentence)
      return undefined
    } finally {
      running--
      waiting.shift()?.()
    }
  }
  return {
    say(text, language) {
      // Control characters, and the angle brackets of speech markup, are not for saying.
      const plain = text
        .replaceAll(/[\p{C}<>]+/gu, ' ')
        .trim()
        .slice(0, mostCharacters)
      if (plain === '' || !/^[a-z]{2,3}(-[a-zA-Z0-9]{2,8}){0,2}$/.test(language)) return Promise.resolve(undefined)
      const key = `${language} ${plain}`
      const said = known.get(key) ?? speak(plain, language)
      known.delete(key)
      known.set(key, said)
      if (known.size > remembered) known.delete(known.keys().next().value as string)
      // A failure is not remembered: the program may be installed tomorrow.
      void said.then((samples) => samples ?? known.delete(key))
      return said
    },
  }
}

function run(command: string, args: readonly string[], input: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: mostMs, killSignal: 'SIGKILL' })
    const parts: Buffer[] = []
    let length = 0
    child.stdout.on('data', (part: Buffer) => {
      length += part.length
      if (length > mostBytes) child.kill('SIGKILL')
      else parts.push(part)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(parts))
      else reject(new Error(signal ? `it was ended by ${signal}` : `it ended with ${code}`))
    })
    // A program that never reads is its own affair.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
