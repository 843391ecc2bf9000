import { isIP } from 'node:net'
import { z } from 'zod'

/** An address to listen on. */
export interface Listener {
  /** Without brackets. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

export const listenerText = z.string().transform((text, context): Listener => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim())
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  const good =
    match && port <= 65_535 && (match[1] === undefined ? isIP(host) === 4 || host === 'localhost' : isIP(host) === 6)
  if (good) return { host, port }
  context.addIssue({ code: 'custom', message: 'address:port like 127.0.0.1:5060 or [::1]:5060', input: text })
  return z.NEVER
})

/** Text separated by commas, or a list. */
export const list = <S extends z.ZodType<unknown, string>>(entry: S) =>
  z.union([
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(entry)),
    z.array(entry),
  ])

export const whole = (least: number, most: number) => z.int().min(least).max(most)
export const text = z.string().min(1).max(255)

export const network = z.string().refine((value) => {
  const [address = '', bits, more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}, 'an address or a range like 10.0.0.0/8')

export const domain = z
  .string()
  .regex(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9][a-z0-9-]{0,62})*$/, 'a domain name in small letters')
