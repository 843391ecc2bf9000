import { readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeWav } from '#media'
import type { VoicemailRow } from '#storage'
import { type ApiFixture, apiFixture } from '../../test/support/api.ts'

let api: ApiFixture
let bob: string
beforeEach(async () => {
  api = await apiFixture()
  bob = await api.logIn('bob')
})
afterEach(() => api.close())

const idOf = (login: string): string => api.directory.personByLogin(login)?.id ?? ''
const sound = writeWav(new Int16Array(24_000))

async function leave(id: string, ownerId = idOf('bob'), at = 1_000): Promise<void> {
  const row: VoicemailRow = {
    ...{ id, ownerId, state: 'recording', node: 'n', callId: `call-${id}`, callerId: '', callerNumber: '+12025550100' },
    ...{ callerName: 'Zoe', at, ms: 0, partial: 0, heardAt: null, mail: '' },
  }
  await api.voicemail.begin(row)
  await writeFile(api.voicemail.fileOf(id), sound)
  await api.voicemail.keep(row, { how: 'stopped', ms: 3_000 })
}

describe('messages', () => {
  it('are listed, heard, counted and deleted', async () => {
    await leave('m1')
    await leave('m2', idOf('bob'), 2_000)
    const events = api.events(bob)
    expect(await events.next()).toMatchObject({ type: 'snapshot' })
    const list = await api.ask('GET /api/v1/voicemail?limit=1', { token: bob })
    expect(list.body).toEqual({
      fresh: 2,
      next: expect.any(String),
      messages: [
        {
          id: 'm2',
          mailbox: { id: idOf('bob'), name: 'Bob', kind: 'person' },
          caller: { number: '+12025550100', name: 'Zoe', personId: '' },
          ...{ callId: 'call-m2', at: 2_000, ms: 3_000, partial: false, heardAt: null },
        },
      ],
    })
    const patched = await api.ask('PATCH /api/v1/voicemail/m2', { token: bob, body: { heard: true } })
    expect(patched.body).toMatchObject({ id: 'm2', heardAt: api.clock.now() })
    expect(await events.next()).toEqual({ type: 'voicemail', at: api.clock.now(), fresh: 1 })
    expect((await api.ask('DELETE /api/v1/voicemail/m1', { token: bob })).status).toBe(204)
    expect(await events.next()).toMatchObject({ type: 'voicemail', fresh: 0 })
    const left = await api.ask('GET /api/v1/voicemail', { token: bob })
    expect(left.body).toMatchObject({ fresh: 0, messages: [{ id: 'm2' }] })
    expect((await api.ask('GET /api/v1/voicemail/m1/audio', { token: bob })).status).toBe(404)
  })

  it('are played as WAV, whole and in part', async () => {
    await leave('m1')
    const get = (range?: string) =>
      fetch(`${api.url}/api/v1/voicemail/m1/audio`, {
        headers: { authorization: `Bearer ${bob}`, ...(range ? { range } : {}) },
      })
    const whole = await get()
    expect(whole.headers.get('content-type')).toBe('audio/wav')
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    expect(Buffer.from(await whole.arrayBuffer()).equals(sound)).toBe(true)
    const size = sound.length
    const parts: [string, number, string | null, number, number][] = [
      ['bytes=0-', 206, `bytes 0-${size - 1}/${size}`, 0, size],
      ['bytes=10-19', 206, `bytes 10-19/${size}`, 10, 20],
      ['bytes=-5', 206, `bytes ${size - 5}-${size - 1}/${size}`, size - 5, size],
      [`bytes=${size - 2}-${size + 100}`, 206, `bytes ${size - 2}-${size - 1}/${size}`, size - 2, size],
      [`bytes=${size}-`, 416, `bytes */${size}`, 0, 0],
      ['bytes=9-3', 200, null, 0, size],
      ['lines=1-2', 200, null, 0, size],
    ]
    for (const [range, status, told, from, to] of parts) {
      const part = await get(range)
      expect([range, part.status, part.headers.get('content-range')]).toEqual([range, status, told])
      expect(Buffer.from(await part.arrayBuffer()).equals(sound.subarray(from, to)), range).toBe(true)
    }
  })

  it('are nobody else’s: others get the 404 of what is not there', async () => {
    await leave('m1')
    for (const login of ['alice', 'sue']) {
      const token = await api.logIn(login)
      for (const what of ['GET /api/v1/voicemail/m1/audio', 'DELETE /api/v1/voicemail/m1'])
        expect((await api.ask(what, { token })).status).toBe(404)
      const patched = await api.ask('PATCH /api/v1/voicemail/m1', { token, body: { heard: true } })
      expect(patched.status).toBe(404)
      expect((await api.ask('GET /api/v1/voicemail', { token })).body).toEqual({ messages: [], fresh: 0 })
    }
    expect((await api.ask('GET /api/v1/voicemail')).status).toBe(401)
  })

  it('of a group are its members’', async () => {
    const group = api.directory.groups().find(({ members }) => members.includes(idOf('bob')))
    await leave('m1', group?.id)
    const { body } = await api.ask('GET /api/v1/voicemail', { token: bob })
    expect(body).toMatchObject({ fresh: 1, messages: [{ mailbox: { name: group?.name, kind: 'group' } }] })
    const dave = await api.logIn('dave')
    expect((await api.ask('GET /api/v1/voicemail', { token: dave })).body.messages).toEqual([])
  })
})

describe('retention', () => {
  it('deletes what was heard before, with its file, and files without a message; what nobody has heard stays', async () => {
    for (const id of ['old', 'late', 'fresh']) await leave(id)
    const { voicemail: rows } = api.storage
    await rows.heard('old', 1_500)
    await rows.heard('late', 3_000)
    const stray = api.voicemail.fileOf('stray')
    const young = api.voicemail.fileOf('young')
    await writeFile(stray, sound)
    await writeFile(young, sound)
    await utimes(stray, 0, 0)
    await api.clock.advance(2 * 86_400_000)
    await utimes(young, api.clock.now() / 1_000, api.clock.now() / 1_000)
    const files = async () => (await readdir(dirname(stray))).sort()
    await api.voicemail.retain(undefined)
    expect(await files()).toEqual(['fresh.wav', 'late.wav', 'old.wav', 'young.wav'])
    await api.voicemail.retain(2_000)
    expect(await files()).toEqual(['fresh.wav', 'late.wav', 'young.wav'])
    const { body } = await api.ask('GET /api/v1/voicemail', { token: await api.logIn('bob') })
    expect(body.messages.map(({ id }: { id: string }) => id).sort()).toEqual(['fresh', 'late'])
    expect(api.voicemail.countsOf(idOf('bob'))).toEqual({ fresh: 1, heard: 1 })
  })
})

describe('a greeting', () => {
  const greeting = (id = idOf('bob')): string => `/api/v1/mailboxes/${id}/greeting`

  it('is put, heard and taken away', async () => {
    expect((await api.ask(`GET ${greeting()}`, { token: bob })).status).toBe(404)
    const put = await api.ask(`PUT ${greeting()}`, { token: bob, body: { wav: sound.toString('base64') } })
    expect(put.status).toBe(204)
    expect((await api.voicemail.greeting(idOf('bob')))?.length).toBe(24_000)
    expect((await api.ask(`GET ${greeting()}`, { token: bob })).status).toBe(200)
    expect((await api.ask(`DELETE ${greeting()}`, { token: bob })).status).toBe(204)
    expect(await api.voicemail.greeting(idOf('bob'))).toBeUndefined()
  })

  it('that cannot be played is refused with what can be', async () => {
    const put = (wav: Buffer | string) =>
      api.ask(`PUT ${greeting()}`, {
        token: bob,
        body: { wav: typeof wav === 'string' ? wav : wav.toString('base64') },
      })
    expect((await put(Buffer.from('no sound at all'))).body).toMatchObject({
      field: 'wav',
      message: expect.stringContaining('allowed are 16-bit PCM and G.711'),
    })
    expect((await put(writeWav(new Int16Array(8 * 121_000)))).body.message).toContain('allowed are 120 s')
    expect((await put('***')).body).toMatchObject({ code: 'invalid', field: 'wav' })
  })
})

describe('the mailbox of a group', () => {
  const groupId = (): string => api.directory.groups()[0]?.id ?? ''
  const address = (): string => `/api/v1/mailboxes/${groupId()}`
  const wav = sound.toString('base64')

  it('is listed for its members with what is in it, and its messages can be asked for alone', async () => {
    await leave('m1', groupId())
    await leave('m2')
    const shape = { id: groupId(), name: 'front', kind: 'group', on: false, fresh: 1, heard: 0, greeting: 'spoken' }
    expect((await api.ask('GET /api/v1/mailboxes', { token: bob })).body.mailboxes).toEqual([
      { ...shape, id: idOf('bob'), name: 'Bob', kind: 'person' },
      shape,
    ])
    const list = await api.ask(`GET /api/v1/voicemail?mailbox=${groupId()}`, { token: bob })
    expect(list.body).toMatchObject({ fresh: 2, messages: [{ id: 'm1' }] })
    const dave = await api.logIn('dave')
    expect((await api.ask(`GET /api/v1/voicemail?mailbox=${groupId()}`, { token: dave })).status).toBe(404)
  })

  it('is greeted for by its members and by administrators, who hear none of its messages', async () => {
    const admin = await api.logIn('admin')
    for (const token of [bob, admin]) {
      expect((await api.ask(`PUT ${address()}/greeting`, { token, body: { wav } })).status).toBe(204)
      expect((await api.ask(`GET ${address()}`, { token })).body).toMatchObject({ greeting: 'recorded' })
      expect((await api.ask(`DELETE ${address()}/greeting`, { token })).status).toBe(204)
      expect((await api.ask(`GET ${address()}`, { token })).body).toMatchObject({ greeting: 'spoken' })
    }
    await leave('m1', groupId())
    expect((await api.ask('GET /api/v1/voicemail/m1/audio', { token: admin })).status).toBe(404)
    expect((await api.ask(`GET /api/v1/mailboxes/${idOf('bob')}`, { token: admin })).status).toBe(404)
    const dave = await api.logIn('dave')
    for (const what of ['GET', 'DELETE'])
      expect((await api.ask(`${what} ${address()}/greeting`, { token: dave })).status).toBe(404)
    expect((await api.ask(`PUT ${address()}/greeting`, { token: dave, body: { wav } })).status).toBe(404)
  })

  it('is set up with the group', async () => {
    const token = await api.logIn('admin')
    const patch = (voicemail: unknown) => api.ask(`PATCH /api/v1/groups/${groupId()}`, { token, body: { voicemail } })
    expect((await patch({ on: true, afterMs: 9_000 })).body.voicemail).toEqual({ on: true, afterMs: 9_000, mail: true })
    expect((await patch({ mail: false })).body.voicemail).toEqual({ on: true, afterMs: 9_000, mail: false })
    expect((await patch({ afterMs: null })).body.voicemail).toEqual({ on: true, mail: false })
    expect((await patch({ afterMs: 1 })).body).toMatchObject({ code: 'invalid', field: 'voicemail.afterMs' })
  })
})

it('settings say whether and when', async () => {
  const voicemail = { on: true, afterMs: 20_000, mail: false }
  const { body } = await api.ask('PATCH /api/v1/settings', { token: bob, body: { voicemail } })
  expect(body.voicemail).toEqual(voicemail)
  const bad = await api.ask('PATCH /api/v1/settings', {
    token: bob,
    body: { voicemail: { ...voicemail, afterMs: 5 } },
  })
  expect(bad.body).toMatchObject({ code: 'invalid', field: 'voicemail.afterMs' })
})
