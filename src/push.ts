import type { DeskParts } from '#api'
import type { CallView, LiveCalls } from '#call'
import { mayReach, type PushSubscriptions, RingNotices, vapidKeys, WebPush } from '#channels'
import { type Accounts, type Directory, devicesToRing } from '#directory'
import type { Clock, Log } from '#lib'
import type { Storage } from '#storage'

interface PushParts {
  readonly calls: LiveCalls
  readonly accounts: Accounts
  readonly directory: Directory
  readonly storage: Pick<Storage, 'values'>
  readonly subscriptions: PushSubscriptions
  readonly clock: Clock
  readonly log: Log
  /** Whom push services may ask about us: `mailto:` or `https:`. */
  readonly subject: string
  /** Only this machine reaches the server, so its own addresses may be named as push services. */
  readonly onlyLoopback: boolean
}

/** Lets people's browsers ring while the desk is closed: watches calls and sends Web Push notices. */
export async function startPush(parts: PushParts): Promise<NonNullable<DeskParts['push']> & { close(): void }> {
  const { calls, accounts, directory, storage, subscriptions, clock, log, subject } = parts
  const reachable = mayReach(parts.onlyLoopback)
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
      notices.changed(view.id, ringsFor(view, directory, clock.now()), view.caller)
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

/** Whether a notice can reach a person whose desk is closed. */
export function reachableByPush(subscriptions: PushSubscriptions, accounts: Pick<Accounts, 'stands'>) {
  return (personId: string): boolean => subscriptions.of(personId).some(({ loginId }) => accounts.stands(loginId))
}

/** Whom a call rings for now: whose stations ring, and who was called and has no station yet but may still come to one. */
export function ringsFor(view: CallView, directory: Pick<Directory, 'groupById' | 'personById'>, now: number) {
  const people = new Set<string>()
  if (view.state !== 'ringing') return people
  for (const { state, personId } of view.branches)
    if (personId !== '' && (state === 'calling' || state === 'ringing')) people.add(personId)
  const { number, personId: internal } = view.caller
  const caller = { number, internal: internal !== '' }
  const members = directory.groupById(view.callee.personId)?.members
  // Once somebody else's stations ring, the call was sent on and is no longer theirs.
  const sentOn = view.branches.some(({ personId }) => !members?.includes(personId))
  for (const personId of sentOn ? [] : (members ?? [view.callee.personId])) {
    if (view.branches.some((branch) => branch.personId === personId)) continue
    const person = directory.personById(personId)
    if (person && devicesToRing(person, caller, now, []).kind === 'ring') people.add(personId)
  }
  people.delete(internal)
  return people
}
