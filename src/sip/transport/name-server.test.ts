import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VirtualClock } from '#lib'
import { systemNameServer } from './name-server.ts'

test('the hosts file is asked first and read again after a while', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-hosts-'))
  try {
    const file = join(folder, 'hosts')
    writeFileSync(file, '# a comment\n192.0.2.1 PBX.lan pbx # here\n2001:db8:0::1\tpbx.lan\n')
    const clock = new VirtualClock()
    const server = systemNameServer(clock, file)
    expect(await server.a('pbx.lan')).toEqual([{ address: '192.0.2.1', ttl: 30 }])
    expect(await server.aaaa('pbx.lan')).toEqual([{ address: '2001:db8::1', ttl: 30 }])
    writeFileSync(file, '192.0.2.2 pbx.lan\n')
    expect(await server.a('pbx')).toEqual([{ address: '192.0.2.1', ttl: 30 }])
    await clock.advance(30_000)
    expect(await server.a('pbx.lan')).toEqual([{ address: '192.0.2.2', ttl: 30 }])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
