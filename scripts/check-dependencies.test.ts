import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findViolations, readSources } from './check-dependencies.ts'

const check = (path: string, text: string) => findViolations(new Map([[path, text]]))

describe('the dependency check', () => {
  test.each([
    ['src/sip/message/parse.ts', "import { ok } from '#lib'"],
    ['src/sip/message/parse.ts', "import type { Dialog } from '../dialog/types.ts'"],
    ['src/call/leg.ts', "import type { SipStack } from '#sip'\nimport { z } from 'zod'"],
    ['src/api/http.ts', "import { config } from '#config.ts'"],
    ['src/main.ts', "import { openStorage } from '#storage'\nimport { config } from './config.ts'"],
    ['src/services/index.ts', "export * from './call-pickup.ts'"],
    ['src/services/callback/job.ts', "import { plan } from './plan.ts'\nimport { service } from '../service.ts'"],
    ['src/call/call.test.ts', "import { tonesIn } from '../../test/support/tone.ts'"],
    ['web/board.tsx', "import { routes } from '#api/contract.ts'\nimport { useState } from 'react'"],
    ['src/sip/a.ts', "const text = 'we import nothing here from anybody'\n// read from '#call'"],
  ])('allows in %s: %s', (path, text) => {
    expect(check(path, text)).toEqual([])
  })

  test.each([
    [
      'src/sip/message/parse.ts',
      "import { Call } from '#call'",
      "src/sip/message/parse.ts: imports '#call'; sip may import lib",
    ],
    ['src/lib/log.ts', "export * from '#sip'", "src/lib/log.ts: imports '#sip'; lib may import no other room"],
    ['src/sip/a.ts', "import {\n  Call,\n  Leg,\n} from '#call'", "src/sip/a.ts: imports '#call'; sip may import lib"],
    ['src/sip/a.ts', "const c = await import('#call')", "src/sip/a.ts: imports '#call'; sip may import lib"],
    ['src/sip/a.ts', "import '#call'", "src/sip/a.ts: imports '#call'; sip may import lib"],
    [
      'src/call/leg.ts',
      "import { parse } from '#sip/message/parse.ts'",
      "src/call/leg.ts: imports '#sip/message/parse.ts' from inside a room; import its face",
    ],
    [
      'src/call/leg.ts',
      "import { parse } from '../sip/message/parse.ts'",
      "src/call/leg.ts: imports '../sip/message/parse.ts' from outside its room; write '#sip'",
    ],
    [
      'src/main.ts',
      "import { parse } from '#sip/message/parse.ts'",
      "src/main.ts: imports '#sip/message/parse.ts' from inside a room; import the room's face ('#room')",
    ],
    [
      'src/services/callback.ts',
      "import { pickUp } from './call-pickup.ts'",
      "src/services/callback.ts: imports './call-pickup.ts'; a service never imports another service",
    ],
    [
      'src/helpers/a.ts',
      "import 'zod'",
      'src/helpers/a.ts: src/helpers is no room; add it to scripts/check-dependencies.ts',
    ],
    [
      'web/board.tsx',
      "import { Call } from '#call'",
      "web/board.tsx: imports '#call'; web/ may import only the API's contract",
    ],
    ['src/lib/log.ts', 'export default 1', 'src/lib/log.ts: has a default export; export it by name'],
  ])('refuses in %s: %s', (path, text, violation) => {
    expect(check(path, text)).toEqual([violation])
  })

  test('reads the sources of this project', () => {
    const files = readSources(resolve(import.meta.dirname, '..'), ['src', 'no-such-folder'])
    expect(files.get('src/lib/index.ts')).toContain('export')
    expect([...files.keys()].every((path) => path.startsWith('src/'))).toBe(true)
  })
})
