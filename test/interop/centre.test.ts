import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Centre, centreTones } from '../support/centre.ts'
import { temporaryFolder } from '../support/folders.ts'
import { mailSettings, mailSink, post } from '../support/mail.ts'
import { needs } from '../support/needs.ts'
import { freePort } from '../support/ports.ts'
import { readWav, secondsOf, tonesIn } from '../support/tone.ts'
import { eventually } from './eventually.ts'
import { House } from './house.ts'

const number = '+13125550199'
/** The network that the centre is reached by. */
const provider = '127.0.0.3'
const askersTone = 440
const question = 1_200
/** `npm run soak -- centre` holds for three minutes. */
const holdMs = 1_000 * Number(process.env.CENTRE_HOLD_SECONDS ?? 15)

needs('baresip')('a centre of others', () => {
  let house: House
  let centre: Centre
  let sink: Awaited<ReturnType<typeof mailSink>>
  let smtp = 0

  beforeAll(async () => {
    sink = await mailSink()
    smtp = await freePort()
    const [port, httpPort] = [await freePort(), await freePort()]
    const config = `${mailSettings(smtp, sink.port)}
callbacks:
  centreRecording: {on: true, mostSeconds: 5}
  centres: [{number: "${number}", url: "http://127.0.0.1:${httpPort}/wait", inside: true}]
`
    const organisation = `
people:
  - {login: asker, name: Anna Asker, extension: 101, email: anna@sender.test, numbers: ["+13125550101"], devices: [{name: phone, username: asker, password: secret-of-asker}]}
trunks:
  - {name: provider, settings: {sources: [${provider}], gateways: ["sip:${provider}:${port}"], healthMs: 0}}
`
    house = await House.ofOrganisation({ organisation, config, prompts: { 'press-1-to-connect': question } })
    centre = await Centre.start({
      ...{ address: provider, port, server: house.baton.sip.target, httpPort, holdMs },
      ...{ questionTone: question, callerTone: askersTone },
    })
  })
  afterEach(() => house.clear())
  afterAll(async () => {
    await centre?.stop()
    await house?.close()
    await sink?.stop()
  })

  test(
    'is walked by its keys and waited in; the asker is rung when a person there presses 1',
    async () => {
      const asker = await house.phone('asker', { tone: askersTone })
      const rung = () => asker.events().some(({ type }) => type === 'CALL_INCOMING')

      const before = sink.mails.length
      await post(smtp, {
        ...{ from: 'Anna <anna@sender.test>', to: 'callback@baton.test', subject: 'A call, please' },
        ...{ text: `Call ${number},1,,2w3 and then me`, messageId: `<centre-${before}@sender.test>` },
        headers: { 'Authentication-Results': 'relay.test; dmarc=pass header.from=sender.test' },
      })
      await centre.event('wait-asked')
      const told = await eventually(() => {
        expect(sink.mails.length).toBeGreaterThan(before)
        return sink.mails[before]
      })
      const text = told?.raw.slice(told.raw.indexOf('\r\n\r\n')).replaceAll('=\r\n', '')
      expect(text).toMatch(/place 4\b/i)
      expect(text).toMatch(/3 minutes/)

      const { at: musicAt } = await centre.event('music')
      const link = await eventually(() => {
        const raw = sink.mails[before + 1]?.raw.replaceAll('=\r\n', '') ?? ''
        expect(raw).toMatch(/I wait there in your place/)
        return /listen#(\S+)/.exec(raw)?.[1] ?? ''
      })
      const said = await house.baton.fetch('/api/v1/callback-recordings', {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: link }) },
      })
      expect([said.status, said.headers.get('content-type')]).toEqual([200, 'audio/wav'])
      const file = join(temporaryFolder('heard'), 'said.wav')
      writeFileSync(file, Buffer.from(await said.arrayBuffer()))
      const sound = readWav(file)
      expect(sound.samples.length / sound.rate).toBeCloseTo(5, 0)
      const tones = tonesIn(sound)
      expect(secondsOf(centreTones.announcement, tones), 'what is said after the last key').toBeGreaterThan(1.5)
      expect(tones.find(({ frequency }) => frequency === centreTones.announcement)?.level).toBeGreaterThan(-25)
      expect(secondsOf(question, tones), 'what we say ourselves is not recorded').toBe(0)

      const { at: agentAt } = await centre.event('agent', holdMs + 45_000)
      expect(agentAt - musicAt).toBeGreaterThanOrEqual(holdMs - 10)
      expect(rung(), 'the asker is rung before anybody pressed the key').toBe(false)
      const pressed = await centre.event('pressed', 60_000)
      await asker.event('CALL_INCOMING')
      await asker.accept()
      await asker.hears(centreTones.agent, 1)
      await centre.event('caller-heard')
      await asker.hangup()
      await centre.event('bye')

      const events = centre.events()
      const keys = events.filter(({ what }) => what === 'key')
      expect(keys.map(({ key }) => key).join('')).toBe('123')
      const [one, two, three] = keys.map(({ at }) => at) as [number, number, number]
      expect(two - one, 'two commas are four seconds').toBeGreaterThanOrEqual(3_900)
      const spoken = events.find(({ what }) => what === 'spoken')
      expect(three, 'w waits until the menu has been spoken').toBeGreaterThan(spoken?.at ?? Number.POSITIVE_INFINITY)

      const record = await house.lastRecord()
      expect(record).toMatchObject({ callee: { number }, cause: 'answered', endedBy: 'caller' })
      expect(record.answeredAt).toBeGreaterThanOrEqual(pressed.at)
    },
    holdMs + 120_000,
  )
})
