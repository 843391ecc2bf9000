import { Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { PersonalSettings } from '#api/contract.ts'
import { useDesk, useWords } from '../../context.tsx'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import { Sign } from '../../parts/sign.tsx'
import type { FaultOf } from '../../parts/use-saving.ts'
import type { SettingsPartProps } from './settings-part.ts'

type Rule = PersonalSettings['callerRules'][number]

/** A rule as it is typed: the callers are one line. */
type RuleForm = Omit<Rule, 'callers'> & { readonly callers: string }

const formOf = ({ callers, ...rule }: Rule): RuleForm => ({ ...rule, callers: callers.join(', ') })

/** What the form says, without what belongs to other actions. */
function ruleOf({ callers, action, devices, to }: RuleForm): Rule {
  return {
    callers: callers
      .split(/[,\n]/)
      .map((caller) => caller.replace(/\s/g, ''))
      .filter(Boolean),
    action,
    devices: action === 'ring' ? devices : [],
    ...(action === 'divert' && to ? { to } : {}),
  }
}

/** What happens to calls of certain callers; the first rule that fits decides. */
export function CallerRules({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const [rules, setRules] = useState<readonly RuleForm[]>(() => settings.callerRules.map(formOf))
  const moveUp = (place: number) => {
    const moved = [...rules]
    const [rule] = moved.splice(place, 1)
    if (rule) moved.splice(place - 1, 0, rule)
    setRules(moved)
  }
  return (
    <Part title={w.settings.rules} intro={w.settings.rulesIntro}>
      <SaveForm onSave={() => save({ callerRules: rules.map(ruleOf) })}>
        {(faultOf) => (
          <>
            {rules.length === 0 && <p className="quiet">{w.settings.rulesNone}</p>}
            {rules.map((rule, place) => (
              <RuleFields
                // biome-ignore lint/suspicious/noArrayIndexKey: known by its place
                key={place}
                place={place}
                rule={rule}
                faultOf={(field) => faultOf(`callerRules.${place}.${field}`)}
                change={(part) => setRules(rules.map((each, at) => (at === place ? { ...each, ...part } : each)))}
                onUp={() => moveUp(place)}
                onRemove={() => setRules(rules.filter((_, at) => at !== place))}
              />
            ))}
            <button
              type="button"
              className="button"
              onClick={() => setRules([...rules, { callers: '', action: 'divert', devices: [] }])}
            >
              <Sign name="plus" /> {w.settings.ruleAdd}
            </button>
          </>
        )}
      </SaveForm>
    </Part>
  )
}

interface RuleFieldsProps {
  readonly place: number
  readonly rule: RuleForm
  readonly faultOf: FaultOf
  readonly change: (part: Partial<RuleForm>) => void
  readonly onUp: () => void
  readonly onRemove: () => void
}

function RuleFields({ place, rule, faultOf, change, onUp, onRemove }: RuleFieldsProps) {
  const w = useWords()
  const { devices } = useDesk()
  return (
    <fieldset className="rule-row">
      <legend className="unseen">{w.settings.ruleRow(place + 1)}</legend>
      <TextInput
        required
        label={w.settings.ruleCallers}
        description={w.settings.ruleCallersHint}
        placeholder="+1202555*, internal"
        value={rule.callers}
        error={faultOf('callers')}
        onChange={(event) => change({ callers: event.currentTarget.value })}
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
          error={faultOf('action')}
          onChange={(event) => change({ action: event.currentTarget.value as Rule['action'] })}
        />
        {rule.action === 'divert' && (
          <TextInput
            required
            label={w.settings.ruleTo}
            value={rule.to ?? ''}
            error={faultOf('to')}
            onChange={(event) => change({ to: event.currentTarget.value })}
          />
        )}
      </div>
      {rule.action === 'ring' && (
        <Checkbox.Group
          label={w.settings.ruleDevices}
          description={w.settings.ruleDevicesHint}
          value={rule.devices}
          error={faultOf('devices')}
          onChange={(chosen) => change({ devices: chosen })}
        >
          <div className="days">
            {devices.map(({ id, name }) => (
              <Checkbox key={id} value={id} label={name} size="sm" />
            ))}
          </div>
        </Checkbox.Group>
      )}
      <div className="rule-actions">
        {place > 0 && (
          <button type="button" className="button" onClick={onUp}>
            <Sign name="up" /> {w.settings.ruleUp}
          </button>
        )}
        <button type="button" className="button" onClick={onRemove}>
          {w.settings.remove}
        </button>
      </div>
    </fieldset>
  )
}
