/**
 * The widget for pages of others: `<script src="https://baton.example.org/widget.js" data-called="Sales" async></script>` puts a form where
 * it stands. It needs nothing else, sends no cookie, and keeps the visitor's session in the page's own storage. Its style is inside a shadow
 * root, so that it and the page leave each other alone. `data-language` is `en` or `de`; without it the page's language counts.
 * `data-number` is the visitor's number where the page knows it.
 */
export const widgetScript = `(() => {
  const script = document.currentScript
  const server = new URL(script.src).origin
  const english = {
    title: 'Shall we call you?', number: 'Your telephone number', name: 'Your name (if you like)', email: 'Your e-mail address',
    when: 'When', now: 'Now', later: 'At another time', time: 'Date and time', send: 'Please call me', cancel: 'Call it off',
    cancelled: 'Your call is called off.', broken: 'That did not work. Please try again.', needed: 'Please give your telephone number.',
  }
  const german = {
    title: 'Sollen wir Sie anrufen?', number: 'Ihre Telefonnummer', name: 'Ihr Name (wenn Sie mögen)', email: 'Ihre E-Mail-Adresse',
    when: 'Wann', now: 'Jetzt', later: 'Zu einer anderen Zeit', time: 'Datum und Uhrzeit', send: 'Bitte rufen Sie mich an', cancel: 'Absagen',
    cancelled: 'Ihr Anruf ist abgesagt.', broken: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.', needed: 'Bitte nennen Sie Ihre Telefonnummer.',
  }
  const wanted = script.dataset.language || document.documentElement.lang || navigator.language
  const language = wanted.toLowerCase().startsWith('de') ? 'de' : 'en'
  const words = language === 'de' ? german : english
  const host = document.createElement('div')
  script.after(host)
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(\`:host{all:initial;display:block;color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif;color:CanvasText}
    form{display:grid;gap:.75rem;max-width:24rem;padding:1rem;border:1px solid GrayText;border-radius:.75rem;background:Canvas}
    label{display:grid;gap:.25rem}fieldset{border:0;padding:0;margin:0}.row{display:flex;gap:.5rem;align-items:center}h2{font-size:1.125rem;margin:0}
    input,button{font:inherit;padding:.5rem;border-radius:.5rem;border:1px solid GrayText}button{cursor:pointer;font-weight:600}
    :focus-visible{outline:3px solid Highlight;outline-offset:2px}[hidden]{display:none!important}p{margin:0;white-space:pre-line}\`)
  root.adoptedStyleSheets = [sheet]
  const make = (tag, more = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), more)
    element.append(...inside)
    return element
  }
  const number = make('input', { type: 'tel', autocomplete: 'tel', required: true, maxLength: 64, value: script.dataset.number || '' })
  const name = make('input', { type: 'text', autocomplete: 'name', maxLength: 100 })
  const email = make('input', { type: 'email', autocomplete: 'email', required: true, maxLength: 254 })
  const choice = (value, checked) => make('input', { type: 'radio', name: 'when', value, checked })
  const now = choice('now', true)
  const later = choice('later', false)
  const time = make('input', { type: 'datetime-local' })
  const timeLabel = make('label', { hidden: true }, words.time, time)
  const send = make('button', { type: 'submit', textContent: words.send })
  const cancel = make('button', { type: 'button', textContent: words.cancel, hidden: true })
  const told = make('p', {})
  told.setAttribute('role', 'status')
  const form = make('form', { noValidate: false },
    make('h2', { textContent: script.dataset.title || words.title }),
    make('label', {}, words.number, number), make('label', {}, words.name, name),
    ...('email' in script.dataset ? [make('label', {}, words.email, email)] : []),
    make('fieldset', {}, make('legend', { textContent: words.when }),
      make('label', { className: 'row' }, now, words.now), make('label', { className: 'row' }, later, words.later)),
    timeLabel, send, told, cancel)
  form.lang = language
  form.setAttribute('aria-label', words.title)
  const change = () => { timeLabel.hidden = !later.checked; time.required = later.checked }
  now.addEventListener('change', change)
  later.addEventListener('change', change)
  const post = async (path, body) => {
    const answer = await fetch(server + path, {
      method: 'POST', credentials: 'omit', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    })
    return { ok: answer.ok, body: await answer.json() }
  }
  const stored = (value) => {
    try {
      if (value) localStorage.setItem('baton-callback', value)
      return localStorage.getItem('baton-callback') || undefined
    } catch { return undefined }
  }
  let code = ''
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    send.disabled = true
    told.textContent = ''
    try {
      const { ok, body } = await post('/api/v1/widget/callbacks', {
        called: script.dataset.called || "", caller: number.value.trim(), name: name.value.trim(), language,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || '',
        ...(later.checked && time.value ? { at: new Date(time.value).getTime() } : {}),
        ...('email' in script.dataset ? { email: email.value.trim() } : {}),
        ...(stored() ? { session: stored() } : {}),
      })
      told.textContent = ok ? body.text : body.message || words.broken
      if (ok) {
        stored(body.session)
        code = body.code
        cancel.hidden = code === ''
      }
    } catch { told.textContent = words.broken }
    send.disabled = false
  })
  cancel.addEventListener('click', async () => {
    try {
      const { ok, body } = await post('/api/v1/widget/callbacks/cancel', { code })
      told.textContent = ok ? words.cancelled : body.message || words.broken
      cancel.hidden = ok
    } catch { told.textContent = words.broken }
  })
  root.append(form)
})()
`
