import { NativeSelect, Switch, TextInput } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import type { DeviceSecret, DeviceShape } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { api, ask } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { FormDialog, SureDialog } from '../parts/form-dialog.tsx'
import { inputsOf } from '../parts/inputs.ts'
import { Empty, PageHead, Skeleton } from '../parts/page-head.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { goTo } from '../parts/use-desk-route.ts'
import { useList } from '../parts/use-list.ts'

const SecretDialog = lazy(() => import('../parts/secret-dialog.tsx').then((m) => ({ default: m.SecretDialog })))

/** Browsers make their own device. */
type Kind = Exclude<DeviceShape['kind'], 'desk'>

/** What rings for somebody, and where it is registered. */
export function DevicesPage({ personId }: { readonly personId?: string }) {
  const w = useWords()
  const { me, people, refresh } = useDesk()
  const whose = personId && me.role === 'administrator' ? personId : me.id
  const { value, failed, reload } = useList((signal) => api.devices(whose, signal), whose)
  const [editing, setEditing] = useState<DeviceShape | 'new'>()
  const [renewing, setRenewing] = useState<DeviceShape>()
  const [made, setMade] = useState<{ device: DeviceShape; secret: DeviceSecret }>()
  const changed = () => {
    reload()
    refresh()
  }
  const devices = (value?.devices ?? []).filter((device) => device.personId === whose)
  const name = people.find((person) => person.id === whose)?.name ?? me.name
  return (
    <div className="page">
      <PageHead title={whose === me.id ? w.devices.title : w.devices.of(name)} intro={w.devices.intro}>
        {me.role === 'administrator' && (
          <NativeSelect
            aria-label={w.devices.whose}
            data={people.map((person) => ({ value: person.id, label: person.name }))}
            value={whose}
            onChange={(event) => goTo('devices', event.currentTarget.value)}
          />
        )}
        <button type="button" className="button" data-kind="primary" onClick={() => setEditing('new')}>
          <Sign name="plus" /> {w.devices.add}
        </button>
      </PageHead>
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={3} />}
      {value && devices.length === 0 && <Empty title={w.devices.empty} hint={w.devices.emptyHint} />}
      {devices.length > 0 && (
        <ul className="card rows devices" aria-label={w.devices.title}>
          {devices.map((device) => (
            <DeviceRow
              key={device.id}
              device={device}
              onEdit={() => setEditing(device)}
              onSecret={() => setRenewing(device)}
            />
          ))}
        </ul>
      )}
      {editing && (
        <DeviceDialog
          key={editing === 'new' ? 'new' : editing.id}
          device={editing === 'new' ? undefined : editing}
          personId={whose}
          onClose={() => setEditing(undefined)}
          onMade={setMade}
          onChanged={changed}
        />
      )}
      <SureDialog
        question={renewing && w.devices.secretSure(renewing.name)}
        action={w.devices.secret}
        onClose={() => setRenewing(undefined)}
        onSure={async () => {
          if (renewing) setMade(await api.newSecret(renewing.id))
          changed()
        }}
      />
      <Suspense fallback={null}>{made && <SecretDialog {...made} onClose={() => setMade(undefined)} />}</Suspense>
    </div>
  )
}

interface DeviceRowProps {
  readonly device: DeviceShape
  readonly onEdit: () => void
  readonly onSecret: () => void
}

function DeviceRow({ device, onEdit, onSecret }: DeviceRowProps) {
  const w = useWords()
  const { dayAndTime } = useSpeech()
  const there = device.bindings.length > 0
  return (
    <li className="row">
      <span className="avatar" aria-hidden="true">
        <Sign name={device.kind === 'phone' ? 'phone' : 'devices'} size={18} />
      </span>
      <div className="row-main">
        <button type="button" className="row-link" onClick={onEdit}>
          <bdi>{device.name}</bdi>
        </button>
        <p className="quiet">
          {w.devices.kinds[device.kind]} · {w.devices.user} <bdi>{device.username}</bdi>
        </p>
      </div>
      <div className="row-detail">
        <span className="target-state" data-state={there ? 'free' : 'offline'}>
          {there ? w.devices.registered : w.devices.notRegistered}
        </span>
        {device.bindings.slice(0, 2).map((binding) => (
          <bdi key={binding.address} className="quiet binding">
            {binding.address} · {w.devices.since(dayAndTime(binding.registeredAt))}
          </bdi>
        ))}
      </div>
      <div className="row-after">
        {device.kind !== 'desk' && (
          <button type="button" className="button" onClick={onSecret}>
            <Sign name="key" /> {w.devices.secret}
          </button>
        )}
      </div>
    </li>
  )
}

/** What a browser's device is stays. */
function withoutKind<T extends { kind: Kind }>({ kind: _, ...rest }: T): Omit<T, 'kind'> {
  return rest
}

const messageLights = ['auto', 'always', 'never'] as const

interface DeviceDialogProps {
  readonly device: DeviceShape | undefined
  readonly personId: string
  readonly onClose: () => void
  readonly onMade: (made: { device: DeviceShape; secret: DeviceSecret }) => void
  readonly onChanged: () => void
}

function DeviceDialog({ device, personId, onClose, onMade, onChanged }: DeviceDialogProps) {
  const w = useWords()
  const [form, setForm] = useState({
    name: device?.name ?? '',
    kind: (device && device.kind !== 'desk' ? device.kind : 'phone') as Kind,
    autoAnswer: device?.autoAnswer ?? false,
    messageLight: device?.messageLight ?? ('auto' as const),
    directMedia: device?.directMedia ?? false,
  })
  const [removing, setRemoving] = useState(false)
  const change = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }))
  const save = async () => {
    if (device)
      await ask('PATCH /api/v1/devices/{id}', {
        path: { id: device.id },
        body: device.kind === 'desk' ? withoutKind(form) : form,
      })
    else onMade(await ask('POST /api/v1/devices', { body: { ...form, personId } }))
    // A new one is told by the dialog with its values.
    if (device) say(w.devices.saved)
    onChanged()
  }
  if (device && removing) {
    return (
      <SureDialog
        question={w.devices.removeSure(device.name)}
        onClose={onClose}
        onSure={async () => {
          await api.removeDevice(device.id)
          say(w.devices.removed)
          onChanged()
        }}
      />
    )
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={device ? w.devices.editTitle(device.name) : w.devices.newTitle}
      onSave={save}
      onRemove={device ? () => setRemoving(true) : undefined}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        return (
          <>
            <TextInput
              data-autofocus
              required
              label={w.devices.name}
              placeholder={w.devices.namePlaceholder}
              {...inputs.text('name')}
            />
            {device?.kind !== 'desk' && (
              <NativeSelect
                label={w.devices.kind}
                data={(['phone', 'softphone'] as const).map((kind) => ({ value: kind, label: w.devices.kinds[kind] }))}
                value={form.kind}
                onChange={(event) => change({ kind: event.currentTarget.value as Kind })}
              />
            )}
            {device?.kind !== 'desk' && (
              <NativeSelect
                label={w.devices.messageLight}
                data={messageLights.map((value) => ({ value, label: w.devices.messageLights[value] }))}
                {...inputs.text('messageLight')}
              />
            )}
            <Switch label={w.devices.autoAnswer} {...inputs.onOff('autoAnswer')} />
            <Switch label={w.devices.directMedia} {...inputs.onOff('directMedia')} />
          </>
        )
      }}
    </FormDialog>
  )
}
