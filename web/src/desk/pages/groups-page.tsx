import { MultiSelect, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { GroupShape } from '#api/contract.ts'
import { api, ask } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useDesk, useWords } from '../context.tsx'
import { AdminOnly } from '../parts/admin-only.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { Greeting } from '../parts/greeting.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { RingOrder, ringFormOf, ringPlanOf } from '../parts/ring-order.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'
import { afterMsOf, VoicemailFields, voicemailFormOf } from '../parts/voicemail-fields.tsx'

/** Groups: one extension that rings several people. */
export function GroupsPage() {
  const w = useWords()
  const { people } = useDesk()
  const { value, failed, reload } = useList((signal) => api.groups(signal))
  const [editing, setEditing] = useState<GroupShape | 'new'>()
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? id
  return (
    <AdminOnly>
      <div className="page">
        <PageHead title={w.groups.title}>
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            <Sign name="plus" /> {w.groups.add}
          </button>
        </PageHead>
        {failed && <p className="quiet">{w.form.loadFailed}</p>}
        {!value && !failed && <Skeleton lines={3} />}
        {value?.groups.length === 0 && <Empty title={w.groups.empty} hint={w.groups.emptyHint} />}
        {value && value.groups.length > 0 && (
          <ul className="card rows" aria-label={w.groups.title}>
            {value.groups.map((group) => (
              <li key={group.id} className="row">
                <span className="avatar" aria-hidden="true">
                  <Sign name="groups" size={20} />
                </span>
                <div className="row-main">
                  <button type="button" className="row-link" onClick={() => setEditing(group)}>
                    <bdi>{group.name}</bdi>
                  </button>
                  <p className="quiet">{group.members.map(nameOf).join(', ')}</p>
                </div>
                <p className="row-detail">
                  {group.extension && <strong className="number">{group.extension}</strong>}
                  {group.numbers.map((number) => (
                    <bdi key={number} className="quiet number">
                      {numberText(number)}
                    </bdi>
                  ))}
                </p>
                <span className="quiet row-after">{group.ring.mode === 'all' ? w.ring.all : w.ring.order}</span>
              </li>
            ))}
          </ul>
        )}
        {editing && (
          <GroupDialog
            key={editing === 'new' ? 'new' : editing.id}
            group={editing === 'new' ? undefined : editing}
            groups={value?.groups ?? []}
            onClose={() => setEditing(undefined)}
            onChanged={reload}
          />
        )}
      </div>
    </AdminOnly>
  )
}

interface GroupDialogProps {
  readonly group: GroupShape | undefined
  /** Every group: their members may be let pick up. */
  readonly groups: readonly GroupShape[]
  readonly onClose: () => void
  readonly onChanged: () => void
}

const newRing = { mode: 'all', order: [], ringMs: 60_000, stepMs: 15_000 } as const

function GroupDialog({ group, groups, onClose, onChanged }: GroupDialogProps) {
  const w = useWords()
  const { people } = useDesk()
  const [form, setForm] = useState({
    name: group?.name ?? '',
    extension: group?.extension ?? '',
    members: [...(group?.members ?? [])],
    pickup: { members: group?.pickup.members ?? true, by: [...(group?.pickup.by ?? [])] },
  })
  const [voicemail, setVoicemail] = useState(() => voicemailFormOf(group?.voicemail ?? { on: false, mail: true }))
  const [ring, setRing] = useState(() => ringFormOf(group?.ring ?? newRing))
  const [removing, setRemoving] = useState(false)
  const change = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }))
  // The order names people by their log-in.
  const entries = people.filter(({ id }) => form.members.includes(id)).map(({ login, name }) => ({ key: login, name }))
  const save = async () => {
    const body = { ...form, ring: ringPlanOf(ring, entries) }
    const afterMs = afterMsOf(voicemail)
    const rule = { on: voicemail.on, mail: voicemail.mail }
    if (group) {
      const changed = { ...body, voicemail: { ...rule, afterMs } }
      await ask('PATCH /api/v1/groups/{id}', { path: { id: group.id }, body: changed })
    } else {
      const added = { ...body, voicemail: afterMs === null ? rule : { ...rule, afterMs } }
      await ask('POST /api/v1/groups', { body: added })
    }
    say(w.groups.saved)
    onChanged()
  }
  if (group && removing) {
    return (
      <SureDialog
        question={w.groups.removeSure(group.name)}
        onClose={onClose}
        onSure={async () => {
          await api.removeGroup(group.id)
          say(w.groups.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={group ? w.groups.editTitle(group.name) : w.groups.newTitle}
      onSave={save}
      onRemove={group ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <div className="form-two">
              <TextInput data-autofocus required label={w.groups.name} {...inputs.text('name')} />
              <TextInput label={w.groups.extension} inputMode="numeric" {...inputs.text('extension')} />
            </div>
            <MultiSelect
              label={w.groups.members}
              data={people.map((person) => ({ value: person.id, label: person.name }))}
              value={form.members}
              error={faultOf('members')}
              searchable
              onChange={(members) => change({ members })}
            />
            <Switch
              label={w.groups.pickupMembers}
              description={w.groups.pickupHint}
              checked={form.pickup.members}
              onChange={(event) => change({ pickup: { ...form.pickup, members: event.currentTarget.checked } })}
            />
            <MultiSelect
              label={w.groups.pickupBy}
              data={[
                {
                  group: w.groups.title,
                  items: groups
                    .filter(({ id }) => id !== group?.id)
                    .map(({ id, name }) => ({ value: id, label: name })),
                },
                { group: w.people.title, items: people.map(({ id, name }) => ({ value: id, label: name })) },
              ]}
              value={form.pickup.by}
              error={faultOf('pickup.by')}
              searchable
              onChange={(by) => change({ pickup: { ...form.pickup, by } })}
            />
            <RingOrder
              form={ring}
              entries={entries}
              label={w.groups.mode}
              change={(part) => setRing((before) => ({ ...before, ...part }))}
              faultOf={faultOf}
            />
            <fieldset className="dialog-part">
              <legend>{w.voicemail.settings}</legend>
              <p className="quiet">{w.groups.voicemailHint}</p>
              <VoicemailFields
                form={voicemail}
                mail={w.groups.voicemailMail}
                change={(part) => setVoicemail((before) => ({ ...before, ...part }))}
                faultOf={faultOf}
              />
              {group && <Greeting mailbox={group.id} title={w.voicemail.greetingOf(group.name)} />}
            </fieldset>
          </>
        )
      }}
    </FormDialog>
  )
}
