import type { IncomingMessage } from 'node:http'
import type { LogInResult } from '#directory'
import type { HandlersOf, Surroundings, Under } from '../exchange.ts'
import { ApiFault, notFound } from '../fault.ts'
import { sessionCookie } from '../viewer.ts'
import { personShape } from './people.ts'

/** How long a desk's SIP account holds unless it is asked for again, in ms. */
const sipMs = 15 * 60_000
const dayMs = 86_400_000

export const sessionHandlers: HandlersOf<Under<'session'> | Under<'tokens'>> = {
  'POST /api/v1/session': async ({ house, desk, body, request, headers }) => {
    const result = await desk.accounts.logIn(body.login, body.password, house.access.source(request))
    if (!result.ok) throw refused(result)
    const { token, session, person } = result
    headers['set-cookie'] = sessionCookie(token, house.access.isSecure(request))
    return { token, expiresAt: session.expiresAt, person: personShape(house, desk, person) }
  },

  'GET /api/v1/session': ({ house, desk, viewer, person }) => ({
    person: personShape(house, desk, person),
    kind: viewer.kind === 'person' ? viewer.login : 'session',
    scopes: viewer.kind === 'person' ? [...viewer.scopes] : [],
    ...(viewer.kind === 'person' && viewer.expiresAt !== undefined ? { expiresAt: viewer.expiresAt } : {}),
  }),

  'DELETE /api/v1/session': async ({ house, desk, viewer, query, request, headers }) => {
    if (viewer.kind === 'person' && viewer.login === 'session') {
      if (query.everywhere === 'true') await desk.accounts.logOutEverywhere(viewer.personId)
      else await desk.accounts.logOut(viewer.loginId)
    }
    headers['set-cookie'] = sessionCookie('', house.access.isSecure(request))
    return undefined
  },

  'PUT /api/v1/session/password': async ({ house, desk, viewer, person, body, request }) => {
    const source = house.access.source(request)
    const wait = desk.accounts.tryAgain(person.id, source)
    if (wait > 0) throw tooMany(wait)
    if (!(await desk.accounts.checkPassword(person.id, body.current)))
      throw new ApiFault(400, 'wrong-password', 'current: this is not your password', 'current')
    desk.accounts.tryWasRight(person.id, source)
    await desk.accounts.setPassword(person.id, body.password, viewer.kind === 'person' ? viewer.loginId : undefined)
    return undefined
  },

  'POST /api/v1/session/sip': async ({ house, desk, viewer, person, request }) => {
    if (viewer.kind !== 'person') throw notFound('session')
    const credential = await desk.directory.deskCredential(person.id, viewer.loginId, sipMs)
    // The session may have ended while the device was made.
    if (!desk.accounts.stands(viewer.loginId)) {
      desk.directory.endDeskCredential(viewer.loginId)
      throw new ApiFault(401, 'not-logged-in', 'This session has ended: log in again.')
    }
    const { username, ha1, realm, device, expiresAt } = credential
    const aor = `sip:${username}@${realm}`
    const iceServers = (desk.iceServers?.(person.login) ?? []).map((server) => ({ ...server, urls: [...server.urls] }))
    const uri = sipUri(house, request)
    return { username, ha1, realm, domain: realm, aor, deviceId: device.id, expiresAt, uri, iceServers }
  },

  'GET /api/v1/tokens': ({ desk, person }) => ({
    tokens: desk.accounts
      .tokensOf(person.id)
      .map(({ personId: _, scopes, ...token }) => ({ ...token, scopes: [...scopes] })),
  }),

  'POST /api/v1/tokens': async ({ house, desk, person, body }) => {
    const expiresAt = body.days === undefined ? null : house.clock.now() + body.days * dayMs
    const made = await desk.accounts.makeToken(person.id, {
      name: body.name,
      scopes: [...new Set(body.scopes)],
      expiresAt,
    })
    const { personId: _, scopes, ...token } = made.token
    return { ...token, scopes: [...scopes], token: made.text }
  },

  'DELETE /api/v1/tokens/{id}': async ({ desk, person, path }) => {
    if (!(await desk.accounts.removeToken(person.id, path.id))) throw notFound('token of yours')
    return undefined
  },
}

/** Over the name that the page was reached by; Host has been checked. */
function sipUri(house: Surroundings, request: IncomingMessage): string {
  return `${house.access.isSecure(request) ? 'wss' : 'ws'}://${request.headers.host}/sip`
}

function refused(result: Exclude<LogInResult, { ok: true }>): ApiFault {
  if (result.refusal === 'wrong')
    return new ApiFault(401, 'wrong-login', 'The log-in or the password is wrong.', undefined, {
      'www-authenticate': 'Bearer realm="Baton"',
    })
  if (result.refusal === 'locked') return tooMany(result.retryAfterMs)
  return new ApiFault(503, 'busy', 'Too many log-ins at once: try again in a moment.', undefined, {
    'retry-after': '2',
  })
}

function tooMany(waitMs: number): ApiFault {
  const seconds = Math.ceil(waitMs / 1000)
  return new ApiFault(429, 'too-many-attempts', `Too many wrong passwords: wait ${seconds} s.`, undefined, {
    'retry-after': String(seconds),
  })
}
