import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Clock, Log } from '#lib'

/** Files with a certificate chain and its key, both PEM. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

const lookMs = 10_000

/** @throws Error in one line that names the file and what is wrong with it */
export function readCertificate(files: CertificateFiles): { cert: Buffer; key: Buffer } {
  const read = (path: string): Buffer => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new Error(
        `${path} cannot be read (${(error as NodeJS.ErrnoException).code}): check http.certificate and http.key`,
      )
    }
  }
  const pair = { cert: read(files.certificate), key: read(files.key) }
  try {
    createSecureContext(pair)
  } catch (error) {
    throw new Error(
      `${files.certificate} and ${files.key} are no certificate with its key: ${(error as Error).message}`,
    )
  }
  return pair
}

/** Reads the files again when they change; a broken pair is logged and the old one stays. Returns a function that stops it. */
export function watchCertificate(
  files: CertificateFiles,
  apply: (pair: { cert: Buffer; key: Buffer }) => void,
  clock: Clock,
  log: Log,
): () => void {
  let seen = stamp(files)
  const look = () => {
    const now = stamp(files)
    if (now !== seen) {
      seen = now
      try {
        apply(readCertificate(files))
        log.info({ file: files.certificate }, 'The new certificate is in use.')
      } catch (error) {
        log.warn({ err: error }, 'The new certificate cannot be used; the old one stays.')
      }
    }
    timer = clock.setTimeout(look, lookMs)
  }
  let timer = clock.setTimeout(look, lookMs)
  return () => clock.clearTimeout(timer)
}

function stamp(files: CertificateFiles): string {
  return [files.certificate, files.key]
    .map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return stats ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : 'gone'
    })
    .join(' ')
}
