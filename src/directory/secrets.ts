import { createHash } from 'node:crypto'

/** The HA1 values of an account (RFC 7616 §3.4.2). Each is as good as the password for its realm. */
export function digestSecrets(
  username: string,
  realm: string,
  password: string,
): { ha1Md5: string; ha1Sha256: string } {
  const text = `${username}:${realm}:${password}`
  return {
    ha1Md5: createHash('md5').update(text).digest('hex'),
    ha1Sha256: createHash('sha256').update(text).digest('hex'),
  }
}
