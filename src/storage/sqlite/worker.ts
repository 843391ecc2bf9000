import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { TraceBatch, Unit } from '../engine.ts'
import { reason, StorageError } from '../storage-error.ts'
import { openMain, openReadOnly, openTraces } from './database.ts'
import { lockFolder, mainFile, tracesFile } from './files.ts'
import { Reader } from './reader.ts'
import type { Answer, Question } from './thread.ts'
import { TraceFile } from './trace-file.ts'
import { Writer } from './writer.ts'

/** What a thread is started with. */
export interface WorkerData {
  readonly role: 'writer' | 'reader'
  readonly folder: string
}

type Methods = Record<string, (argument: never) => unknown>

const { role, folder } = workerData as WorkerData

/** The writer commits batches and nothing else. */
function writerMethods(): Methods {
  let release: (() => void) | undefined
  let writer: Writer | undefined
  let close = (): void => {}
  return {
    open() {
      release = lockFolder(folder)
      const database = openMain(join(folder, mainFile))
      writer = new Writer(database)
      close = () => database.close()
    },
    write: (units: string) => {
      const failures = writer?.write(JSON.parse(units) as Unit[])
      return failures ? [...failures] : undefined
    },
    ping: () => true,
    close() {
      close()
      release?.()
    },
  }
}

/** The reader answers queries and keeps the traces: both may take their time. */
function readerMethods(): Methods {
  let reader: Reader | undefined
  let traces: TraceFile | undefined
  let close = (): void => {}
  return {
    open(withTraces: boolean) {
      let damaged: string | undefined
      const database = openReadOnly(join(folder, mainFile))
      reader = new Reader(database)
      close = () => database.close()
      if (!withTraces) return
      const file = openTraces(join(folder, tracesFile), (path) => {
        damaged = path
      })
      traces = new TraceFile(file)
      close = () => {
        database.close()
        file.close()
      }
      return damaged
    },
    query: ([sql, params]: [string, unknown[]]) => reader?.query(sql, params),
    appendTraces: ([index, bytes]: [TraceBatch['index'], ArrayBuffer]) =>
      traces?.append({ index, bytes: Buffer.from(bytes) }),
    traces: (callId: string) => traces?.get(callId),
    dropTraces: (callIds: string[]) => traces?.drop(callIds),
    dropTracesBefore: ([before, limit]: [number, number]) => traces?.dropBefore(before, limit),
    backup: (file: string) => reader?.backup(file),
    close: () => close(),
  }
}

const methods = role === 'writer' ? writerMethods() : readerMethods()

async function answer(question: Question): Promise<void> {
  const [id, method, argument] = question
  let reply: Answer
  try {
    const value = methods[method]?.(argument as never)
    reply = [id, value instanceof Promise ? await value : value]
  } catch (error) {
    reply = [id, undefined, error instanceof StorageError ? error.code : 'unavailable', reason(error)]
  }
  parentPort?.postMessage(reply)
  // With its files closed and nothing to hear the thread ends by itself.
  if (method === 'close') parentPort?.close()
}

parentPort?.on('message', (question: Question) => void answer(question))
