import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type LiveCalls, ladderModel } from '#call'
import type { Log } from '#lib'
import { type RecordRow, type Storage, StorageError } from '#storage'
import type { Access, Refusal } from './access.ts'
import type { About, ApiError, CallList, CallRecord, CallTraceShape, Readiness, RecordList } from './contract.ts'
import { shape } from './events.ts'
import { contentPolicy, noticePage, noticePolicy, type Page } from './pages.ts'

export interface RouteOptions {
  readonly access: Access
  readonly calls: LiveCalls
  readonly records: Storage['records']
  readonly about: About
  health(): Promise<{ readonly ready: boolean; readonly details: Readonly<Record<string, unknown>> }>
  /** Prometheus text. */
  metrics(): Promise<string>
  readonly pages: ReadonlyMap<string, Page>
  readonly log: Log
}

type Environment = { Bindings: HttpBindings }
type HonoContext = Context<Environment>

const recordQuery = z.object({
  limit: z.coerce
    .number({ error: 'limit must be a whole number from 1 to 200' })
    .int('limit must be a whole number from 1 to 200')
    .min(1, 'limit must be a whole number from 1 to 200')
    .max(200, 'limit must be a whole number from 1 to 200')
    .default(50),
  cursor: z.string().max(200, 'cursor is longer than any that a list returned').optional(),
})

/** Everything that is asked by plain HTTP. */
export function createRoutes(options: RouteOptions): Hono<Environment> {
  const { access, calls, records, pages, log } = options
  const app = new Hono<Environment>()

  app.use(async (c, next) => {
    const request = c.env.incoming
    // Health checks name the server as they like and learn nothing but whether it lives.
    const refused = c.req.path === '/healthz' ? undefined : access.checkHost(request)
    if (refused) c.res = refuse(c, refused)
    else await next()
    addSecurityHeaders(c, access.isSecure(request))
  })

  app.get('/healthz', (c) => c.text('ok\n'))

  app.get('/readyz', async (c) => {
    const { ready, details } = await options.health()
    const body: Readiness = { ready, details: { ...details } }
    return c.json(body, ready ? 200 : 503)
  })

  app.get('/metrics', async (c) => {
    const refused = access.checkMetrics(c.env.incoming)
    if (refused) return refuse(c, refused)
    return c.body(await options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  app.use('/*', async (c, next) => {
    const refused = access.checkReader(c.env.incoming)
    if (refused) return refuse(c, refused)
    return next()
  })

  app.get('/api/v1/about', (c) => c.json(options.about))

  app.get('/api/v1/calls', (c) => {
    const live = [...calls.list()].sort((a, b) => b.startedAt - a.startedAt).slice(0, 500)
    const body: CallList = { calls: live.map(shape), total: calls.counters.live }
    return c.json(body)
  })

  app.get('/api/v1/calls/:id', (c) => {
    const view = calls.get(c.req.param('id'))
    return view
      ? c.json(shape(view))
      : notFound(c, 'There is no live call with this id; calls that are over are in /api/v1/records.')
  })

  app.get('/api/v1/calls/:id/trace', async (c) => {
    const id = c.req.param('id')
    const entries = await calls.trace(id)
    if (entries.length === 0 && !calls.get(id) && !(await records.get(id)))
      return notFound(c, 'There is no call with this id.')
    const { columns, arrows } = ladderModel(entries)
    const body: CallTraceShape = { id, entries: [...entries], columns: [...columns], arrows: [...arrows] }
    return c.json(body)
  })

  app.get('/api/v1/records', async (c) => {
    const query = recordQuery.safeParse(c.req.query())
    if (!query.success) {
      const issue = query.error.issues[0]
      return fail(c, 400, {
        code: 'bad-query',
        message: issue?.message ?? 'bad query',
        field: String(issue?.path[0] ?? ''),
      })
    }
    try {
      const page = await records.list(query.data)
      const body: RecordList = { records: page.records.map(recordShape), ...(page.next ? { next: page.next } : {}) }
      return c.json(body)
    } catch (error) {
      if (error instanceof StorageError && error.code === 'bad-query')
        return fail(c, 400, { code: 'bad-query', message: error.message, field: 'cursor' })
      throw error
    }
  })

  app.get('/api/v1/records/:id', async (c) => {
    const row = await records.get(c.req.param('id'))
    return row ? c.json(recordShape(row)) : notFound(c, 'There is no record with this id.')
  })

  app.all('/api/*', (c) => notFound(c, `There is no ${c.req.method} ${c.req.path.slice(0, 100)}.`))

  app.get('/*', (c) => {
    const page = pages.get(c.req.path)
    if (page) return sendPage(c, page)
    if (c.req.path === '/' && pages.size === 0)
      return c.html(noticePage('Baton runs', 'The pages are not built yet: run npm start, which builds them.'), 503, {
        'content-security-policy': noticePolicy,
      })
    return notFound(c, 'There is no such page.')
  })

  app.notFound((c) => fail(c, 405, { code: 'method-not-allowed', message: 'This address only answers GET.' }))

  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, 'A request failed.')
    return fail(c, 500, { code: 'error', message: 'Something went wrong here; the log of the server says what.' })
  })

  return app
}

function fail(c: HonoContext, status: 400 | 404 | 405 | 500, error: ApiError): Response {
  return c.json(error, status)
}

function notFound(c: HonoContext, message: string): Response {
  return fail(c, 404, { code: 'not-found', message })
}

/** Programs get JSON, people who open a page get the same sentence as a page. */
function refuse(c: HonoContext, refusal: Refusal): Response {
  const { status, headers = {}, code, message } = refusal
  if (!c.req.path.startsWith('/api/') && c.req.header('accept')?.includes('text/html'))
    return c.html(noticePage('Baton', message), status, { ...headers, 'content-security-policy': noticePolicy })
  return c.json({ code, message }, status, headers)
}

function sendPage(c: HonoContext, page: Page): Response {
  const headers: Record<string, string> = {
    'content-type': page.type,
    'cache-control': page.cache,
    etag: page.etag,
    vary: 'accept-encoding',
  }
  if (c.req.header('if-none-match') === page.etag) return c.body(null, 304, headers)
  if (page.gzip && /\bgzip\b/.test(c.req.header('accept-encoding') ?? ''))
    return c.body(new Uint8Array(page.gzip), 200, { ...headers, 'content-encoding': 'gzip' })
  return c.body(new Uint8Array(page.bytes), 200, headers)
}

function addSecurityHeaders(c: HonoContext, secure: boolean): void {
  const { headers } = c.res
  if (!headers.has('content-security-policy')) headers.set('content-security-policy', contentPolicy)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('cross-origin-opener-policy', 'same-origin')
  headers.set('cross-origin-resource-policy', 'same-origin')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  if (secure) headers.set('strict-transport-security', 'max-age=31536000')
}

/** A record row as the API shows it. */
export function recordShape(row: RecordRow): CallRecord {
  return {
    id: row.id,
    state: row.state,
    direction: row.direction,
    caller: { number: row.callerNumber, name: row.callerName, personId: row.callerId },
    callee: { number: row.dialled, name: row.calleeName, personId: row.calleeId },
    dialled: row.dialled,
    trunk: row.trunk,
    startedAt: row.startedAt,
    answeredAt: row.answeredAt,
    endedAt: row.endedAt,
    answeredBy: { personId: row.answeredById, station: row.answeredStation },
    cause: row.cause,
    status: row.status,
    endedBy: row.endedBy,
    branches: parsed(row.branches, []),
    quality: parsed(row.quality, {}),
  }
}

function parsed<T>(text: string, otherwise: T): T {
  try {
    return (JSON.parse(text) as T) ?? otherwise
  } catch {
    return otherwise
  }
}

/** Whether an upgrade asks for this path, whatever its query says. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] as string
}
