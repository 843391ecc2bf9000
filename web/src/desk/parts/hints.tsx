import { useLive } from '../../api/live.ts'
import { useWords } from '../context.tsx'
import { phone, usePhone } from '../phone/hub.ts'
import { Sign } from './sign.tsx'

/** What keeps this browser from ringing or hearing, and what to do; nothing when all is well. */
export function Hints() {
  const w = useWords()
  const { connection, soundBlocked, microphone } = usePhone()
  const board = useLive().connection
  const lost = board === 'lost' || connection === 'lost'
  const available = () => {
    phone.goAvailable()
    if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
  }
  return (
    <div className="hints">
      <p role="status" className="notice" data-shown={lost || connection === 'refused'}>
        {lost ? w.phone.lost : connection === 'refused' ? w.phone.refused : ''}
      </p>
      {soundBlocked && (
        <section className="hint" data-kind="sound">
          <Sign name="bell" size={22} />
          <p>{w.sound.blocked}</p>
          <button type="button" className="button" data-kind="primary" onClick={available}>
            {w.sound.unlock}
          </button>
        </section>
      )}
      <div role="alert">
        {microphone && (
          <section className="hint" data-kind="alert">
            <Sign name="mute" size={22} />
            <p>
              <strong>{w.microphone.title}.</strong> {w.microphone[microphone]}
            </p>
          </section>
        )}
      </div>
    </div>
  )
}
