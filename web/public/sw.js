// Rings while the desk is closed: shows what the server tells about a call, with Answer and Decline.
// Stands outside the built pages, because browsers look for it at an address that never changes.

const words = {
  en: { answer: 'Answer', decline: 'Decline', late: 'This call no longer rings.', failed: 'Declining failed.' },
  de: {
    answer: 'Annehmen',
    decline: 'Ablehnen',
    late: 'Dieser Anruf klingelt nicht mehr.',
    failed: 'Ablehnen ging nicht.',
  },
}
const wordsOf = (language) => words[language] ?? words.en

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

/** One after the other: the end of a call finds the notice of its ringing, and Chromium may lose one that is asked for while it is shown. */
let turn = Promise.resolve()
function inTurn(act) {
  const done = turn.then(act)
  turn = done.catch(() => {})
  return done
}

self.addEventListener('push', (event) => {
  const data = event.data?.json() ?? {}
  const shown = inTurn(() => show(data))
  event.waitUntil(shown)
})

async function show({ callId, state, title, body, language }) {
  if (typeof callId !== 'string') return
  if (state === 'over') {
    for (const notice of await self.registration.getNotifications({ tag: callId })) notice.close()
    return
  }
  // A desk that is looked at rings by itself; one that was closed this moment is still counted for a while.
  if ((await isLookedAt()) && (await pause(1000).then(isLookedAt))) return
  const text = wordsOf(language)
  await self.registration.showNotification(title, {
    body,
    tag: callId,
    lang: language,
    requireInteraction: true,
    vibrate: [300, 200, 300, 200, 300],
    data: { callId, title, language },
    actions: [
      { action: 'answer', title: text.answer },
      { action: 'decline', title: text.decline },
    ],
  })
}

self.addEventListener('notificationclick', (event) => {
  const { notification, action } = event
  const call = notification.data
  notification.close()
  // What is left of a notice about a decline that failed leads nowhere.
  if (!call) return
  const done = action === 'decline' ? decline(call) : answer(call)
  event.waitUntil(done)
})

/** The server knows us by the session's cookie. */
async function decline({ callId, title, language }) {
  const text = wordsOf(language)
  const answered = await fetch(`/api/v1/calls/${encodeURIComponent(callId)}/decline`, {
    method: 'POST',
    credentials: 'same-origin',
  }).catch(() => undefined)
  if (answered?.ok) return
  const late = answered?.status === 404 || answered?.status === 409
  const body = late ? text.late : text.failed
  // Under a name of its own: what closes the notice of the call is perhaps still under way.
  const tag = `${callId}-declined`
  await inTurn(() => self.registration.showNotification(title, { body, tag, lang: language }))
}

/** An open desk comes to the front, with whatever goes on in it; else one is opened. */
async function answer({ callId }) {
  const [desk] = await desksHere()
  if (!desk) {
    await self.clients.openWindow(`/desk?answer=${encodeURIComponent(callId)}`)
    return
  }
  desk.postMessage({ answer: callId })
  await desk.focus()
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function isLookedAt() {
  const desks = await desksHere()
  return desks.some((desk) => desk.visibilityState === 'visible')
}

async function desksHere() {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return pages.filter(({ url }) => new URL(url).pathname === '/desk')
}
