import type { About, ApiError, CallRecord, Readiness, RecordList } from '#api/contract.ts'

/** An answer of the API that is no success. */
export class ApiFailure extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, error: ApiError) {
    super(error.message)
    this.status = status
    this.code = error.code
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) })
  if (response.ok) return (await response.json()) as T
  const error = (await response.json().catch(() => ({ code: 'error', message: response.statusText }))) as ApiError
  throw new ApiFailure(response.status, error)
}

export const getAbout = (signal?: AbortSignal) => get<About>('/api/v1/about', signal)

export const getRecord = (id: string, signal?: AbortSignal) =>
  get<CallRecord>(`/api/v1/records/${encodeURIComponent(id)}`, signal)

export function getRecords(cursor?: string, signal?: AbortSignal): Promise<RecordList> {
  const query = new URLSearchParams({ limit: '20', ...(cursor ? { cursor } : {}) })
  return get<RecordList>(`/api/v1/records?${query}`, signal)
}

/** Whether the server takes calls; a server that drains answers 503 with the same shape. */
export async function getReady(signal?: AbortSignal): Promise<boolean> {
  const response = await fetch('/readyz', signal ? { signal } : {})
  return ((await response.json()) as Readiness).ready
}
