import { Checkbox, NativeSelect, NumberInput, PasswordInput, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import type { PersonalSettings } from '#api/contract.ts'
import { api, ask, faultText } from '../api.ts'
import { DevicePickers } from '../calls/device-pickers.tsx'
import { useDesk, useWords } from '../context.tsx'
import { PageHead, Skeleton } from '../parts/page-head.tsx'
import { RingWhenClosed } from '../parts/push.tsx'
import { say } from '../parts/say.ts'
import { changePresence, type Presence } from '../parts/shell.tsx'
import { Sign } from '../parts/sign.tsx'
import { setSingleKeys, singleKeysOn } from '../parts/single-keys.ts'
import { useList } from '../parts/use-list.ts'
import { refreshPerson } from '../session.ts'

/** Everything that a person decides for themselves. */
export function SettingsPage() {
  const w = useWords()
  const { value, failed, reload } = useList((signal) => api.settings(signal))
  return (
    <div className="page settings">
      <PageHead title={w.settings.title} />
      {failed && <p className="quiet">{w.form.loadFailed}</p>}
      {!value && !failed && <Skeleton lines={6} />}
      {value && <Reach settings={value} onSaved={reload} />}
      <Part title={w.settings.sound} intro={w.settings.soundIntro}>
        <DevicePickers />
      </Part>
      <Part title={w.settings.notices}>
        <Notices />
        <RingWhenClosed />
      </Part>
      <Part title={w.settings.keys}>
        <SingleKeys />
      </Part>
      <PasswordPart />
    </div>
  )
}

function Part({
  title,
  intro,
  children,
}: {
  readonly title: string
  readonly intro?: string
  readonly children: ReactNode
}) {
  return (
    <section className="card part" aria-label={title}>
      <div className="part-head">
        <h2>{title}</h2>
        {intro && <p className="quiet">{intro}</p>}
      </div>
      <div className="part-body">{children}</div>
    </section>
  )
}

type Saving = (change: Partial<PersonalSettings>) => Promise<void>

/** What the server keeps. Each part is saved by itself, with its own button, so that nothing is half done. */
function Reach({ settings, onSaved }: { readonly settings: PersonalSettings; readonly onSaved: () => void }) {
  const w = useWords()
  const save: Saving = async (change) => {
    await ask('PATCH /api/v1/settings', { body: change })
    say(w.settings.saved)
    await refreshPerson()
    onSaved()
  }
  return (
    <>
      <Part title={w.settings.presence}>
        <PresencePart presence={settings.presence} />
        <PreferredDevice settings={settings} save={save} />
      </Part>
      <QuietHours settings={settings} save={save} />
      <CallerRules settings={settings} save={save} />
      <Forwards settings={settings} save={save} />
    </>
  )
}

function PresencePart({ presence }: { readonly presence: Presence }) {
  const w = useWords()
  const { me } = useDesk()
  const now = me.settings.presence ?? presence
  const hints = { available: w.presence.availableHint, away: w.presence.awayHint, dnd: w.presence.dndHint }
  return (
    <div>
      <SegmentedControl
        aria-label={w.settings.presence}
        value={now}
        data={(['available', 'away', 'dnd'] as const).map((each) => ({ value: each, label: w.presence[each] }))}
        onChange={(to) => void changePresence(to as Presence)}
      />
      <p className="quiet">{hints[now]}</p>
    </div>
  )
}

function PreferredDevice({ settings, save }: { readonly settings: PersonalSettings; readonly save: Saving }) {
  const w = useWords()
  const { devices } = useDesk()
  return (
    <NativeSelect
      label={w.settings.preferred}
      description={w.settings.preferredHint}
      value={settings.preferredDevice}
      data={[{ value: '', label: w.settings.allAlike }, ...devices.map(({ id, name }) => ({ value: id, label: name }))]}
      onChange={(event) => void save({ preferredDevice: event.currentTarget.value })}
    />
  )
}

/** Saves by a button and shows what the server says. */
function SaveForm({ onSave, children }: { readonly onSave: () => Promise<void>; readonly children: ReactNode }) {
  const w = useWords()
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    try {
      await onSave()
    } catch (error) {
      setFault(w.form.failed(faultText(error, w.form.unreachable)))
    }
    setBusy(false)
  }
  return (
    <form className="form" onSubmit={submit}>
      {children}
      <p role="alert" className="fault">
        {fault}
      </p>
      <button type="submit" className="button" data-kind="primary" disabled={busy}>
        {w.settings.save}
      </button>
    </form>
  )
}

function QuietHours({ settings, save }: { readonly settings: PersonalSettings; readonly save: Saving }) {
  const w = useWords()
  const [hours, setHours] = useState(settings.quietHours)
  const change = (place: number, part: Partial<(typeof hours)[number]>) =>
    setHours(hours.map((each, at) => (at === place ? { ...each, ...part } : each)))
  return (
    <Part title={w.settings.quiet} intro={w.settings.quietIntro}>
      <SaveForm onSave={() => save({ quietHours: hours })}>
        {hours.length === 0 && <p className="quiet">{w.settings.quietNone}</p>}
        {hours.map((each, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: known by its place
          <fieldset key={place} className="quiet-row">
            <legend className="unseen">{w.settings.quiet}</legend>
            <Checkbox.Group
              label={w.settings.days}
              value={each.days.map(String)}
              onChange={(days) => change(place, { days: days.map(Number).sort() })}
            >
              <div className="days">
                {w.days.map((day, index) => (
                  <Checkbox key={day} value={String(index + 1)} label={day} size="sm" />
                ))}
              </div>
            </Checkbox.Group>
            <div className="times">
              <TextInput
                type="time"
                required
                label={w.settings.from}
                value={each.from}
                onChange={(event) => change(place, { from: event.currentTarget.value })}
              />
              <TextInput
                type="time"
                required
                label={w.settings.until}
                value={each.to}
                onChange={(event) => change(place, { to: event.currentTarget.value })}
              />
              <button type="button" className="button" onClick={() => setHours(hours.filter((_, at) => at !== place))}>
                {w.settings.remove}
              </button>
            </div>
          </fieldset>
        ))}
        <button
          type="button"
          className="button"
          onClick={() => setHours([...hours, { days: [1, 2, 3, 4, 5], from: '18:00', to: '08:00' }])}
        >
          <Sign name="plus" /> {w.settings.quietAdd}
        </button>
      </SaveForm>
    </Part>
  )
}

type Rule = PersonalSettings['callerRules'][number]

function CallerRules({ settings, save }: { readonly settings: PersonalSettings; readonly save: Saving }) {
  const w = useWords()
  const [rules, setRules] = useState<readonly (Omit<Rule, 'callers'> & { readonly callers: string })[]>(() =>
    settings.callerRules.map((rule) => ({ ...rule, callers: rule.callers.join(', ') })),
  )
  const change = (place: number, part: Partial<(typeof rules)[number]>) =>
    setRules(rules.map((each, at) => (at === place ? { ...each, ...part } : each)))
  const moveUp = (place: number) => {
    const moved = [...rules]
    const [rule] = moved.splice(place, 1)
    if (rule) moved.splice(place - 1, 0, rule)
    setRules(moved)
  }
  const send = () =>
    save({
      callerRules: rules.map(({ callers, to, ...rule }) => ({
        ...rule,
        callers: callers
          .split(/[,\n]/)
          .map((caller) => caller.replace(/\s/g, ''))
          .filter(Boolean),
        ...(rule.action === 'divert' && to ? { to } : {}),
      })),
    })
  return (
    <Part title={w.settings.rules} intro={w.settings.rulesIntro}>
      <SaveForm onSave={send}>
        {rules.length === 0 && <p className="quiet">{w.settings.rulesNone}</p>}
        {rules.map((rule, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: known by its place
          <fieldset key={place} className="rule-row">
            <legend className="unseen">{w.settings.rules}</legend>
            <TextInput
              required
              label={w.settings.ruleCallers}
              description={w.settings.ruleCallersHint}
              placeholder="+1202555*, internal"
              value={rule.callers}
              onChange={(event) => change(place, { callers: event.currentTarget.value })}
            />
            <div className="form-two">
              <NativeSelect
                label={w.settings.ruleAction}
                value={rule.action}
                data={[
                  { value: 'ring', label: w.settings.ruleRing },
                  { value: 'divert', label: w.settings.ruleDivert },
                  { value: 'decline', label: w.settings.ruleDecline },
                ]}
                onChange={(event) => change(place, { action: event.currentTarget.value as Rule['action'] })}
              />
              {rule.action === 'divert' && (
                <TextInput
                  required
                  label={w.settings.ruleTo}
                  value={rule.to ?? ''}
                  onChange={(event) => change(place, { to: event.currentTarget.value })}
                />
              )}
            </div>
            <div className="rule-actions">
              {place > 0 && (
                <button type="button" className="button" onClick={() => moveUp(place)}>
                  <Sign name="up" /> {w.settings.ruleUp}
                </button>
              )}
              <button type="button" className="button" onClick={() => setRules(rules.filter((_, at) => at !== place))}>
                {w.settings.remove}
              </button>
            </div>
          </fieldset>
        ))}
        <button
          type="button"
          className="button"
          onClick={() => setRules([...rules, { callers: '', action: 'divert', devices: [] }])}
        >
          <Sign name="plus" /> {w.settings.ruleAdd}
        </button>
      </SaveForm>
    </Part>
  )
}

function Forwards({ settings, save }: { readonly settings: PersonalSettings; readonly save: Saving }) {
  const w = useWords()
  const [always, setAlways] = useState(settings.forward.always ?? '')
  const [busy, setBusy] = useState(settings.forward.busy ?? '')
  const [noAnswer, setNoAnswer] = useState(settings.forward.noAnswer ?? '')
  const [seconds, setSeconds] = useState(settings.ring.ringMs / 1000)
  const [declineEndsAll, setDeclineEndsAll] = useState(settings.declineEndsAll)
  const [hideNumber, setHideNumber] = useState(settings.hideNumber)
  const send = () =>
    save({
      forward: {
        ...(always ? { always } : {}),
        ...(busy ? { busy } : {}),
        ...(noAnswer ? { noAnswer } : {}),
      },
      ring: { ...settings.ring, ringMs: Math.round(seconds * 1000) },
      declineEndsAll,
      hideNumber,
    })
  return (
    <Part title={w.settings.forwards} intro={w.settings.forwardHint}>
      <SaveForm onSave={send}>
        <TextInput
          label={w.settings.forwardAlways}
          value={always}
          onChange={(event) => setAlways(event.currentTarget.value)}
        />
        <TextInput
          label={w.settings.forwardBusy}
          value={busy}
          onChange={(event) => setBusy(event.currentTarget.value)}
        />
        <TextInput
          label={w.settings.forwardNoAnswer}
          value={noAnswer}
          onChange={(event) => setNoAnswer(event.currentTarget.value)}
        />
        <NumberInput
          label={w.settings.ringFor}
          min={1}
          max={600}
          hideControls
          value={seconds}
          onChange={(value) => setSeconds(Number(value) || 60)}
        />
        <Switch
          label={w.settings.declineEnds}
          checked={declineEndsAll}
          onChange={(event) => setDeclineEndsAll(event.currentTarget.checked)}
        />
        <Switch
          label={w.settings.hideNumber}
          checked={hideNumber}
          onChange={(event) => setHideNumber(event.currentTarget.checked)}
        />
      </SaveForm>
    </Part>
  )
}

function Notices() {
  const w = useWords()
  const able = 'Notification' in window
  const [permission, setPermission] = useState(able ? Notification.permission : 'denied')
  return (
    <>
      <Switch
        label={w.settings.noticesOn}
        checked={permission === 'granted'}
        disabled={permission !== 'default'}
        onChange={() => void Notification.requestPermission().then(setPermission)}
      />
      {permission === 'denied' && <p className="quiet">{w.settings.noticesBlocked}</p>}
    </>
  )
}

function SingleKeys() {
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

function PasswordPart() {
  const w = useWords()
  const [current, setCurrent] = useState('')
  const [fresh, setFresh] = useState('')
  const save = async () => {
    try {
      await api.changePassword(current, fresh)
    } catch (error) {
      throw error instanceof ApiRefusal ? error : new TypeError(String(error))
    }
    setCurrent('')
    setFresh('')
    say(w.settings.passwordChanged)
  }
  return (
    <Part title={w.settings.password}>
      <SaveForm onSave={save}>
        <PasswordInput
          required
          label={w.settings.passwordCurrent}
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          required
          label={w.settings.passwordNew}
          description={w.settings.passwordNewHint}
          autoComplete="new-password"
          value={fresh}
          onChange={(event) => setFresh(event.currentTarget.value)}
        />
      </SaveForm>
    </Part>
  )
}
