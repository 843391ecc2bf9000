import { expect, test } from 'vitest'
import { eventually } from '../interop/eventually.ts'
import { House } from '../interop/house.ts'
import { headerOf, mailSettings, mailSink, post } from '../support/mail.ts'
import { freePort } from '../support/ports.ts'

const organisation = `
people:
  - {login: asker, name: Anna Asker, extension: 101, email: anna@sender.test}
  - {login: seller, name: Sam Seller, extension: 102}
`

test('a mail that was taken is answered once, though the server is killed before the answer is out', async () => {
  const sink = await mailSink()
  const smtp = await freePort()
  const house = await House.ofOrganisation({
    organisation,
    config: mailSettings(smtp, sink.port),
  })
  const mail = () =>
    post(smtp, {
      ...{ from: 'Anna <anna@sender.test>', to: 'callback@baton.test', subject: 'A call, please' },
      ...{ text: 'Please have Sam Seller call me in 3 hours', messageId: '<once@sender.test>' },
      headers: { 'Authentication-Results': 'relay.test; dmarc=pass header.from=sender.test' },
    })
  try {
    // The next server takes nothing yet: the answer waits.
    sink.refuse(451)
    expect(await mail()).toMatch(/^250/)
    await eventually(() => expect(house.baton.output()).toMatch(/could not be sent; it is tried again/), 30_000)
    await house.baton.kill()
    sink.refuse(undefined)
    expect(sink.mails).toEqual([])
    await house.baton.restart()
    // Whoever sent it has not heard that it was taken, and sends it again.
    expect(await mail()).toMatch(/^250/)
    const told = () => sink.mails.map(({ raw }) => headerOf(raw, 'In-Reply-To'))
    await eventually(() => expect(told()).toEqual(['<once@sender.test>']), 100_000)
    expect(sink.mails[0]?.to).toEqual(['anna@sender.test'])
    expect(await mail()).toMatch(/^250/)
    // What is stopped in order has sent whatever it had to send.
    await house.close()
    expect(told()).toEqual(['<once@sender.test>'])
  } finally {
    await house.baton.stop()
    await sink.stop()
  }
}, 240_000)
