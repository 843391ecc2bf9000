import type { DeskParts } from '#api'
import type { CallView, LiveCalls } from '#call'
import { mayReach, PushSubscriptions, RingNotices, vapidKeys, WebPush } from '#channels'
import type { Accounts, Directory } from '#directory'
import type { Clock, Log } from '#lib'
import type { Storage } from '#storage'

interface PushParts {
  readonly calls: LiveCalls
  readonly accounts: Accounts
  readonly directory: Directory
  readonly storage: Pick<Storage, 'values'>
  readonly clock: Clock
  readonly log: Log
  /** Whom push services may ask about us: `mailto:` or `https:`. */
  readonly subject: string
  /** Only this machine reaches the server, so its own addresses may be named as push services. */
  readonly onlyLoopback: boolean
}

/** Lets people's browsers ring while the desk is closed: watches calls and sends Web Push notices. */
export async function startPush(parts: PushParts): Promise<NonNullable<DeskParts['push']> & { close(): void }> {
  const { calls, accounts, directory, storage, clock, log, subject } = parts
  const reachable = mayReach(parts.onlyLoopback)
  const subscriptions = await PushSubscriptions.open(storage.values)
  const told = (host: string, why: string) => log.info({ host, why }, 'a notice was not sent')
  const push = new WebPush({ keys: await vapidKeys(storage.values), subject, reachable, clock, told })
  const notices = new RingNotices({
    subscriptions,
    push,
    stands: (loginId) => accounts.stands(loginId),
    languageOf: (personId) => directory.personById(personId)?.settings.language ?? 'en',
  })
  // Snapshots of calls cost time, so calls are watched only while somebody is to be told.
  let unwatch: (() => void) | undefined
  const stopWatching = (): void => {
    unwatch?.()
    unwatch = undefined
  }
  const watch = (): void => {
    if (notices.idle) return
    unwatch ??= calls.watch((view) => {
      notices.changed(view.id, ringsFor(view), view.caller)
      if (notices.idle) stopWatching()
    })
  }
  subscriptions.onAdded = watch
  watch()
  const stopListening = accounts.onEnd((loginId, personId) => {
    subscriptions
      .endLogin(personId, loginId)
      .catch((error: unknown) => log.warn({ error: String(error) }, 'a push subscription could not be forgotten'))
  })
  return {
    publicKey: push.publicKey,
    subscriptions,
    reachable,
    close() {
      stopWatching()
      stopListening()
    },
  }
}

/** Whom a call rings for now. Before any station rings, a call to a person who may still come to one counts. */
function ringsFor(view: CallView): ReadonlySet<string> {
  const people = new Set<string>()
  if (view.state !== 'ringing') return people
  if (view.branches.length === 0 && view.callee.personId !== '') people.add(view.callee.personId)
  for (const { state, personId } of view.branches)
    if (personId !== '' && (state === 'calling' || state === 'ringing')) people.add(personId)
  people.delete(view.caller.personId)
  return people
}
