/**
 * A calling centre of somebody else, in a process of its own: a menu that takes keys by RFC 4733, music for who waits, and a person who
 * presses the key that is asked for. By HTTP it says how long one would wait. What happens is printed, a line of JSON each.
 *   node test/support/centre-program.ts SETTINGS     (JSON of CentreSettings)
 */
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { RtpPeer } from '../interop/rtp-peer.ts'
import { ScriptedCall } from '../interop/scripted-call.ts'
import { type CentreEvent, type CentreSettings, centreTones } from './centre.ts'
import { type ReceivedMessage, SipClient } from './sip-client.ts'

const settings: CentreSettings = JSON.parse(process.argv[2] ?? '{}')
const { server, address, port, httpPort, holdMs, questionTone, callerTone } = settings
const longMs = 3_600_000
/** How long the two announcements of the menu are. */
const spokenMs = 1_500
/** How long it is said how many wait. */
const announcedMs = 3_000

function tell(what: CentreEvent['what'], key = ''): void {
  console.log(JSON.stringify({ what, key, at: Date.now() } satisfies CentreEvent))
}

createServer((_request, response) => {
  tell('wait-asked')
  response.end(JSON.stringify({ place: 4, expectedWaitSeconds: 180, open: true }))
}).listen(httpPort, '127.0.0.1')

const client = await SipClient.open({ server, address, port, user: 'centre' })
tell('ready')
for (;;) await serve(await client.expect({ method: 'INVITE' }, longMs))

async function serve(invite: ReceivedMessage): Promise<void> {
  const rtp = await RtpPeer.open(centreTones.menu)
  const keys: string[] = []
  let wake = (): void => {}
  rtp.onKey = (key) => {
    tell('key', key)
    keys.push(key)
    wake()
  }
  const next = async (): Promise<string> => {
    if (keys.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return keys.shift() ?? ''
  }
  const call = await ScriptedCall.answer(client, invite, rtp.port)
  tell('answered')
  rtp.play(invite.body)
  const over = call.expect('BYE', longMs).then((bye) => {
    client.send(client.response(bye, 200, 'OK'))
    tell('bye')
  })
  await Promise.race([over, walk(rtp, next)])
  await over
  rtp.close()
}

/** 1 and 2 lead into the second menu, 3 to the people. Other keys change nothing. */
async function walk(rtp: RtpPeer, next: () => Promise<string>): Promise<void> {
  const wanted = async (key: string): Promise<void> => {
    while ((await next()) !== key);
  }
  await wanted('1')
  await sleep(spokenMs)
  rtp.sounds(0)
  await wanted('2')
  rtp.sounds(centreTones.secondMenu)
  await sleep(spokenMs)
  rtp.sounds(0)
  tell('spoken')
  await wanted('3')
  rtp.sounds(centreTones.announcement)
  await sleep(announcedMs)
  tell('music')
  rtp.sounds(centreTones.music)
  await sleep(holdMs)
  rtp.sounds(centreTones.agent)
  tell('agent')
  await rtp.hears(questionTone, 0.5, 60_000)
  tell('pressed', '1')
  rtp.press('1')
  await rtp.hears(callerTone, 1, 60_000)
  tell('caller-heard')
}
