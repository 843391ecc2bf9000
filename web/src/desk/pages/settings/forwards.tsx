import { NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { numberText } from '../../calls/party.ts'
import { useDesk, useWords } from '../../context.tsx'
import { inputsOf } from '../../parts/inputs.ts'
import { RingOrder, ringFormOf, ringPlanOf } from '../../parts/ring-order.tsx'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import type { SettingsPartProps } from './settings-part.ts'

/** In which order my devices ring, and for how long. */
export function HowItRings({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { devices } = useDesk()
  const [ring, setRing] = useState(() => ringFormOf(settings.ring))
  const [pushWaitSeconds, setPushWaitSeconds] = useState<number | string>(settings.ring.pushWaitMs / 1000)
  const [declineEndsAll, setDeclineEndsAll] = useState(settings.declineEndsAll)
  // The order names devices by what they are called.
  const entries = devices.map(({ name }) => ({ key: name, name }))
  const send = () => {
    const pushWaitMs = Math.round(Number(pushWaitSeconds) * 1000)
    return save({ ring: { ...settings.ring, ...ringPlanOf(ring, entries), pushWaitMs }, declineEndsAll })
  }
  return (
    <Part title={w.settings.ringMode}>
      <SaveForm onSave={send}>
        {(faultOf) => (
          <>
            <RingOrder
              form={ring}
              entries={entries}
              label={w.settings.ringMine}
              change={(part) => setRing((before) => ({ ...before, ...part }))}
              faultOf={faultOf}
            />
            <NumberInput
              required
              min={0}
              max={60}
              hideControls
              label={w.settings.pushWait}
              description={w.settings.pushWaitHint}
              value={pushWaitSeconds}
              error={faultOf('ring.pushWaitMs')}
              onChange={setPushWaitSeconds}
            />
            <Switch
              label={w.settings.declineEnds}
              checked={declineEndsAll}
              onChange={(event) => setDeclineEndsAll(event.currentTarget.checked)}
            />
          </>
        )}
      </SaveForm>
    </Part>
  )
}

/** Where calls go that nobody takes. */
export function Forwards({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { always = '', busy = '', noAnswer = '' } = settings.forward
  const [form, setForm] = useState({ always, busy, noAnswer })
  const send = () => save({ forward: Object.fromEntries(Object.entries(form).filter(([, to]) => to.trim() !== '')) })
  return (
    <Part title={w.settings.forwards} intro={w.settings.forwardHint}>
      <SaveForm onSave={send}>
        {(faultOf) => {
          const inputs = inputsOf(form, (part) => setForm((before) => ({ ...before, ...part })), faultOf)
          return (
            <>
              <TextInput label={w.settings.forwardAlways} {...inputs.text('always', 'forward.always')} />
              <TextInput label={w.settings.forwardBusy} {...inputs.text('busy', 'forward.busy')} />
              <TextInput label={w.settings.forwardNoAnswer} {...inputs.text('noAnswer', 'forward.noAnswer')} />
            </>
          )
        }}
      </SaveForm>
    </Part>
  )
}

/** What others see when I call them. */
export function Shown({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { me } = useDesk()
  const { hideNumber, shownNumber } = settings
  const [form, setForm] = useState({ hideNumber, shownNumber })
  return (
    <Part title={w.settings.outside}>
      <SaveForm onSave={() => save(form)}>
        {(faultOf) => {
          const inputs = inputsOf(form, (part) => setForm((before) => ({ ...before, ...part })), faultOf)
          return (
            <>
              <Switch label={w.settings.hideNumber} {...inputs.onOff('hideNumber')} />
              {me.numbers.length > 0 && (
                <NativeSelect
                  label={w.settings.shownNumber}
                  disabled={form.hideNumber}
                  data={[
                    { value: '', label: w.settings.shownFirst },
                    ...me.numbers.map((number) => ({ value: number, label: numberText(number) })),
                  ]}
                  {...inputs.text('shownNumber')}
                />
              )}
            </>
          )
        }}
      </SaveForm>
    </Part>
  )
}
