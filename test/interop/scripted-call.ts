import {
  audioSdp,
  newBranch,
  newCallId,
  type ReceivedMessage,
  type RequestParts,
  type SipClient,
} from '../support/sip-client.ts'

/** One dialog of a scripted client, message by message. */
export class ScriptedCall {
  readonly client: SipClient
  readonly callId: string
  /** Request-URI of what is sent in the dialog. */
  readonly #uri: string
  readonly #from: string
  readonly #to: string
  #cseq: number

  constructor(client: SipClient, callId: string, uri: string, from: string, to: string, cseq: number) {
    this.client = client
    this.callId = callId
    this.#uri = uri
    this.#from = from
    this.#to = to
    this.#cseq = cseq
  }

  /** The dialog that a response to our INVITE made. */
  static calling(client: SipClient, response: ReceivedMessage): ScriptedCall {
    return new ScriptedCall(
      client,
      response.header('Call-ID')!,
      response.contact()!,
      response.header('From')!,
      response.header('To')!,
      Number.parseInt(response.header('CSeq')!, 10),
    )
  }

  /** Answers an INVITE with 200 and waits for the ACK. */
  static async answer(client: SipClient, invite: ReceivedMessage, rtpPort: number): Promise<ScriptedCall> {
    client.send(client.response(invite, 200, 'OK', { body: audioSdp('127.0.0.1', rtpPort) }))
    const callId = invite.header('Call-ID')!
    await client.expect({ method: 'ACK', callId })
    const own = `${invite.header('To')};tag=${client.tag}`
    return new ScriptedCall(client, callId, invite.contact()!, own, invite.header('From')!, 1)
  }

  /** A request in the dialog. */
  request(method: string, parts: Pick<RequestParts, 'headers' | 'body' | 'cseq' | 'branch'> = {}): string {
    const cseq = parts.cseq ?? ++this.#cseq
    return this.client.request({
      method,
      uri: this.#uri,
      from: this.#from,
      to: this.#to,
      callId: this.callId,
      ...parts,
      cseq,
    })
  }

  /** Sends a request in the dialog and waits for its final response. */
  ask(method: string, parts: Pick<RequestParts, 'headers' | 'body'> = {}): Promise<ReceivedMessage> {
    const branch = newBranch()
    this.client.send(this.request(method, { ...parts, branch }))
    return this.client.expect(
      (message) => (message.status ?? 0) >= 200 && message.header('Via')?.includes(branch) === true,
    )
  }

  /** The ACK of a 2xx to an INVITE. */
  ack(response: ReceivedMessage): void {
    this.client.send(this.request('ACK', { cseq: Number.parseInt(response.header('CSeq')!, 10) }))
  }

  /** The next request of the server in this dialog. */
  expect(method: string, timeout?: number): Promise<ReceivedMessage> {
    return this.client.expect({ method, callId: this.callId }, timeout)
  }

  /** The next request of the server in this dialog, answered 200. */
  async accept(method: string): Promise<ReceivedMessage> {
    const request = await this.expect(method)
    this.client.send(this.client.response(request, 200, 'OK'))
    return request
  }
}

/** Sends an INVITE; what follows is the test's. */
export function placeCall(
  client: SipClient,
  uri: string,
  parts: Partial<RequestParts> = {},
): { callId: string; branch: string } {
  const invite = { callId: newCallId(), branch: newBranch() }
  client.send(client.request({ method: 'INVITE', uri, cseq: 1, ...invite, ...parts }))
  return invite
}
