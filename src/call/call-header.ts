import type { HeaderLines } from '#sip'

/** Tells a station of ours which call of the API its INVITE, or the answer to it, belongs to. Never for trunks. */
export function callHeader(id: string): HeaderLines {
  return [['X-Baton-Call', id]]
}
