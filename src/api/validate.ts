import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { explain } from '#lib'
import type { Endpoint } from './contract.ts'
import { ApiFault } from './fault.ts'

const usualLimit = 64 * 1024
/** Bodies are read for at most so long. */
const deepest = 12

/** Reads a JSON body within its limit. @throws ApiFault 400, 413 or 415 */
export async function readBody(request: IncomingMessage, endpoint: Endpoint): Promise<unknown> {
  const limit = endpoint.bodyLimit ?? usualLimit
  const tooLarge = () =>
    new ApiFault(413, 'too-large', `The body is larger than the ${limit} bytes that are allowed here.`, undefined, {
      connection: 'close',
    })
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge()
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += (part as Buffer).length
    if (size > limit) throw tooLarge()
    parts.push(part as Buffer)
  }
  if (size === 0) return undefined
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type))
    throw new ApiFault(415, 'not-json', 'Send the body as application/json in UTF-8.')
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts))
  } catch {
    throw new ApiFault(400, 'bad-json', 'The body is not UTF-8.')
  }
  if (depthOf(text) > deepest) throw new ApiFault(400, 'bad-json', `The body is nested deeper than ${deepest} levels.`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ApiFault(400, 'bad-json', `The body is not JSON: ${(error as Error).message.split(/[\r\n]/)[0]}`)
  }
}

function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (quoted) {
      if (code === 92) i++
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 123 || code === 91) most = Math.max(most, ++depth)
    else if (code === 125 || code === 93) depth--
  }
  return most
}

/** The body as the endpoint wants it. @throws ApiFault 400 that names the field, what was found and what is allowed */
export function checkBody(endpoint: Endpoint, body: unknown): unknown {
  if (!endpoint.body) {
    const empty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
    if (!empty) throw new ApiFault(400, 'invalid', 'This address takes no body.')
    return {}
  }
  const schema: z.ZodType = endpoint.body
  const result = schema.safeParse(body ?? {})
  if (result.success) return result.data
  const { path, sentence } = explain(schema, result.error, body ?? {})
  throw new ApiFault(400, 'invalid', path === '' ? `The body ${sentence}` : `${path} ${sentence}`, path)
}

/** The query as the endpoint wants it. @throws ApiFault 400 `bad-query` */
export function checkQuery(endpoint: Endpoint, given: URLSearchParams): unknown {
  const query: Record<string, string> = {}
  for (const [key, value] of given) {
    if (Object.hasOwn(query, key)) throw new ApiFault(400, 'bad-query', `${shown(key)} is given twice`, shown(key))
    query[key] = value
  }
  if (!endpoint.query) {
    const key = Object.keys(query)[0]
    if (key !== undefined)
      throw new ApiFault(400, 'bad-query', `${shown(key)} is not known here; no query is`, shown(key))
    return {}
  }
  const schema: z.ZodType = endpoint.query
  const result = schema.safeParse(query)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = String(issue?.path[0] ?? '')
  if (field !== '' && issue?.message.startsWith(field)) throw new ApiFault(400, 'bad-query', issue.message, field)
  const { path, sentence } = explain(schema, result.error, query)
  throw new ApiFault(400, 'bad-query', `${shown(path)} ${sentence}`, shown(path))
}

function shown(key: string): string {
  return key.slice(0, 40).replace(/[^\x20-\x7e]/g, '?')
}
