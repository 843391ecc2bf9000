import { createHash } from 'node:crypto'
import { type EndpointName, endpoints } from './contract.ts'
import { openApi } from './openapi.ts'
import { contentPolicy } from './pages.ts'

const style = `:root{color-scheme:light dark;background:Canvas;color:CanvasText}body{font:1rem/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1.25rem}
h1{font-size:1.75rem;margin:0}h2{margin:2.5rem 0 .5rem;text-transform:capitalize}code,pre{font:0.875rem/1.5 ui-monospace,monospace}
details{border:1px solid color-mix(in srgb,currentColor 20%,transparent);border-radius:.5rem;margin:.5rem 0;padding:0 .75rem}
summary{padding:.625rem 0;cursor:pointer;display:flex;gap:.75rem;flex-wrap:wrap;align-items:baseline}summary b{font:700 .8125rem ui-monospace,monospace;min-width:4rem}
summary span{opacity:.8}pre{overflow:auto;padding:.75rem;border-radius:.375rem;background:color-mix(in srgb,currentColor 8%,transparent)}nav{display:flex;flex-wrap:wrap;gap:0 1rem}nav a{padding:.25rem 0;text-transform:capitalize}
dt{font-weight:600;margin-top:.75rem}dd{margin:0}`

/** The policy of {@link apiPage}, which has its style inside and no script. */
export const apiPagePolicy = contentPolicy.replace(
  "style-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
)

interface Operation {
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

/** The OpenAPI description as a page for people. */
export function apiPage(version: string): string {
  const paths = openApi(version).paths as Record<string, Record<string, Operation>>
  const areas = new Map<string, string[]>()
  for (const name of Object.keys(endpoints) as EndpointName[]) {
    const [method = '', path = ''] = name.split(' ')
    const area = path.split('/')[3]?.replace(/\..*$/, '') ?? ''
    const operation = paths[path]?.[method.toLowerCase()]
    if (operation) areas.set(area, [...(areas.get(area) ?? []), section(method, path, operation)])
  }
  const nav = [...areas.keys()].map((area) => `<a href="#${area}">${area}</a>`).join('')
  const body = [...areas].map(([area, parts]) => `<h2 id="${area}">${area}</h2>${parts.join('')}`).join('')
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>Baton: the API</title><style>${style}</style></head><body><header><h1>Baton: the API</h1>` +
    `<p>Version ${escaped(version)}. The same as <a href="/api/openapi.json">OpenAPI 3.1</a>. Every error is <code>{code, message, field?}</code>; times are ` +
    'milliseconds since 1970. Log in by <code>POST /api/v1/session</code> and send <code>Authorization: Bearer …</code>. ' +
    'Events come over the WebSocket <code>/api/v1/events</code>.</p>' +
    `<nav aria-label="Areas">${nav}</nav></header><main>${body}</main></body></html>\n`
  )
}

function section(method: string, path: string, operation: Operation): string {
  const entries: string[] = [`<dt>Who</dt><dd>${escaped(operation.description)}</dd>`]
  const given = operation.parameters ?? []
  if (given.length > 0) {
    const list = given.map(
      (one) => `${one.name} (${one.in}${one.required ? '' : ', may be left out'}): ${outline(one.schema)}`,
    )
    entries.push(`<dt>Parameters</dt><dd><pre>${escaped(list.join('\n'))}</pre></dd>`)
  }
  const body = operation.requestBody?.content['application/json']
  if (body) entries.push(`<dt>Body</dt><dd><pre>${escaped(outline(body.schema))}</pre></dd>`)
  for (const [status, { content }] of Object.entries(operation.responses)) {
    if (status === 'default') continue
    const [type, shape] = Object.entries(content ?? {})[0] ?? []
    const text = !shape ? 'nothing' : type === 'application/json' ? outline(shape.schema) : String(type)
    entries.push(`<dt>Answer ${status}</dt><dd><pre>${escaped(text)}</pre></dd>`)
  }
  return (
    `<details><summary><b>${method}</b><code>${escaped(path)}</code><span>${escaped(operation.summary)}</span></summary>` +
    `<dl>${entries.join('')}</dl></details>`
  )
}

/** A JSON schema in the way in which one would write down the value. */
function outline(schema: object, indent = ''): string {
  const {
    type,
    properties,
    required = [],
    items,
    anyOf,
    oneOf,
    const: only,
    enum: several,
    additionalProperties,
  } = schema as {
    type?: string
    properties?: Record<string, object>
    required?: string[]
    items?: object
    anyOf?: object[]
    oneOf?: object[]
    const?: unknown
    enum?: unknown[]
    additionalProperties?: unknown
  }
  if (only !== undefined) return JSON.stringify(only)
  if (several) return several.map((value) => JSON.stringify(value)).join(' | ')
  const branches = anyOf ?? oneOf
  if (branches) return branches.map((branch) => outline(branch, indent)).join(' | ')
  if (items) return `[${outline(items, indent)}, …]`
  if (properties) {
    const inner = `${indent}  `
    const lines = Object.entries(properties).map(
      ([key, value]) => `${inner}${key}${required.includes(key) ? '' : '?'}: ${outline(value, inner)}`,
    )
    return lines.length > 0 ? `{\n${lines.join('\n')}\n${indent}}` : '{}'
  }
  return type ?? (additionalProperties ? 'object' : 'any')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
