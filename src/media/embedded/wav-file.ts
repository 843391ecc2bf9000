import { type FileHandle, open } from 'node:fs/promises'
import { wavHeader } from '../voices/wav.ts'

/** What waits for a slow disk at most; about two minutes. */
const mostWaiting = 4_000_000

/**
 * A WAV file that grows. Nothing waits for the disk: writes are queued in order. The sizes in its header are filled in at the end; a file
 * whose writer died has none and is read to its end (and put right by `repairWav`).
 */
export class WavFile {
  readonly #law: 'pcm' | 'pcmu'
  readonly #channels: 1 | 2
  readonly #failed: (reason: string) => void
  #file: FileHandle | undefined
  #last: Promise<void>
  #waiting = 0
  #broken = false
  bytes = 0

  /** Creates the file; an existing one is never overwritten. @param failed told once; what was written until then stays */
  constructor(path: string, law: 'pcm' | 'pcmu', channels: 1 | 2, failed: (reason: string) => void) {
    this.#law = law
    this.#channels = channels
    this.#failed = failed
    this.#last = open(path, 'wx', 0o600).then(
      async (file) => {
        this.#file = file
        await file.writeFile(wavHeader(law, channels, 0))
      },
      (error) => this.#fail(error),
    )
  }

  write(data: Buffer): void {
    if (this.#broken) return
    this.#waiting += data.length
    if (this.#waiting > mostWaiting) {
      this.#fail(new Error('the disk is too slow'))
      return
    }
    this.#then(async (file) => {
      for (let at = 0; at < data.length; ) at += (await file.write(data, at)).bytesWritten
      this.#waiting -= data.length
      this.bytes += data.length
    })
  }

  /** Resolves when everything is on the disk and the header is right. */
  async close(): Promise<void> {
    this.#then(async (file) => {
      if (this.bytes & 1) await file.writeFile(Buffer.alloc(1))
      const header = wavHeader(this.#law, this.#channels, this.bytes)
      await file.write(header, 0, header.length, 0)
      await file.sync()
    })
    await this.#last
    await this.#file?.close().catch(() => {})
  }

  #then(step: (file: FileHandle) => Promise<void>): void {
    this.#last = this.#last
      .then(() => (this.#file && !this.#broken ? step(this.#file) : undefined))
      .catch((error) => this.#fail(error))
  }

  #fail(error: Error): void {
    if (this.#broken) return
    this.#broken = true
    this.#failed(error.message)
  }
}
