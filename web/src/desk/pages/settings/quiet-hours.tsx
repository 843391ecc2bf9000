import { Checkbox, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../../context.tsx'
import { Part, SaveForm } from '../../parts/save-form.tsx'
import { Sign } from '../../parts/sign.tsx'
import type { SettingsPartProps } from './settings-part.ts'

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = Intl.supportedValuesOf('timeZone')

/** Hours in which nothing rings, and in which zone they are told. */
export function QuietHours({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const [hours, setHours] = useState(settings.quietHours)
  const [timeZone, setTimeZone] = useState(settings.timeZone)
  const change = (place: number, part: Partial<(typeof hours)[number]>) =>
    setHours(hours.map((each, at) => (at === place ? { ...each, ...part } : each)))
  const add = () => {
    // Nobody who has no quiet hours yet has thought about the zone.
    if (settings.quietHours.length === 0 && hours.length === 0) setTimeZone(ownZone)
    setHours([...hours, { days: [1, 2, 3, 4, 5], from: '18:00', to: '08:00' }])
  }
  return (
    <Part title={w.settings.quiet} intro={w.settings.quietIntro}>
      <SaveForm onSave={() => save({ quietHours: hours, timeZone })}>
        {(faultOf) => (
          <>
            {hours.length === 0 && <p className="quiet">{w.settings.quietNone}</p>}
            {hours.map((each, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: known by its place
              <fieldset key={place} className="quiet-row">
                <legend className="unseen">{w.settings.quietRow(place + 1)}</legend>
                <Checkbox.Group
                  label={w.settings.days}
                  value={each.days.map(String)}
                  error={faultOf(`quietHours.${place}.days`)}
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
                    error={faultOf(`quietHours.${place}.from`)}
                    onChange={(event) => change(place, { from: event.currentTarget.value })}
                  />
                  <TextInput
                    type="time"
                    required
                    label={w.settings.until}
                    value={each.to}
                    error={faultOf(`quietHours.${place}.to`)}
                    onChange={(event) => change(place, { to: event.currentTarget.value })}
                  />
                  <button
                    type="button"
                    className="button"
                    onClick={() => setHours(hours.filter((_, at) => at !== place))}
                  >
                    {w.settings.remove}
                  </button>
                </div>
              </fieldset>
            ))}
            <button type="button" className="button" onClick={add}>
              <Sign name="plus" /> {w.settings.quietAdd}
            </button>
            {hours.length > 0 && (
              <Select
                searchable
                label={w.settings.timeZone}
                data={[...new Set([timeZone, ownZone, ...zones])]}
                value={timeZone}
                error={faultOf('timeZone')}
                nothingFoundMessage={w.settings.timeZoneNone}
                onChange={(zone) => setTimeZone(zone ?? timeZone)}
              />
            )}
          </>
        )}
      </SaveForm>
    </Part>
  )
}
