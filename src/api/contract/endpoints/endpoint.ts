import type { z } from 'zod'
import type * as session from '../session.ts'

/**
 * Who may ask. `anyone`: without a log-in. `reader`: a log-in, and in the demo everybody on this machine. `session`: a log-in with a
 * password, no API token. Supervisors may what persons may, administrators what supervisors may.
 */
export type Access = 'anyone' | 'reader' | 'person' | 'session' | 'supervisor' | 'administrator'

export interface Endpoint {
  readonly about: string
  readonly access: Access
  /** What an API token needs; without one, tokens are refused. */
  readonly scope?: session.Scope
  /** Whose pages may ask by script, besides our own: those where the widget stands. */
  readonly origins?: 'widget'
  readonly path?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  /** Largest body in bytes; 64 KB where nothing is said. */
  readonly bodyLimit?: number
  readonly status: 200 | 201 | 204
  /** JSON that is answered; none for 204 and for files. */
  readonly answer?: z.ZodType
  /** Media type, where it is not JSON. */
  readonly type?: string
}

export const none = { status: 204 } as const
export const admin = { access: 'administrator', scope: 'directory:write' } as const
