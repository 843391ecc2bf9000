import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh self-made certificate in a folder of its own, for tests. */
export interface TestCertificate {
  readonly certFile: string
  readonly keyFile: string
  /** Overwrites both files with a new certificate for that name. */
  renew(name: string): void
  remove(): void
}

/** Makes a certificate by the openssl program. @param name the DNS name it is for; 127.0.0.1 is not in it */
export function testCertificate(name: string): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'baton-cert-'))
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const renew = (subject: string): void => {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const names = ['-subj', `/CN=${subject}`, '-addext', `subjectAltName=DNS:${subject}`]
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', keyFile, '-out', certFile, '-days', '2', ...names], {
      stdio: 'ignore',
    })
  }
  renew(name)
  return { certFile, keyFile, renew, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
