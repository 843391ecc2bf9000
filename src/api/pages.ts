import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'

/** One file as it is sent. */
export interface Page {
  readonly bytes: Buffer
  /** Set where compressing helps. */
  readonly gzip?: Buffer
  readonly type: string
  readonly cache: string
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
const compressible = /^(text|application\/json|image\/svg)/

/**
 * The built pages, read once: what is not in this list does not exist, whatever a path looks like. Files of `assets/` carry a hash in
 * their names and never change. An absent folder gives an empty list.
 */
export function readPages(folder: string): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>()
  for (const path of listFiles(folder)) {
    const type = types[extname(path)]
    if (!type || path.split('/').some((part) => part.startsWith('.'))) continue
    const bytes = readFileSync(join(folder, path))
    const packed = compressible.test(type) && bytes.length > 1024 ? gzipSync(bytes) : undefined
    pages.set(`/${path}`, {
      bytes,
      ...(packed && packed.length < bytes.length ? { gzip: packed } : {}),
      type,
      cache: path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    })
  }
  const index = pages.get('/index.html')
  if (index) pages.set('/', index)
  const desk = pages.get('/desk.html')
  if (desk) pages.set('/desk', desk)
  return pages
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const noticeStyle =
  'body{font:1.125rem/1.6 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1.5rem;color-scheme:light dark}h1{font-size:1.5rem}'

/** A policy under which nothing comes from outside and no other site frames the page. */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** The same for {@link noticePage}, which has its style inside. */
export const noticePolicy = contentPolicy.replace(
  "style-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(noticeStyle).digest('base64')}'`,
)

/** A page that is a sentence, for people who cannot have the real one. */
export function noticePage(title: string, sentence: string): string {
  const [head, text] = [title, sentence].map((part) =>
    part.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`),
  )
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${head}</title><style>${noticeStyle}</style><h1>${head}</h1><p>${text}</p></html>\n`
  )
}
