import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock, VirtualClock } from '#lib'
import { CentrePort } from './centre-port.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A centre on this machine that answers so. */
async function centre(answer: RequestListener, inside = true, clock = systemClock) {
  const listening = createServer(answer)
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const said: string[] = []
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/wait`
  const centres = [{ number: '+12025550199', url, inside }]
  return { port: new CentrePort({ centres, clock, failed: (sentence) => said.push(sentence) }), said, url }
}

const wait = { place: 3, expectedWaitSeconds: 240, open: true }

describe('a centre that says its wait', () => {
  it('is asked by the number that is called', async () => {
    const { port } = await centre((_request, response) => response.end(JSON.stringify(wait)))
    expect(await port.wait('+12025550199')).toEqual(wait)
    expect(await port.wait('+12025550100')).toBeUndefined()
  })

  it.each([
    ['another place', (url: string) => [302, url] as const, 'status 302'],
    ['an error', () => [500, ''] as const, 'status 500'],
    ['something else', () => [200, '{"place":0}'] as const, 'place'],
    ['no end', () => [200, 'x'.repeat(100_000)] as const, 'too long'],
  ])('that answers with %s gave none', async (_what, answer, sentence) => {
    const made = await centre((_request, response) => {
      const [status, body] = answer(made.url)
      response.writeHead(status, { location: made.url })
      response.end(body)
    })
    expect(await made.port.wait('+12025550199')).toBeUndefined()
    expect(made.said.join()).toContain(sentence)
  })

  it('that is silent is left after 3 s', async () => {
    const clock = new VirtualClock()
    const asked = Promise.withResolvers<void>()
    const { port, said } = await centre(() => asked.resolve(), true, clock)
    const waits = port.wait('+12025550199')
    await asked.promise
    await clock.advance(3_000)
    expect(await waits).toBeUndefined()
    expect(said.join()).toContain('within 3 s')
  })

  it('in a network of our own is asked only where that is allowed', async () => {
    const { port, said, url } = await centre((_request, response) => response.end(JSON.stringify(wait)), false)
    expect(await port.wait('+12025550199')).toBeUndefined()
    const named = { number: '+12025550198', url: url.replace('127.0.0.1', 'localhost') }
    const other = new CentrePort({ centres: [named], clock: systemClock, failed: (sentence) => said.push(sentence) })
    expect(await other.wait('+12025550198')).toBeUndefined()
    expect(said).toHaveLength(2)
    expect(said.join()).toContain('network of our own')
  })
})
