import { createHash } from 'node:crypto'
import { contentPolicy } from './pages.ts'

const style =
  'body{font:1.125rem/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;color-scheme:light dark;overflow-wrap:anywhere}h1{font-size:1.5rem}' +
  'button{font:inherit;padding:.5rem 1.25rem;border-radius:.5rem;border:2px solid;cursor:pointer}button:focus-visible{outline:3px solid Highlight;outline-offset:2px}[hidden]{display:none}'

/** Runs on the page: reads the code behind the #, asks what it is about, and acts only when the button is pressed. */
const script = `
const words = {
  en: {
    cancel: 'Call off your call?', cancelButton: 'Call it off', cancelled: 'Your call is called off.',
    confirm: 'Did you ask for this call?', confirmButton: 'Yes, call me', confirmed: 'Thank you. The call will be made.',
    more: 'Thank you. There is one more question: it comes by message.',
    over: 'This was confirmed, called off or made already.', unknown: 'This link is not known. Another message may have a newer one.',
    broken: 'That did not work. Please try again.',
  },
  de: {
    cancel: 'Ihren Anruf absagen?', cancelButton: 'Absagen', cancelled: 'Ihr Anruf ist abgesagt.',
    confirm: 'Haben Sie um diesen Anruf gebeten?', confirmButton: 'Ja, bitte anrufen', confirmed: 'Danke. Der Anruf kommt.',
    more: 'Danke. Es gibt noch eine Frage: Sie kommt als Nachricht.',
    over: 'Das wurde schon bestätigt, abgesagt oder erledigt.', unknown: 'Dieser Link ist nicht bekannt. Vielleicht steht in einer anderen Nachricht ein neuerer.',
    broken: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  },
}
const act = location.pathname.endsWith('confirm') ? 'confirm' : 'cancel'
const [head, about, button, told] = ['h1', '#about', 'button', '#told'].map((name) => document.querySelector(name))
let text = words[navigator.language.startsWith('de') ? 'de' : 'en']
async function post(act) {
  const code = location.hash.slice(1)
  const answer = await fetch('/api/v1/callback-links', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code, act }),
  })
  return { status: answer.status, body: await answer.json() }
}
function end(sentence) { button.hidden = true; told.textContent = sentence }
const faultOf = (status) => status === 409 ? text.over : status === 404 || status === 400 ? text.unknown : text.broken
async function look() {
  const { status, body } = await post('look')
  if (status === 200) {
    text = words[body.language] ?? text
    document.documentElement.lang = body.language
    about.textContent = body.called + ', ' + body.when
  }
  head.textContent = document.title = text[act]
  button.textContent = text[act + 'Button']
  const open = status === 200 && (act === 'confirm' ? body.state === 'asking' : ['asking', 'scheduled', 'ringing'].includes(body.state))
  if (open) button.hidden = false
  else end(status === 200 ? text.over : faultOf(status))
}
button.addEventListener('click', async () => {
  button.disabled = true
  try {
    const { status, body } = await post(act)
    if (status !== 200) end(faultOf(status))
    else end(act === 'cancel' ? text.cancelled : body.state === 'asking' ? text.more : body.state === 'scheduled' ? text.confirmed : text.over)
  } catch { told.textContent = text.broken }
  button.disabled = false
})
addEventListener('hashchange', () => location.reload())
look().catch(() => end(text.broken))
`

/** Runs on the page: asks for the sound with the code behind the # and gives it to the player. */
const listenScript = `
const words = {
  en: { head: 'What the centre said', unknown: 'This recording is not there: it is deleted after a while.', broken: 'That did not work. Please try again.' },
  de: { head: 'Was die Zentrale gesagt hat', unknown: 'Diese Aufnahme gibt es nicht: Nach einiger Zeit wird sie gelöscht.', broken: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.' },
}
const language = navigator.language.startsWith('de') ? 'de' : 'en'
const text = words[language]
const [head, player, told] = ['h1', 'audio', '#told'].map((name) => document.querySelector(name))
document.documentElement.lang = language
head.textContent = document.title = text.head
player.setAttribute('aria-label', text.head)
async function load() {
  const answer = await fetch('/api/v1/callback-recordings', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: location.hash.slice(1) }),
  })
  if (!answer.ok) { told.textContent = answer.status === 404 || answer.status === 400 ? text.unknown : text.broken; return }
  player.src = URL.createObjectURL(await answer.blob())
  player.hidden = false
}
addEventListener('hashchange', () => location.reload())
load().catch(() => { told.textContent = text.broken })
`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The policy of {@link callbackPage}, which has its style and script inside. */
export const callbackPagePolicy = contentPolicy
  .replace("style-src 'self'", `style-src ${hash(style)}`)
  .replace("script-src 'self'", `script-src ${hash(script)}`)

/** Where links of messages lead: shows what it is about and a button. Opening it changes nothing, so that whoever checks links calls nothing off. */
export const callbackPage =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">' +
  `<title>Baton</title><style>${style}</style></head><body><main><h1>Baton</h1><p id="about"></p>` +
  `<p><button type="button" hidden></button></p><p id="told" role="status"></p></main><script>${script}</script></body></html>\n`

/** The policy of {@link listenPage}: what it plays was fetched by its script. */
export const listenPagePolicy = contentPolicy
  .replace("style-src 'self'", `style-src ${hash(style)}`)
  .replace("script-src 'self'", `script-src ${hash(listenScript)}`)
  .replace("media-src 'self'", 'media-src blob:')

/** Where the link of a message leads that offers what a centre said. */
export const listenPage =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">' +
  `<title>Baton</title><style>${style}</style></head><body><main><h1>Baton</h1><p><audio controls hidden></audio></p>` +
  `<p id="told" role="status"></p></main><script>${listenScript}</script></body></html>\n`
