import { createECDH, randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'

const require = createRequire(createRequire(import.meta.url).resolve('web-push'))
const ece = require('http_ece') as { decrypt(body: Buffer, parameters: object): Buffer }

/** One notice as it reached the push service. */
export interface PushedNotice {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly notice: any
}

/** A push service on loopback, together with the browser that it serves: it can read what is sent. */
export async function pushService() {
  const browser = createECDH('prime256v1')
  browser.generateKeys()
  const secret = randomBytes(16)
  const keys = { p256dh: browser.getPublicKey('base64url'), auth: secret.toString('base64url') }
  const heard: PushedNotice[] = []
  let waiting: (() => void) | undefined
  const service = { status: 201, silent: false }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const plain = ece.decrypt(body, { version: 'aes128gcm', privateKey: browser, authSecret: keys.auth })
    heard.push({ path: request.url ?? '', headers: request.headers, body, notice: JSON.parse(plain.toString()) })
    waiting?.()
    if (!service.silent) response.writeHead(service.status, { location: '/elsewhere' }).end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url, keys, heard, service },
    address: (path = '/one') => ({ endpoint: url + path, keys }),
    /** The next notice that has not been taken yet. */
    async next(): Promise<PushedNotice> {
      for (;;) {
        const notice = heard.shift()
        if (notice) return notice
        await new Promise<void>((resolve) => {
          waiting = resolve
        })
      }
    },
    close(): Promise<void> {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
