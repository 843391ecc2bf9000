import { PasswordInput, Switch } from '@mantine/core'
import { useEffect, useState } from 'react'
import { api } from '../../api.ts'
import { useWords } from '../../context.tsx'
import { inputsOf } from '../../parts/inputs.ts'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import { say } from '../../parts/say.ts'
import { setSingleKeys, singleKeysOn } from '../../parts/single-keys.ts'

/** Whether the system tells of calls while this page is hidden. */
export function Notices() {
  const w = useWords()
  const able = 'Notification' in window
  const [permission, setPermission] = useState(able ? Notification.permission : 'denied')
  return (
    <div>
      <Switch
        label={w.settings.noticesOn}
        checked={permission === 'granted'}
        disabled={permission !== 'default'}
        onChange={() => void Notification.requestPermission().then(setPermission)}
      />
      {permission === 'denied' && <p className="quiet field-hint">{w.settings.noticesBlocked}</p>}
    </div>
  )
}

export function SingleKeys() {
  const w = useWords()
  const [on, setOn] = useState(singleKeysOn)
  useEffect(() => setSingleKeys(on), [on])
  return (
    <Switch
      label={w.settings.singleKeys}
      description={w.settings.singleKeysHint}
      checked={on}
      onChange={(event) => setOn(event.currentTarget.checked)}
    />
  )
}

const nothing = { current: '', password: '' }

export function PasswordPart() {
  const w = useWords()
  const [form, setForm] = useState(nothing)
  const save = async () => {
    await api.changePassword(form.current, form.password)
    setForm(nothing)
    say(w.settings.passwordChanged)
  }
  return (
    <Part title={w.settings.password}>
      <SaveForm onSave={save}>
        {(faultOf) => {
          const inputs = inputsOf(form, (part) => setForm((before) => ({ ...before, ...part })), faultOf)
          return (
            <>
              <PasswordInput
                required
                label={w.settings.passwordCurrent}
                autoComplete="current-password"
                {...inputs.text('current')}
              />
              <PasswordInput
                required
                label={w.settings.passwordNew}
                description={w.settings.passwordNewHint}
                autoComplete="new-password"
                {...inputs.text('password')}
              />
            </>
          )
        }}
      </SaveForm>
    </Part>
  )
}
