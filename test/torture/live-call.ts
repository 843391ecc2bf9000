import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Baton } from '../support/server.ts'
import { audioSdp, digest, newBranch, newCallId, type ReceivedMessage, SipClient } from '../support/sip-client.ts'

/** One end of the call's sound: sends a numbered packet every 20 ms and notes the numbers that it hears. */
class Voice {
  readonly heard: number[] = []
  sent = 0
  readonly #socket: Socket
  readonly #ssrc: number
  #timer: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []

  private constructor(socket: Socket, ssrc: number) {
    this.#socket = socket
    this.#ssrc = ssrc
    socket.on('message', (packet) => {
      this.heard.push(packet.readUInt32BE(12)) // the number is in the payload: the relay may write headers anew
      for (const waiting of this.#waiting.splice(0)) waiting()
    })
  }

  static async open(ssrc: number): Promise<Voice> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new Voice(socket, ssrc)
  }

  get port(): number {
    return this.#socket.address().port
  }

  speak(port: number): void {
    this.#timer = setInterval(() => {
      const packet = Buffer.alloc(172, 0xff)
      packet.writeUInt16BE(0x80_00, 0)
      packet.writeUInt16BE(this.sent & 0xffff, 2)
      packet.writeUInt32BE((this.sent * 160) >>> 0, 4)
      packet.writeUInt32BE(this.#ssrc, 8)
      packet.writeUInt32BE(this.sent, 12)
      this.sent++
      this.#socket.send(packet, port, '127.0.0.1')
    }, 20)
  }

  hush(): void {
    clearInterval(this.#timer)
  }

  /** Waits until a packet numbered `number` or higher has arrived. */
  async hears(number: number, who: string): Promise<void> {
    const late = AbortSignal.timeout(45_000)
    while ((this.heard.at(-1) ?? -1) < number) {
      if (late.aborted)
        assert.fail(`${who} hears nothing any more: packet ${number} did not come, the last was ${this.heard.at(-1)}`)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        late.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  close(): void {
    this.hush()
    this.#socket.close()
  }
}

/** A call from alice to bob with sound in both directions, which goes on while a test does its worst. */
export class LiveCall {
  readonly #alice: SipClient
  readonly #bob: SipClient
  readonly #aliceVoice: Voice
  readonly #bobVoice: Voice
  #answer: ReceivedMessage
  /** What each had heard when the sound was there in both directions. */
  #since = { alice: 0, bob: 0 }

  private constructor(alice: SipClient, bob: SipClient, voices: { alice: Voice; bob: Voice }, answer: ReceivedMessage) {
    this.#alice = alice
    this.#bob = bob
    this.#aliceVoice = voices.alice
    this.#bobVoice = voices.bob
    this.#answer = answer
  }

  /** Registers both phones, calls, answers, and waits until each hears the other. */
  static async start(baton: Baton): Promise<LiveCall> {
    const [alice, bob] = [
      await SipClient.open({ server: baton.sip.target, user: 'alice' }),
      await SipClient.open({ server: baton.sip.target, user: 'bob' }),
    ]
    for (const phone of [alice, bob]) {
      const { startLine } = await phone.register(`${phone.user}-demo`, 3_600)
      assert.equal(startLine, 'SIP/2.0 200 OK')
    }
    const voices = { alice: await Voice.open(0xa11ce), bob: await Voice.open(0xb0b) }
    const callId = newCallId()
    const uri = 'sip:102@baton.local'
    const invite = { method: 'INVITE', uri, callId, body: audioSdp('127.0.0.1', voices.alice.port) }
    const branch = newBranch()
    alice.send(alice.request({ ...invite, cseq: 1, branch }))
    const challenge = await alice.expect({ status: 407, callId })
    alice.send(alice.request({ method: 'ACK', uri, callId, cseq: 1, branch, to: challenge.header('To')! }))
    const authorization = digest(challenge.header('Proxy-Authenticate')!, {
      ...{ method: 'INVITE', uri, user: 'alice', password: 'alice-demo' },
    })
    alice.send(alice.request({ ...invite, cseq: 2, headers: { 'Proxy-Authorization': authorization } }))
    const ring = await bob.expect({ method: 'INVITE' })
    bob.send(bob.response(ring, 180, 'Ringing'))
    bob.send(bob.response(ring, 200, 'OK', { body: audioSdp('127.0.0.1', voices.bob.port) }))
    const answer = await alice.expect({ status: 200, method: 'INVITE', callId })
    alice.send(alice.request({ method: 'ACK', uri: answer.contact()!, callId, cseq: 2, to: answer.header('To')! }))
    await bob.expect({ method: 'ACK' })

    const call = new LiveCall(alice, bob, voices, answer)
    voices.alice.speak(audioPort(answer.body))
    voices.bob.speak(audioPort(ring.body))
    await Promise.all([voices.alice.hears(0, 'alice'), voices.bob.hears(0, 'bob')])
    call.#since = { alice: voices.alice.heard.length - 1, bob: voices.bob.heard.length - 1 }
    return call
  }

  /** Fails unless both still hear each other without a gap and nobody was told that the call is over. */
  async check(): Promise<void> {
    await Promise.all([
      this.#aliceVoice.hears(this.#bobVoice.sent, 'alice'),
      this.#bobVoice.hears(this.#aliceVoice.sent, 'bob'),
    ])
    assertContinuous('alice', this.#aliceVoice.heard, this.#since.alice)
    assertContinuous('bob', this.#bobVoice.heard, this.#since.bob)
    for (const phone of [this.#alice, this.#bob]) {
      const ended = phone.received.find((message) => message.method === 'BYE' && message.status === undefined)
      assert.equal(ended, undefined, `${phone.user}'s call was ended:\n${ended?.text}`)
    }
  }

  /** Checks once more, hangs up as alice, and sees that bob is told. Returns how many packets each heard. */
  async hangUp(): Promise<{ alice: number; bob: number }> {
    await this.check()
    this.#aliceVoice.hush()
    this.#bobVoice.hush()
    const answer = this.#answer
    const callId = answer.header('Call-ID')!
    const bye = { method: 'BYE', uri: answer.contact()!, callId, cseq: 3, to: answer.header('To')! }
    const done = this.#alice.ask(bye)
    const told = await this.#bob.expect({ method: 'BYE' })
    this.#bob.send(this.#bob.response(told, 200, 'OK'))
    assert.equal((await done).startLine, 'SIP/2.0 200 OK')
    return { alice: this.#aliceVoice.heard.length, bob: this.#bobVoice.heard.length }
  }

  close(): void {
    for (const end of [this.#alice, this.#bob, this.#aliceVoice, this.#bobVoice]) end.close()
  }
}

function assertContinuous(who: string, heard: readonly number[], since: number): void {
  for (let i = since + 1; i < heard.length; i++)
    assert.equal(heard[i], heard[i - 1]! + 1, `${who} hears packet ${heard[i]} after packet ${heard[i - 1]}`)
}

function audioPort(sdp: string): number {
  const port = Number(/^m=audio (\d+) /m.exec(sdp)?.[1])
  assert.ok(port > 0, `the answer has no audio port:\n${sdp}`)
  return port
}
