import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { OwnNumber } from '#api/contract.ts'
import { api } from '../api.ts'
import { numberText } from '../calls/party.ts'
import { useDesk, useWords } from '../context.tsx'
import { AdminOnly } from '../parts/admin-only.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** Our telephone numbers and whom they ring. */
export function NumbersPage() {
  const w = useWords()
  const { value, failed, reload } = useList((signal) => api.numbers(signal))
  const [editing, setEditing] = useState<OwnNumber | 'new'>()
  return (
    <AdminOnly>
      <div className="page">
        <PageHead title={w.numbers.title} intro={w.numbers.intro}>
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            <Sign name="plus" /> {w.numbers.add}
          </button>
        </PageHead>
        {failed && <p className="quiet">{w.form.loadFailed}</p>}
        {!value && !failed && <Skeleton lines={3} />}
        {value?.numbers.length === 0 && <Empty title={w.numbers.empty} hint={w.numbers.emptyHint} />}
        {value && value.numbers.length > 0 && (
          <ul className="card rows" aria-label={w.numbers.title}>
            {value.numbers.map((each) => (
              <li key={each.number} className="row">
                <span className="avatar" aria-hidden="true">
                  <Sign name="numbers" size={18} />
                </span>
                <div className="row-main">
                  <button type="button" className="row-link" onClick={() => setEditing(each)}>
                    <bdi className="number">{numberText(each.number)}</bdi>
                  </button>
                </div>
                <p className="row-detail">
                  <span className="row-line">
                    <span className="quiet">{w.numbers.rings}</span> <bdi>{each.targetName}</bdi>
                  </span>
                </p>
              </li>
            ))}
          </ul>
        )}
        {editing && (
          <NumberDialog
            key={editing === 'new' ? 'new' : editing.number}
            existing={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(undefined)}
            onChanged={reload}
          />
        )}
      </div>
    </AdminOnly>
  )
}

interface NumberDialogProps {
  readonly existing: OwnNumber | undefined
  readonly onClose: () => void
  readonly onChanged: () => void
}

function NumberDialog({ existing, onClose, onChanged }: NumberDialogProps) {
  const w = useWords()
  const { people } = useDesk()
  const { value } = useList((signal) => api.groups(signal))
  const [number, setNumber] = useState(existing?.number ?? '')
  const [target, setTarget] = useState(existing ? `${existing.targetKind}:${existing.targetId}` : '')
  const [removing, setRemoving] = useState(false)
  const targets = [
    { group: w.numbers.person, items: people.map(({ id, name }) => ({ value: `person:${id}`, label: name })) },
    {
      group: w.numbers.group,
      items: (value?.groups ?? []).map(({ id, name }) => ({ value: `group:${id}`, label: name })),
    },
  ]
  const chosen = target || (targets[0]?.items[0]?.value ?? '')
  const save = async () => {
    const [kind, id = ''] = chosen.split(/:(.*)/s)
    const wanted = { number, targetKind: kind === 'group' ? ('group' as const) : ('person' as const), targetId: id }
    // A number leaves only whom this page showed it to ring.
    await api.putNumber(existing ? { ...wanted, from: existing.targetId } : wanted)
    say(w.numbers.saved)
    onChanged()
  }
  if (existing && removing) {
    return (
      <SureDialog
        question={w.numbers.removeSure(numberText(existing.number))}
        onClose={onClose}
        onSure={async () => {
          await api.removeNumber(existing.number)
          say(w.numbers.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={existing ? numberText(existing.number) : w.numbers.add}
      onSave={save}
      onRemove={existing ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => (
        <>
          <TextInput
            data-autofocus
            required
            type="tel"
            label={w.numbers.number}
            placeholder="+1 202 555 0147"
            value={number}
            disabled={existing !== undefined}
            error={faultOf('number')}
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
          <NativeSelect
            label={w.numbers.rings}
            data={targets}
            value={chosen}
            error={faultOf('targetId')}
            onChange={(event) => setTarget(event.currentTarget.value)}
          />
        </>
      )}
    </FormDialog>
  )
}
