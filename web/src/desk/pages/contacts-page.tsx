import { Modal, Switch, Textarea, TextInput } from '@mantine/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import type { Contact, ContactInput } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { api, faultText } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useWords } from '../context.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say, sayTrouble } from '../parts/say.ts'
import { initials } from '../parts/shell.tsx'
import { Sign } from '../parts/sign.tsx'
import { goTo } from '../parts/use-desk-route.ts'
import { useList } from '../parts/use-list.ts'
import { phone } from '../phone/hub.ts'

const ImportDialog = lazy(() => import('./contact-import.tsx').then((m) => ({ default: m.ImportDialog })))

/** Contacts: search, add, change, import; each with its numbers to call and its notes. */
export function ContactsPage({ chosen }: { readonly chosen?: string }) {
  const w = useWords()
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  const [editing, setEditing] = useState<Contact | 'new'>()
  const [importing, setImporting] = useState(false)
  const { value, failed, reload } = useList((signal) => api.contacts(q ? { q } : {}, signal), q)
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])
  const contacts = value?.contacts ?? []
  const shown = contacts.find((contact) => contact.id === chosen)
  return (
    <div className="page">
      <PageHead title={w.contacts.title}>
        <TextInput
          type="search"
          aria-label={w.contacts.search}
          placeholder={w.contacts.search}
          leftSection={<Sign name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="button" className="button" onClick={() => setImporting(true)}>
          <Sign name="upload" /> {w.contacts.import}
        </button>
        <a className="button" href="/api/v1/contacts.csv" download>
          <Sign name="download" /> {w.contacts.export}
        </a>
        <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
          <Sign name="plus" /> {w.contacts.add}
        </button>
      </PageHead>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={6} />}
      {value && contacts.length === 0 && (
        <Empty title={q ? w.contacts.emptyFound(q) : w.contacts.empty} {...(q ? {} : { hint: w.contacts.emptyHint })} />
      )}
      {contacts.length > 0 && (
        <ul className="card rows" aria-label={w.contacts.title}>
          {contacts.map((contact) => (
            <ContactRow key={contact.id} contact={contact} />
          ))}
        </ul>
      )}
      <ContactDialog
        key={shown?.id ?? (editing === 'new' ? 'new' : '')}
        contact={shown ?? editing}
        onClose={() => {
          setEditing(undefined)
          if (chosen) goTo('contacts')
        }}
        onChanged={reload}
      />
      <Suspense fallback={null}>
        {importing && <ImportDialog onClose={() => setImporting(false)} onDone={reload} />}
      </Suspense>
    </div>
  )
}

function ContactRow({ contact }: { readonly contact: Contact }) {
  const w = useWords()
  const name = contact.name || contact.company
  return (
    <li className="row">
      <span className="avatar" aria-hidden="true">
        {initials(name)}
      </span>
      <div className="row-main">
        <a href={`#/contacts/${encodeURIComponent(contact.id)}`}>
          <bdi>{name}</bdi>
        </a>
        <p className="quiet">
          {contact.name && contact.company && <bdi>{contact.company}</bdi>}
          {contact.shared && <span className="tag">{w.contacts.sharedMark}</span>}
        </p>
      </div>
      <ul className="plain row-numbers">
        {contact.numbers.slice(0, 3).map(({ number, label }) => (
          <li key={number}>
            <button
              type="button"
              className="call-link-button"
              aria-label={`${w.history.callBack(name)}, ${label} ${numberText(number)}`}
              onClick={() => phone.send({ do: 'dial', to: number })}
            >
              <Sign name="phone" /> <bdi className="number">{numberText(number)}</bdi>
            </button>
            {label && <span className="quiet"> {label}</span>}
          </li>
        ))}
      </ul>
    </li>
  )
}

interface ContactDialogProps {
  readonly contact: Contact | 'new' | undefined
  readonly onClose: () => void
  readonly onChanged: () => void
}

function ContactDialog({ contact, onClose, onChanged }: ContactDialogProps) {
  const w = useWords()
  const existing = contact === 'new' ? undefined : contact
  const [form, setForm] = useState<Required<ContactInput>>(() => formOf(existing))
  const change = (part: Partial<ContactInput>) => setForm((before) => ({ ...before, ...part }))
  if (existing && !existing.mine) return <ReadContact contact={existing} onClose={onClose} />
  const save = async () => {
    const numbers = form.numbers.filter(({ number }) => number.trim() !== '')
    if (existing) await api.changeContact(existing.id, { ...form, numbers })
    else await api.addContact({ ...form, numbers })
    say(w.contacts.saved)
    onChanged()
  }
  const remove = async () => {
    if (!existing) return
    try {
      await api.removeContact(existing.id)
      say(w.contacts.removed)
      onChanged()
      onClose()
    } catch (error) {
      sayTrouble(w.form.failed(faultText(error, w.form.unreachable)))
    }
  }
  const changeNumber = (place: number, part: Partial<{ number: string; label: string }>) =>
    change({ numbers: form.numbers.map((each, at) => (at === place ? { ...each, ...part } : each)) })
  return (
    <FormDialog
      opened={contact !== undefined}
      onClose={onClose}
      title={existing ? w.contacts.editTitle : w.contacts.newTitle}
      onSave={save}
      onRemove={existing ? () => void remove() : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <TextInput data-autofocus label={w.contacts.name} {...inputs.text('name')} />
            <TextInput label={w.contacts.company} {...inputs.text('company')} />
            <fieldset className="numbers">
              <legend>{w.contacts.numbers}</legend>
              {form.numbers.map(({ number, label = '' }, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a number is known by its place while it is typed
                <div key={place} className="number-row">
                  <TextInput
                    type="tel"
                    aria-label={w.contacts.number(place + 1)}
                    placeholder="+1 202 555 0147"
                    value={number}
                    onChange={(event) => changeNumber(place, { number: event.currentTarget.value })}
                  />
                  <TextInput
                    aria-label={w.contacts.label(place + 1)}
                    placeholder={w.contacts.labelPlaceholder}
                    value={label}
                    onChange={(event) => changeNumber(place, { label: event.currentTarget.value })}
                  />
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={w.contacts.removeNumber(place + 1)}
                    onClick={() => change({ numbers: form.numbers.filter((_, at) => at !== place) })}
                  >
                    <Sign name="close" size={18} />
                  </button>
                </div>
              ))}
              <p role="alert" className="fault">
                {faultOf('numbers')}
              </p>
              <button
                type="button"
                className="button"
                onClick={() => change({ numbers: [...form.numbers, { number: '', label: '' }] })}
              >
                <Sign name="plus" /> {w.contacts.addNumber}
              </button>
            </fieldset>
            <TextInput type="email" label={w.contacts.email} {...inputs.text('email')} />
            <Textarea
              label={w.contacts.remark}
              description={w.contacts.remarkHint}
              rows={2}
              {...inputs.text('remark')}
            />
            <Switch label={w.contacts.shared} {...inputs.onOff('shared')} />
            {existing && <Notes id={existing.id} />}
          </>
        )
      }}
    </FormDialog>
  )
}

function formOf(contact: Contact | undefined): Required<ContactInput> {
  if (!contact)
    return { name: '', company: '', numbers: [{ number: '', label: '' }], email: '', remark: '', shared: false }
  const { name, company, numbers, email, remark, shared } = contact
  return { name, company, numbers, email, remark, shared }
}

function ReadContact({ contact, onClose }: { readonly contact: Contact; readonly onClose: () => void }) {
  const w = useWords()
  return (
    <Modal
      opened
      onClose={onClose}
      title={contact.name || contact.company}
      closeButtonProps={{ 'aria-label': w.form.close }}
    >
      <div className="form">
        <p className="quiet">{w.contacts.notMine}</p>
        <p>{contact.company}</p>
        <p>{contact.remark}</p>
        <Notes id={contact.id} />
      </div>
    </Modal>
  )
}

function Notes({ id }: { readonly id: string }) {
  const w = useWords()
  const { dayAndTime } = useSpeech()
  const { value, reload } = useList((signal) => api.notes(id, signal), id)
  const [text, setText] = useState('')
  const add = async () => {
    try {
      await api.addNote(id, text.trim())
      setText('')
      reload()
    } catch (error) {
      sayTrouble(w.form.failed(faultText(error, w.form.unreachable)))
    }
  }
  return (
    <section className="notes" aria-label={w.contacts.notes}>
      <h3>{w.contacts.notes}</h3>
      {value && value.notes.length === 0 && <p className="quiet">{w.contacts.noNotes}</p>}
      <ul className="plain">
        {value?.notes.map((note) => (
          <li key={note.id} className="note">
            <bdi>{note.text}</bdi>
            <span className="quiet">
              {note.author} · {dayAndTime(note.at)}
            </span>
          </li>
        ))}
      </ul>
      <Textarea
        label={w.contacts.noteNew}
        rows={2}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <button type="button" className="button" disabled={text.trim() === ''} onClick={() => void add()}>
        {w.contacts.noteAdd}
      </button>
    </section>
  )
}
