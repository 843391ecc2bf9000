/** One dialog of somebody who is watched (RFC 4235 §4.1.2), seen from their side: local is their station, remote the server. */
export interface DialogEntry {
  readonly callId: string
  /** The station's tag, '' before its first response. */
  readonly localTag: string
  /** Ours. */
  readonly remoteTag: string
  readonly direction: 'initiator' | 'recipient'
  readonly state: 'trying' | 'early' | 'confirmed'
  readonly local: Identity
  readonly remote: Identity
  /** Where a phone sends its wish to take the call: an INVITE, with Replaces or without. */
  readonly target: string
}

export interface Identity {
  readonly display: string
  readonly uri: string
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text for an element or an attribute: what XML 1.0 does not allow is left out, white space is a space, the rest escaped. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[&<>"']/g, (character) => escapes[character] as string)
}

/**
 * Writes `<dialog>` elements, one after the other.
 * @param terminated those that are over, told once
 * @param withRemote whether the watcher may know who is at the other end
 */
export function dialogElements(
  entries: readonly DialogEntry[],
  terminated: readonly DialogEntry[],
  withRemote: boolean,
): string {
  return [
    ...entries.map((entry) => element(entry, entry.state, withRemote)),
    ...terminated.map((entry) => element(entry, 'terminated', withRemote)),
  ].join('')
}

/** The document around the dialogs, always with the full state. */
export function dialogInfo(entity: string, version: number, dialogs: string): string {
  const xmlns = 'urn:ietf:params:xml:ns:dialog-info'
  return `<?xml version="1.0"?>\r\n<dialog-info xmlns="${xmlns}" version="${version}" state="full" entity="${escapeXml(entity)}">${dialogs}</dialog-info>\r\n`
}

function element(entry: DialogEntry, state: string, withRemote: boolean): string {
  const callId = escapeXml(entry.callId)
  const localTag = entry.localTag === '' ? '' : ` local-tag="${escapeXml(entry.localTag)}"`
  const remoteTag = entry.remoteTag === '' ? '' : ` remote-tag="${escapeXml(entry.remoteTag)}"`
  const remote = withRemote
    ? `<remote>${identity(entry.remote)}<target uri="${escapeXml(entry.target)}"/></remote>`
    : ''
  return (
    `<dialog id="${callId}" call-id="${callId}"${localTag}${remoteTag} direction="${entry.direction}">` +
    `<state>${state}</state>` +
    `<local>${identity(entry.local)}<target uri="${escapeXml(entry.local.uri)}"/></local>${remote}</dialog>`
  )
}

function identity({ display, uri }: Identity): string {
  const name = display === '' ? '' : ` display="${escapeXml(display)}"`
  return `<identity${name}>${escapeXml(uri)}</identity>`
}
