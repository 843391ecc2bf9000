import { z } from 'zod'
import { apiError, type Endpoint, type EndpointName, endpoints } from './contract.ts'

type Json = Record<string, unknown>

const made = new Map<string, Json>()

/** The OpenAPI 3.1 description, made from the contract's table. */
export function openApi(version: string): Json {
  const known = made.get(version)
  if (known) return known
  const paths: Record<string, Json> = {}
  for (const name of Object.keys(endpoints) as EndpointName[]) {
    const [method = '', path = ''] = name.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(name, endpoints[name]) }
  }
  const description = {
    openapi: '3.1.0',
    info: {
      title: 'Baton',
      version,
      description:
        'Live calls, acts on them, history, people, devices and contacts. Every error is {code, message, field?}. Times are milliseconds since 1970. ' +
        'Events come over the WebSocket /api/v1/events.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Error: schemaOf(apiError, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of a log-in, or an API token.' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'baton_session' },
      },
    },
  }
  made.set(version, description)
  return description
}

function operation(name: EndpointName, endpoint: Endpoint): Json {
  const { about, access, scope, path, query, body, status, answer, type } = endpoint
  const area = name.split('/')[3]?.replace(/\..*$/, '') ?? ''
  const rights = {
    anyone: 'Without a log-in.',
    reader: 'With a log-in; in the demo, without one on this machine.',
    person: 'With a log-in.',
    session: 'With a log-in by password, not with an API token.',
    supervisor: 'For supervisors and administrators.',
    administrator: 'For administrators.',
  }[access]
  const content = answer
    ? { 'application/json': { schema: schemaOf(answer, 'output') } }
    : type
      ? { [type]: { schema: { type: 'string' } } }
      : undefined
  return {
    operationId: name
      .replace(/\/api\/v1\//, '')
      .replace(/[^A-Za-z]+(\w)/g, (_, letter: string) => letter.toUpperCase())
      .replace(/\W/g, ''),
    tags: [area],
    summary: about,
    description: scope ? `${rights} Scope of API tokens: ${scope}.` : rights,
    ...(access === 'anyone' ? { security: [] } : { security: [{ bearer: [] }, { cookie: [] }] }),
    ...(path || query ? { parameters: [...parameters(path, 'path'), ...parameters(query, 'query')] } : {}),
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }
      : {}),
    responses: {
      [status]: { description: status === 204 ? 'Done.' : 'The answer.', ...(content ? { content } : {}) },
      default: {
        description: 'A refusal.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function parameters(schema: z.ZodObject | undefined, where: 'path' | 'query'): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as Json
  return rest
}
