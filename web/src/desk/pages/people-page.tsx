import { NativeSelect, PasswordInput, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Colleague, Role } from '#api/contract.ts'
import { useRetried } from '../../parts/use-retried.ts'
import { api, ask } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useDesk, useWords } from '../context.tsx'
import { AdminOnly } from '../parts/admin-only.tsx'
import { ColleagueState } from '../parts/colleagues.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { PageHead, Skeleton } from '../parts/page-head.tsx'
import { say } from '../parts/say.ts'
import { initials } from '../parts/shell.tsx'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** Everybody, for administrators to add, change and remove. */
export function PeoplePage() {
  const w = useWords()
  const { refresh, people } = useDesk()
  const { value, failed, reload } = useList((signal) => api.people(signal))
  const [editing, setEditing] = useState<Colleague | 'new'>()
  const changed = () => {
    reload()
    refresh()
  }
  return (
    <AdminOnly>
      <div className="page">
        <PageHead title={w.people.title}>
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            <Sign name="plus" /> {w.people.add}
          </button>
        </PageHead>
        {failed && <p className="quiet">{w.form.loadFailed}</p>}
        {!value && !failed && <Skeleton lines={5} />}
        <ul className="card rows" aria-label={w.people.title}>
          {value?.people.map((person) => (
            <li key={person.id} className="row">
              <span className="avatar" aria-hidden="true">
                {initials(person.name)}
              </span>
              <div className="row-main">
                <button type="button" className="row-link" onClick={() => setEditing(person)}>
                  <bdi>{person.name}</bdi>
                </button>
                <p className="quiet">
                  {person.login} · {w.people.roles[person.role]}
                </p>
              </div>
              <p className="row-detail">
                {person.extension && <strong className="number">{person.extension}</strong>}
                {person.numbers.map((number) => (
                  <bdi key={number} className="quiet number">
                    {numberText(number)}
                  </bdi>
                ))}
              </p>
              <ColleagueState person={people.find(({ id }) => id === person.id) ?? person} />
              <a className="button" href={`#/devices/${encodeURIComponent(person.id)}`}>
                {w.people.devices}
              </a>
            </li>
          ))}
        </ul>
        {editing && (
          <PersonDialog
            key={editing === 'new' ? 'new' : editing.id}
            person={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(undefined)}
            onChanged={changed}
          />
        )}
      </div>
    </AdminOnly>
  )
}

interface PersonDialogProps {
  readonly person: Colleague | undefined
  readonly onClose: () => void
  readonly onChanged: () => void
}

function PersonDialog({ person, onClose, onChanged }: PersonDialogProps) {
  const w = useWords()
  const { me } = useDesk()
  const [form, setForm] = useState({
    login: person?.login ?? '',
    name: person?.name ?? '',
    extension: person?.extension ?? '',
    email: person?.email ?? '',
    role: person?.role ?? ('person' as Role),
    password: '',
  })
  const [removing, setRemoving] = useState(false)
  const { value: full } = useRetried(
    async (signal) => (person ? await api.person(person.id, signal) : undefined),
    person?.id,
  )
  const [granted, setGranted] = useState<{ international?: boolean; premium?: boolean }>({})
  const change = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }))
  const save = async () => {
    const { password, ...rest } = form
    const grants = Object.keys(granted).length > 0 ? { grants: granted } : {}
    if (person) {
      await ask('PATCH /api/v1/people/{id}', { path: { id: person.id }, body: { ...rest, ...grants } })
      if (password) await api.setPassword(person.id, password)
    } else await ask('POST /api/v1/people', { body: { ...rest, ...grants, ...(password ? { password } : {}) } })
    say(w.people.saved)
    onChanged()
  }
  if (person && removing) {
    return (
      <SureDialog
        question={w.people.removeSure(person.name)}
        onClose={onClose}
        onSure={async () => {
          await api.removePerson(person.id)
          say(w.people.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={person ? w.people.editTitle(person.name) : w.people.newTitle}
      onSave={save}
      onRemove={person && person.id !== me.id ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <TextInput data-autofocus required label={w.people.name} {...inputs.text('name')} />
            <div className="form-two">
              <TextInput
                required
                label={w.people.login}
                autoCapitalize="none"
                spellCheck={false}
                {...inputs.text('login')}
              />
              <TextInput label={w.people.extension} inputMode="numeric" {...inputs.text('extension')} />
            </div>
            <TextInput type="email" label={w.people.email} {...inputs.text('email')} />
            <NativeSelect
              label={w.people.role}
              data={(['person', 'supervisor', 'administrator'] as const).map((role) => ({
                value: role,
                label: w.people.roles[role],
              }))}
              value={form.role}
              onChange={(event) => change({ role: event.currentTarget.value as Role })}
            />
            <Switch
              label={w.people.international}
              checked={granted.international ?? full?.grants.international ?? false}
              onChange={(event) => setGranted({ ...granted, international: event.currentTarget.checked })}
            />
            <Switch
              label={w.people.premium}
              checked={granted.premium ?? full?.grants.premium ?? false}
              onChange={(event) => setGranted({ ...granted, premium: event.currentTarget.checked })}
            />
            <PasswordInput
              label={person ? w.people.newPassword : w.people.password}
              description={person ? w.people.newPasswordHint : w.people.passwordHint}
              autoComplete="new-password"
              {...inputs.text('password')}
            />
          </>
        )
      }}
    </FormDialog>
  )
}
