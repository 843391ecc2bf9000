import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls'
import type { Clock, Log, Timer } from '#lib'

/** Where the certificate is. PEM files. */
export interface TlsFiles {
  /** The certificate with its chain. */
  readonly certFile: string
  readonly keyFile: string
  /** Certificates of authorities that are trusted instead of the well-known ones, when we connect out. */
  readonly caFile?: string
}

/** What node:tls takes. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

/** Renewal tools write several files one after another. */
const SETTLE_MS = 500

/** A certificate that is read again when its files change, without closing anything. */
export class Certificates {
  readonly #files: TlsFiles
  readonly #clock: Clock
  readonly #log: Log
  readonly #watchers: FSWatcher[] = []
  readonly #listeners = new Set<(options: TlsMaterial) => void>()
  #options: TlsMaterial
  #timer: Timer | undefined

  /** Reads the files; throws a sentence that names the file and what is wrong with it. */
  constructor(files: TlsFiles, clock: Clock, log: Log) {
    this.#files = files
    this.#clock = clock
    this.#log = log
    this.#options = read(files)
    // The folders, not the files: renewal replaces files, and a watch on a replaced file sees nothing more.
    for (const folder of new Set([files.certFile, files.keyFile].map((file) => dirname(file)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#soon())
        watcher.on('error', () => {})
        this.#watchers.push(watcher)
      } catch (error) {
        log.warn({ folder, error: String(error) }, 'changes of the certificate are not noticed')
      }
    }
  }

  get options(): TlsMaterial {
    return this.#options
  }

  /** Reads the files again; what cannot be used is logged and the certificate in use stays. @returns whether it changed */
  reload(): boolean {
    let options: TlsMaterial
    try {
      options = read(this.#files)
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the new certificate cannot be used; the old one stays')
      return false
    }
    const { cert, key, ca } = this.#options
    if (options.cert === cert && options.key === key && options.ca === ca) return false
    this.#options = options
    for (const listener of this.#listeners) listener(options)
    this.#log.info({ certFile: this.#files.certFile }, 'the certificate was reloaded')
    return true
  }

  /** Calls back after every change. @returns stops that */
  onChange(listener: (options: TlsMaterial) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    for (const watcher of this.#watchers) watcher.close()
  }

  #soon(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(() => this.reload(), SETTLE_MS)
  }
}

function read(files: TlsFiles): TlsMaterial {
  const text = (file: string, setting: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new Error(`${setting} ${file} cannot be read: ${(error as Error).message}`)
    }
  }
  const material = {
    cert: text(files.certFile, 'tls.certFile'),
    key: text(files.keyFile, 'tls.keyFile'),
    ...(files.caFile ? { ca: text(files.caFile, 'tls.caFile') } : {}),
  }
  try {
    createSecureContext(material)
  } catch (error) {
    throw new Error(`${files.certFile} and ${files.keyFile} are no matching PEM pair: ${(error as Error).message}`)
  }
  return material
}

/** Checks that a certificate is one for that SIP domain: by `sip:` URI (RFC 5922 §7.1) or by name or address. @returns the error, if any */
export function checkSipIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const sip = (certificate.subjectaltname ?? '').split(', ').map((entry) => entry.toLowerCase())
  if (sip.includes(`uri:sip:${host}`)) return undefined
  return checkServerIdentity(host, certificate)
}
