import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Person } from '#directory'
import type { Refusal } from './access.ts'
import { rangeOf } from './bytes.ts'
import { callbackPage, callbackPagePolicy, listenPage, listenPagePolicy } from './callback-page.ts'
import { type ApiError, type Endpoint, type EndpointName, endpoints, type Readiness } from './contract.ts'
import type { Exchange, Surroundings } from './exchange.ts'
import { ApiFault, faultOf } from './fault.ts'
import { handlers } from './handlers/index.ts'
import { openApi } from './openapi.ts'
import { apiPage, apiPagePolicy } from './openapi-page.ts'
import { contentPolicy, noticePage, noticePolicy, type Page } from './pages.ts'
import { checkBody, checkQuery, readBody } from './validate.ts'
import { recognise, type Viewer } from './viewer.ts'
import { widgetScript } from './widget-script.ts'

export interface RouteOptions extends Surroundings {
  health(): Promise<{ readonly ready: boolean; readonly details: Readonly<Record<string, unknown>> }>
  /** Prometheus text. */
  metrics(): Promise<string>
  readonly pages: ReadonlyMap<string, Page>
}

type Environment = { Bindings: HttpBindings }
type HonoContext = Context<Environment>

const ranks = { person: 1, supervisor: 2, administrator: 3 } as const

/** Everything that is asked by plain HTTP. */
export function createRoutes(options: RouteOptions): Hono<Environment> {
  const { access, pages, log } = options
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

  for (const name of Object.keys(endpoints) as EndpointName[]) {
    const endpoint: Endpoint = endpoints[name]
    if (endpoint.origins === 'widget')
      app.options(name.split(' ')[1] as string, (c) => {
        const headers = corsHeaders(c.env.incoming, options.desk)
        if (!headers) throw new ApiFault(403, 'origin-refused', widgetOrigins)
        const allowed = { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type' }
        return c.body(null, 204, { ...headers, ...allowed, 'access-control-max-age': '600' })
      })
    const [method = '', pattern = ''] = name.split(' ')
    const path = pattern.replace(/\{(\w+)\}/g, ':$1')
    app.on(method, path, (c) => answer(c, name, options))
  }

  for (const page of ['/callbacks/cancel', '/callbacks/confirm'])
    app.get(page, (c) => c.html(callbackPage, 200, { 'content-security-policy': callbackPagePolicy }))
  app.get('/callbacks/listen', (c) => c.html(listenPage, 200, { 'content-security-policy': listenPagePolicy }))
  app.get('/widget.js', (c) =>
    c.body(widgetScript, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=300',
      'cross-origin-resource-policy': 'cross-origin',
    }),
  )

  app.get('/api/openapi.json', (c) => c.json(openApi(options.about.version)))
  app.get('/api', (c) => c.html(apiPage(options.about.version), 200, { 'content-security-policy': apiPagePolicy }))
  app.all('/api/*', (c) => {
    const known = methodsAt(c.req.path)
    if (known.length === 0)
      throw new ApiFault(404, 'not-found', `There is no ${c.req.method} ${c.req.path.slice(0, 100)}.`)
    const list = known.join(', ')
    throw new ApiFault(405, 'method-not-allowed', `This address only answers ${list}.`, undefined, { allow: list })
  })

  app.get('/*', (c) => {
    const page = pages.get(c.req.path)
    if (page) return sendPage(c, page)
    if (c.req.path === '/' && pages.size === 0)
      return c.html(noticePage('Baton runs', 'The pages are not built yet: run npm start, which builds them.'), 503, {
        'content-security-policy': noticePolicy,
      })
    throw new ApiFault(404, 'not-found', 'There is no such page.')
  })

  app.notFound(() => {
    throw new ApiFault(405, 'method-not-allowed', 'This address only answers GET.')
  })

  app.onError((error, c) => {
    const fault = faultOf(error)
    if (fault) {
      const path = c.req.path
      const cors = path.startsWith('/api/v1/widget/') ? corsHeaders(c.env.incoming, options.desk) : undefined
      return fail(c, fault.status, fault.body, { ...fault.headers, ...cors })
    }
    log.error({ err: error, path: c.req.path }, 'A request failed.')
    return fail(c, 500, { code: 'error', message: 'Something went wrong here; the log of the server says what.' })
  })

  return app
}

const widgetOrigins = 'This page may not ask for calls; add its origin to callbacks.widget.origins in baton.yaml.'

/** For the pages where the widget stands; undefined for all others. No cookie goes along. */
function corsHeaders({ headers }: IncomingMessage, desk: RouteOptions['desk']): Record<string, string> | undefined {
  const origin = headers.origin?.toLowerCase()
  if (origin === undefined || !desk?.callbacks?.widget.origins.includes(origin)) return undefined
  return { 'access-control-allow-origin': origin, vary: 'Origin' }
}

/** One request to an address of the contract: who asks, whether they may, whether it is well-formed, and then the answer. */
async function answer(c: HonoContext, name: EndpointName, options: RouteOptions): Promise<Response> {
  const endpoint: Endpoint = endpoints[name]
  const request = c.env.incoming
  const { desk } = options
  const { viewer, person } = admit(endpoint, request, options)
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  const crossOrigin = endpoint.origins === 'widget' ? corsHeaders(request, desk) : undefined
  for (const [key, value] of Object.entries(crossOrigin ?? {})) c.header(key, value)
  if (!reads && !crossOrigin) {
    const refused = options.access.checkSite(request, viewer.kind === 'person' && viewer.by === 'cookie')
    if (refused) throw asFault(refused)
  }
  const path = checkPath(endpoint, c.req.param())
  const query = checkQuery(endpoint, new URL(c.req.url).searchParams)
  const body = reads ? {} : checkBody(endpoint, await readBody(request, endpoint))
  if (!desk && endpoint.access !== 'reader' && name !== 'GET /api/v1/about')
    throw new ApiFault(503, 'no-log-ins', 'This server has no log-ins.')
  const headers: Record<string, string> = {}
  const exchange = { house: options, desk, viewer, person, path, query, body, request, headers }
  const handler = handlers[name] as (exchange: Exchange<EndpointName>) => unknown
  const result = await handler(exchange as unknown as Exchange<EndpointName>)
  for (const [key, value] of Object.entries(headers)) c.header(key, value)
  if (endpoint.status === 204) return c.body(null, 204)
  if (result instanceof Uint8Array && endpoint.type !== undefined) {
    const sent = rangeOf(result, c.req.header('range'))
    return c.body(new Uint8Array(sent.bytes), sent.status, { ...sent.headers, 'content-type': endpoint.type })
  }
  if (endpoint.type !== undefined)
    return c.body(result as string, 200, { 'content-type': `${endpoint.type}; charset=utf-8` })
  return c.json(result as object, endpoint.status)
}

/** Whether this viewer may ask for this address at all. @throws ApiFault 401 or 403 */
function admit(
  endpoint: Endpoint,
  request: IncomingMessage,
  { access, desk }: RouteOptions,
): { viewer: Viewer; person: Person | undefined } {
  const found = recognise(access, desk, request)
  if ('refusal' in found) {
    const badBearer = request.headers.authorization !== undefined && endpoint.access !== 'anyone'
    if (endpoint.access !== 'anyone' || badBearer) throw asFault(found.refusal)
    return { viewer: { kind: 'board' }, person: undefined }
  }
  const { viewer } = found
  const person = viewer.kind === 'person' ? desk?.directory.personById(viewer.personId) : undefined
  if (endpoint.access === 'anyone') return { viewer, person }
  if (viewer.kind === 'board') {
    if (endpoint.access === 'reader') return { viewer, person }
    throw notLoggedIn()
  }
  if (!person) throw notLoggedIn()
  if (viewer.login === 'token') {
    if (endpoint.scope === undefined)
      throw new ApiFault(403, 'session-needed', 'This needs a log-in with a password; API tokens may not.')
    if (!viewer.scopes.includes(endpoint.scope))
      throw new ApiFault(403, 'scope-missing', `This token lacks the scope ${endpoint.scope}.`)
  }
  if (endpoint.access === 'supervisor' || endpoint.access === 'administrator') {
    if (ranks[person.role] < ranks[endpoint.access])
      throw new ApiFault(403, 'not-allowed', `This is for ${endpoint.access}s.`)
  }
  return { viewer, person }
}

function notLoggedIn(): ApiFault {
  return new ApiFault(401, 'not-logged-in', 'Log in first.', undefined, { 'www-authenticate': 'Bearer realm="Baton"' })
}

function asFault({ status, code, message, headers }: Refusal): ApiFault {
  return new ApiFault(status, code, message, undefined, headers)
}

/** An id that none can have is an id that nothing has. */
function checkPath(endpoint: Endpoint, given: Record<string, string>): unknown {
  if (!endpoint.path) return {}
  const result = endpoint.path.safeParse(given)
  if (!result.success) throw new ApiFault(404, 'not-found', 'There is nothing with this id.')
  return result.data
}

function methodsAt(path: string): string[] {
  const found: string[] = []
  for (const name of Object.keys(endpoints)) {
    const [method = '', pattern = ''] = name.split(' ')
    const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)
    if (expression.test(path)) found.push(method)
  }
  return found
}

function fail(
  c: HonoContext,
  status: number,
  error: ApiError,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.json(error, status as 400, headers)
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
  if (!headers.has('cross-origin-resource-policy')) headers.set('cross-origin-resource-policy', 'same-origin')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  if (secure) headers.set('strict-transport-security', 'max-age=31536000')
}

/** Whether an upgrade asks for this path, whatever its query says. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] as string
}
