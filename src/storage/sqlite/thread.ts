import { type Transferable, Worker } from 'node:worker_threads'
import { reason, StorageError, type StorageErrorCode } from '../storage-error.ts'

/** What the main thread asks: number, method, argument. */
export type Question = readonly [id: number, method: string, argument: unknown]
/** What the thread answers: the question's number, and a value or an error's code and text. */
export type Answer = readonly [id: number, value: unknown, code?: StorageErrorCode, error?: string]

interface Asked {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** A thread that answers questions in order. */
export class Thread {
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  readonly #exit: Promise<unknown>
  #next = 0
  #ended: string | undefined

  /** @param data what the thread is told at its start */
  constructor(file: URL, data: object, fault: (error: string) => void) {
    this.#worker = new Worker(file, { workerData: data, execArgv: [] })
    this.#worker.on('message', ([id, value, code, error]: Answer) => {
      const asked = this.#asked.get(id)
      if (!asked) return
      this.#asked.delete(id)
      if (code) asked.reject(new StorageError(code, error ?? code))
      else asked.resolve(value)
    })
    this.#worker.on('error', (error) => {
      fault(reason(error))
      this.#end(reason(error))
    })
    this.#exit = new Promise((resolve) => this.#worker.once('exit', resolve))
    this.#worker.on('exit', () => this.#end('the thread has ended'))
  }

  ask<T>(method: string, argument: unknown, transfer?: readonly Transferable[]): Promise<T> {
    if (this.#ended) return Promise.reject(new StorageError('unavailable', `the storage thread ended: ${this.#ended}`))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as (value: unknown) => void, reject })
      const question: Question = [id, method, argument]
      if (transfer) this.#worker.postMessage(question, transfer)
      else this.#worker.postMessage(question)
    })
  }

  /** Lets the thread answer all that was asked and end. */
  async close(): Promise<void> {
    if (!this.#ended) await this.ask('close', null).catch(() => {})
    await this.#exit
  }

  #end(why: string): void {
    this.#ended ??= why
    for (const asked of this.#asked.values())
      asked.reject(new StorageError('unavailable', `the storage thread ended: ${why}`))
    this.#asked.clear()
  }
}
