import type { CallErrorCode } from './errors.ts'

/** Why a call ended, as its record says it. `answered` is the ordinary end of a call that was taken. */
export type CallCause =
  | CallErrorCode
  | 'answered'
  | 'media-silent'
  | 'media-gone'
  | 'session-expired'
  | 'gone'
  | 'no-ack'
  | 'transferred'
  | 'joined-by-gateway'
  | 'interrupted'

/** The Reason header (RFC 3326) for a call that the server ends. */
export function reasonOf(cause: CallCause): string {
  const texts: Record<string, string> = {
    'media-silent': 'Q.850;cause=41;text="No media received"',
    'media-gone': 'Q.850;cause=41;text="Media failed"',
    'session-expired': 'SIP;cause=408;text="Session expired"',
    gone: 'Q.850;cause=41;text="The other side is gone"',
    'no-ack': 'SIP;cause=408;text="No ACK"',
    'not-acceptable': 'SIP;cause=488;text="Not Acceptable Here"',
    cancelled: 'SIP;cause=487;text="Request Terminated"',
    interrupted: 'Q.850;cause=41;text="Server restarted"',
    'joined-by-gateway': 'SIP;cause=200;text="Joined by the gateway"',
    draining: 'Q.850;cause=42;text="Server stops"',
  }
  return texts[cause] ?? 'Q.850;cause=41'
}
