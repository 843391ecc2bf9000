import type { Browser, BrowserContext, Worker } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createClient } from '#api'
import { launchChromium } from '../support/browser.ts'
import { needs } from '../support/needs.ts'
import { pushService } from '../support/push-service.ts'
import { type Baton, startBaton } from '../support/server.ts'
import { audioSdp, newCallId, SipClient } from '../support/sip-client.ts'

needs('chromium')('ringing while the desk is closed', () => {
  let browser: Browser
  let baton: Baton
  let service: Awaited<ReturnType<typeof pushService>>
  let phone: SipClient
  let caller: SipClient
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    baton = await startBaton()
    service = await pushService()
    browser = await launchChromium()
    phone = await SipClient.open({ server: baton.sip.target, user: 'alice' })
    expect((await phone.register('alice-demo')).status).toBe(200)
    caller = await SipClient.open({ server: baton.sip.target, user: '+12025550177' })
  })
  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.()
  })
  afterAll(async () => {
    phone?.close()
    caller?.close()
    await browser?.close()
    await service?.close()
    await baton?.stop()
  })

  /** Somebody switches it on; the browser's own push service is far away, so ours stands in for it. */
  async function switchedOn(language: 'en' | 'de', who = 'Alice') {
    const context = await browser.newContext({ locale: language, permissions: ['microphone', 'notifications'] })
    closers.push(() => context.close())
    const given = JSON.stringify(service.address(`/${language}/${who}`))
    await context.addInitScript(`{
      const given = ${given}
      PushManager.prototype.subscribe = async () => ({ ...given, toJSON: () => given })
    }`)
    const page = await context.newPage()
    await page.goto(`${baton.http}/desk#/settings`)
    await page.getByRole('button', { name: new RegExp(who) }).click()
    const label = language === 'en' ? 'Ring me when Baton is closed' : 'Auch klingeln, wenn Baton geschlossen ist'
    const box = page.getByRole('switch', { name: label })
    await box.click()
    await page.waitForFunction(
      (id) => localStorage.getItem('baton.ring-when-closed') === id,
      `demo-${who.toLowerCase()}`,
    )
    expect(await box.isChecked()).toBe(true)
    const [worker] = context.serviceWorkers()
    expect(worker?.url()).toBe(`${baton.http}/sw.js`)
    const session = await context.newCDPSession(page)
    const registration = new Promise<string>((resolve) =>
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        if (registrations[0]) resolve(registrations[0].registrationId)
      }),
    )
    await session.send('ServiceWorker.enable')
    const registrationId = await registration
    const its = worker as Worker
    await its.evaluate(`addEventListener('push', () => (globalThis.came = (globalThis.came ?? 0) + 1))`)
    let sent = 0
    /** Hands a notice to the worker as the browser's push service would, and waits until it has dealt with it. */
    const deliver = async (data: unknown) => {
      const push = { origin: baton.http, registrationId, data: JSON.stringify(data) }
      await session.send('ServiceWorker.deliverPushMessage', push)
      sent++
      // Chromium may lose a notice that is asked for while it is being shown.
      await expect.poll(() => its.evaluate<number>(dealtWith)).toBe(sent)
    }
    // The desk is closed: no page of it is left, its cookie is.
    await page.goto(`${baton.http}/healthz`)
    await expect.poll(() => its.evaluate<number>('desksHere().then(({ length }) => length)')).toBe(0)
    return { context, worker: its, deliver }
  }

  function invite(uri: string, callId: string): void {
    const headers = { 'Content-Type': 'application/sdp' }
    caller.send(caller.request({ method: 'INVITE', uri, callId, headers, body: audioSdp('127.0.0.1', 30_000) }))
  }

  /** An outside caller rings Alice, whose phone rings too. */
  async function ring() {
    const callId = newCallId()
    invite('sip:+12025550101@127.0.0.1', callId)
    const rung = await phone.expect({ method: 'INVITE' })
    phone.send(phone.response(rung, 180, 'Ringing'))
    return callId
  }

  /** Runs in the worker: how many notices it has dealt with. */
  const dealtWith = '(async () => { const seen = globalThis.came ?? 0; await turn; return seen })()'

  const notices = (worker: Worker) =>
    worker.evaluate<{ title: string; body: string; tag: string; actions: string[] }[]>(`(async () =>
      (await registration.getNotifications()).map(({ title, body, tag, actions }) =>
        ({ title, body, tag, actions: actions.map((each) => each.title) })))()`)
  /** Waits until there are so many notices. */
  async function shown(worker: Worker, count: number) {
    await expect.poll(() => notices(worker).then(({ length }) => length)).toBe(count)
    return notices(worker)
  }

  test('the notice has Answer and Decline; Decline declines the call, and its end takes notices away', async () => {
    const { worker, deliver } = await switchedOn('en')
    const callId = await ring()
    const { notice, headers } = await service.next()
    expect(headers).toMatchObject({ urgency: 'high', ttl: '30' })
    await deliver(notice)
    expect(await shown(worker, 1)).toEqual([
      { title: '+12025550177 calls', body: '', tag: notice.callId, actions: ['Answer', 'Decline'] },
    ])
    await click(worker, 'decline')
    expect((await phone.expect({ method: 'CANCEL' })).method).toBe('CANCEL')
    const ended = await caller.expect((message) => (message.status ?? 0) >= 300 && message.header('Call-ID') === callId)
    expect(ended.status).toBeGreaterThanOrEqual(480)
    await shown(worker, 0)
    const over = (await service.next()).notice
    expect(over).toMatchObject({ callId: notice.callId, state: 'over' })
  })

  // Chromium may lose a notice that follows at once on one that is being closed: each of these has a worker of its own.
  const ringing = { callId: 'a-call', state: 'ringing', title: '+12025550177 calls', body: '', language: 'en' }

  test('a notice goes when its call has ended elsewhere', async () => {
    const { worker, deliver } = await switchedOn('en')
    await deliver(ringing)
    await shown(worker, 1)
    await deliver({ ...ringing, state: 'over' })
    await shown(worker, 0)
  })

  test('the end of a call that comes while its notice is being shown takes it away', async () => {
    const { worker } = await switchedOn('en')
    const both = [ringing, { ...ringing, state: 'over' }].map((data) => JSON.stringify(data))
    await worker.evaluate(`(async () => {
      for (const data of ${JSON.stringify(both)}) dispatchEvent(new PushEvent('push', { data }))
    })()`)
    await expect.poll(() => worker.evaluate<number>(dealtWith)).toBe(2)
    expect(await notices(worker)).toEqual([])
  })

  test('a choice that comes too late is told in words, without further choices', async () => {
    const { worker, deliver } = await switchedOn('en')
    await deliver(ringing)
    await shown(worker, 1)
    await worker.evaluate(`{
      const show = registration.showNotification.bind(registration)
      registration.showNotification = (...all) => show(...all).then(() => (globalThis.told = true))
    }`)
    await click(worker, 'decline')
    await expect.poll(() => worker.evaluate<boolean>('globalThis.told')).toBe(true)
    expect(await notices(worker)).toMatchObject([{ body: 'This call no longer rings.', actions: [] }])
  })

  test('in German; Answer opens the desk, which takes the call', async () => {
    const { context, worker, deliver } = await switchedOn('de')
    const client = createClient({ base: baton.http, token: await token() })
    await client('PATCH /api/v1/settings', { body: { language: 'de' } })
    await ring()
    const { notice } = await service.next()
    await deliver(notice)
    expect(await shown(worker, 1)).toMatchObject([{ title: '+12025550177 ruft an', actions: ['Annehmen', 'Ablehnen'] }])
    const page = await opened(context, `/desk?answer=${notice.callId}`)
    await expect
      .poll(() => client('GET /api/v1/calls/{id}', { path: { id: notice.callId } }))
      .toMatchObject({ state: 'answered', answeredBy: expect.stringContaining('alice/desk') })
    expect(page.url()).not.toContain('answer=')
    await client('POST /api/v1/calls/{id}/hangup', { path: { id: notice.callId } })
  })

  test('no phone and the desk closed: the caller hears ringing, the notice opens the desk, which rings and answers', async () => {
    const { context, worker, deliver } = await switchedOn('en', 'Bob')
    const client = createClient({ base: baton.http, token: await token('bob') })
    const reachable = () =>
      client('GET /api/v1/people').then(({ people }) => people.find(({ login }) => login === 'bob')?.reachable)
    await expect.poll(reachable).toBe(false)
    const callId = newCallId()
    invite('sip:+12025550102@127.0.0.1', callId)
    const ours = (status: number) => (message: { status?: number; header(name: string): string | undefined }) =>
      message.status === status && message.header('Call-ID') === callId
    await caller.expect(ours(180))
    let heard = await service.next()
    while (heard.path !== '/en/Bob') heard = await service.next()
    const { notice } = heard
    await deliver(notice)
    expect(await shown(worker, 1)).toMatchObject([{ title: '+12025550177 calls', actions: ['Answer', 'Decline'] }])
    const page = await opened(context, '/desk')
    const card = page.getByRole('alertdialog', { name: /Incoming call from/ })
    await card.getByRole('button', { name: 'Answer', exact: true }).click()
    await caller.expect(ours(200))
    await expect
      .poll(() => client('GET /api/v1/calls/{id}', { path: { id: notice.callId } }))
      .toMatchObject({ state: 'answered', answeredBy: expect.stringContaining('bob/desk') })
    await client('POST /api/v1/calls/{id}/hangup', { path: { id: notice.callId } })
  })

  async function token(login = 'alice'): Promise<string> {
    const body = { login, password: `${login}-demo` }
    return (await createClient({ base: baton.http })('POST /api/v1/session', { body })).token
  }

  async function opened(context: BrowserContext, path: string) {
    const page = await context.newPage()
    await page.goto(baton.http + path)
    return page
  }

  /** Clicks a choice of the one notice, as the system would tell the worker. */
  function click(worker: Worker, action: string): Promise<void> {
    return worker.evaluate(`(async () => {
      const [notification] = await registration.getNotifications()
      dispatchEvent(new NotificationEvent('notificationclick', { notification, action: ${JSON.stringify(action)} }))
    })()`)
  }
})
