import { bracketed } from './addresses.ts'

/** Turns what the kernel says on bind into a sentence that says what to change. */
export function listenError(error: NodeJS.ErrnoException, protocol: string, address: string, port: number): Error {
  const setting = protocol === 'tls' ? 'BATON_SIPS' : 'BATON_SIP'
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `port ${port}/${protocol} on ${address} is in use: stop the other program or set ${setting} to another port`,
      )
    case 'EADDRNOTAVAIL':
      return new Error(`${address} is no address of this machine: set ${setting} to one that is, or to 0.0.0.0`)
    case 'EACCES':
      return new Error(`port ${port}/${protocol} on ${address} is not allowed for this user: set ${setting} above 1023`)
    default:
      return new Error(`cannot listen on ${bracketed(address)}:${port}/${protocol}: ${error.message}`)
  }
}
