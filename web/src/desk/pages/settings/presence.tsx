import { NativeSelect, SegmentedControl } from '@mantine/core'
import { faultText } from '../../api.ts'
import { useDesk, useWords } from '../../context.tsx'
import { Part } from '../../parts/save-form.tsx'
import { sayTrouble } from '../../parts/say.ts'
import { changePresence } from '../../parts/shell.tsx'
import type { SettingsPartProps } from './settings-part.ts'

const presences = ['available', 'away', 'dnd'] as const

/** Who reaches me, and on what; saved at once. */
export function Presence({ settings, save }: SettingsPartProps) {
  const w = useWords()
  const { me, devices } = useDesk()
  const now = me.settings.presence
  const hints = { available: w.presence.availableHint, away: w.presence.awayHint, dnd: w.presence.dndHint }
  const tell = (saved: Promise<void>) =>
    void saved.catch((error) => sayTrouble(w.form.failed(faultText(error, w.form.unreachable))))
  return (
    <Part title={w.settings.presence}>
      <div>
        <SegmentedControl
          fullWidth
          aria-label={w.settings.presence}
          value={now}
          data={presences.map((each) => ({ value: each, label: w.presence[each] }))}
          onChange={(to) => tell(changePresence(to as typeof now))}
        />
        <p className="quiet field-hint">{hints[now]}</p>
      </div>
      <NativeSelect
        label={w.settings.preferred}
        description={w.settings.preferredHint}
        value={settings.preferredDevice}
        data={[
          { value: '', label: w.settings.allAlike },
          ...devices.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(event) => tell(save({ preferredDevice: event.currentTarget.value }))}
      />
    </Part>
  )
}
