import { NumberInput, PasswordInput, Switch, Textarea, TextInput } from '@mantine/core'
import { Fragment, useState } from 'react'
import type { TrunkShape } from '#api/contract.ts'
import { api, ask } from '../api.ts'
import { useWords } from '../context.tsx'
import { AdminOnly } from '../parts/admin-only.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useList } from '../parts/use-list.ts'

/** The lines to the outside. */
export function TrunksPage() {
  const w = useWords()
  const { value, failed, reload } = useList((signal) => api.trunks(signal))
  const [editing, setEditing] = useState<TrunkShape | 'new'>()
  return (
    <AdminOnly>
      <div className="page">
        <PageHead title={w.trunks.title} intro={w.trunks.intro}>
          <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
            <Sign name="plus" /> {w.trunks.add}
          </button>
        </PageHead>
        {failed && <p className="quiet">{w.form.loadFailed}</p>}
        {!value && !failed && <Skeleton lines={3} />}
        {value?.trunks.length === 0 && <Empty title={w.trunks.empty} hint={w.trunks.emptyHint} />}
        {value && value.trunks.length > 0 && (
          <ul className="card rows" aria-label={w.trunks.title}>
            {value.trunks.map((trunk) => (
              <li key={trunk.id} className="row">
                <span className="avatar" aria-hidden="true">
                  <Sign name="trunks" size={20} />
                </span>
                <div className="row-main">
                  {trunk.demo ? (
                    <strong>
                      <bdi>{trunk.name}</bdi>
                    </strong>
                  ) : (
                    <button type="button" className="row-link" onClick={() => setEditing(trunk)}>
                      <bdi>{trunk.name}</bdi>
                    </button>
                  )}
                  {trunk.demo && <p className="quiet">{w.trunks.demo}</p>}
                  {!trunk.demo && trunk.gateways.length === 0 && <p className="quiet">{w.trunks.inOnly}</p>}
                  {!trunk.demo &&
                    trunk.gateways.map((gateway) => (
                      <p key={gateway} className="quiet">
                        <Uri text={gateway} />
                      </p>
                    ))}
                </div>
                <p className="row-detail quiet">
                  {trunk.sources.slice(0, 3).map((source) => (
                    <bdi key={source}>{source}</bdi>
                  ))}
                </p>
              </li>
            ))}
          </ul>
        )}
        {editing && (
          <TrunkDialog
            key={editing === 'new' ? 'new' : editing.id}
            trunk={editing === 'new' ? undefined : editing}
            onClose={() => setEditing(undefined)}
            onChanged={reload}
          />
        )}
      </div>
    </AdminOnly>
  )
}

/** A long address that breaks before its parameters, not within a word. */
function Uri({ text }: { readonly text: string }) {
  const [address, ...parameters] = text.split(';')
  return (
    <bdi>
      {address}
      {parameters.map((parameter) => (
        <Fragment key={parameter}>
          <wbr />;{parameter}
        </Fragment>
      ))}
    </bdi>
  )
}

interface TrunkDialogProps {
  readonly trunk: TrunkShape | undefined
  readonly onClose: () => void
  readonly onChanged: () => void
}

const linesOf = (text: string) =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean)

function TrunkDialog({ trunk, onClose, onChanged }: TrunkDialogProps) {
  const w = useWords()
  const [form, setForm] = useState({
    name: trunk?.name ?? '',
    gateways: trunk?.gateways.join('\n') ?? '',
    sources: trunk?.sources.join('\n') ?? '',
    maxCalls: (trunk?.maxCalls ?? 0) as number | string,
    priority: (trunk?.priority ?? 0) as number | string,
    refer: trunk?.join === 'refer',
    registers: trunk?.registration !== undefined,
    registrar: trunk?.registration?.registrar ?? '',
    username: trunk?.registration?.username ?? '',
    password: '',
  })
  const [removing, setRemoving] = useState(false)
  const change = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }))
  const save = async () => {
    const { registrar, username, password } = form
    const registration = { registrar, username, ...(password ? { password } : {}) }
    const body = {
      name: form.name,
      gateways: linesOf(form.gateways),
      sources: linesOf(form.sources),
      maxCalls: Number(form.maxCalls),
      priority: Number(form.priority),
      join: form.refer ? ('refer' as const) : ('server' as const),
    }
    if (trunk) {
      const change = form.registers ? { registration } : trunk.registration ? { registration: null } : {}
      await ask('PATCH /api/v1/trunks/{id}', { path: { id: trunk.id }, body: { ...body, ...change } })
    } else await ask('POST /api/v1/trunks', { body: { ...body, ...(form.registers ? { registration } : {}) } })
    say(w.trunks.saved)
    onChanged()
  }
  if (trunk && removing) {
    return (
      <SureDialog
        question={w.trunks.removeSure(trunk.name)}
        onClose={onClose}
        onSure={async () => {
          await api.removeTrunk(trunk.id)
          say(w.trunks.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={trunk ? w.trunks.editTitle(trunk.name) : w.trunks.newTitle}
      onSave={save}
      onRemove={trunk ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <TextInput data-autofocus required label={w.trunks.name} {...inputs.text('name')} />
            <Textarea
              label={w.trunks.gateways}
              description={w.trunks.gatewaysHint}
              placeholder="sip:sip.example.com;transport=tls"
              rows={3}
              wrap="off"
              {...inputs.text('gateways')}
            />
            <Textarea
              label={w.trunks.sources}
              description={w.trunks.sourcesHint}
              placeholder="192.0.2.0/24"
              rows={3}
              {...inputs.text('sources')}
            />
            <div className="form-two">
              <NumberInput label={w.trunks.maxCalls} min={0} max={100_000} {...inputs.number('maxCalls')} />
              <NumberInput label={w.trunks.priority} min={0} max={1000} {...inputs.number('priority')} />
            </div>
            <Switch label={w.trunks.refer} description={w.trunks.referHint} {...inputs.onOff('refer')} />
            <Switch label={w.trunks.registers} {...inputs.onOff('registers')} />
            {form.registers && (
              <>
                <TextInput
                  required
                  label={w.trunks.registrar}
                  placeholder="sip:sip.example.com"
                  {...inputs.text('registrar', 'registration.registrar')}
                />
                <div className="form-two">
                  <TextInput required label={w.trunks.username} {...inputs.text('username', 'registration.username')} />
                  <PasswordInput
                    label={w.trunks.password}
                    {...(trunk?.registration?.hasPassword ? { description: w.trunks.passwordKept } : {})}
                    autoComplete="off"
                    {...inputs.text('password', 'registration.password')}
                  />
                </div>
              </>
            )}
          </>
        )
      }}
    </FormDialog>
  )
}
