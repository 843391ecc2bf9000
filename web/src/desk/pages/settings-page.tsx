import type { PersonalSettings } from '#api/contract.ts'
import { api, ask } from '../api.ts'
import { DevicePickers } from '../calls/device-pickers.tsx'
import { useWords } from '../context.tsx'
import { PageHead, Skeleton } from '../parts/page-head.tsx'
import { RingWhenClosed } from '../parts/push.tsx'
import { Part } from '../parts/save-form.tsx'
import { say } from '../parts/say.ts'
import { SpeakerTest } from '../parts/speaker-test.tsx'
import { useList } from '../parts/use-list.ts'
import { refreshPerson } from '../session.ts'
import { CallerRules } from './settings/caller-rules.tsx'
import { Forwards, HowItRings, Shown } from './settings/forwards.tsx'
import { Presence } from './settings/presence.tsx'
import { QuietHours } from './settings/quiet-hours.tsx'
import { Notices, PasswordPart, SingleKeys } from './settings/this-browser.tsx'
import { VoicemailPart } from './settings/voicemail-part.tsx'

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
        <SpeakerTest />
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

/** What the server keeps. Each part is saved by itself, with its own button, so that nothing is half done. */
function Reach({ settings, onSaved }: { readonly settings: PersonalSettings; readonly onSaved: () => void }) {
  const w = useWords()
  const save = async (change: Partial<PersonalSettings>) => {
    await ask('PATCH /api/v1/settings', { body: change })
    say(w.settings.saved)
    await refreshPerson()
    onSaved()
  }
  const parts = { settings, save }
  return (
    <>
      <Presence {...parts} />
      <QuietHours {...parts} />
      <CallerRules {...parts} />
      <HowItRings {...parts} />
      <Forwards {...parts} />
      <VoicemailPart {...parts} />
      <Shown {...parts} />
    </>
  )
}
