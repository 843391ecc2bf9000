import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../interop/eventually.ts'
import { removeFolder, temporaryFolder } from './folders.ts'
import { freePort } from './ports.ts'
import { findProgram } from './programs.ts'

/** A real IMAP server with one mailbox of user `baton`, password `secret`. */
export interface TestMailServer {
  readonly port: number
  /** Puts a mail into INBOX as a delivery would; lines are joined by CR LF. */
  deliver(lines: readonly string[]): void
  /** Where the mails of a folder are, with their flags in the file names: `cur/1:2,S`. */
  mails(folder?: string): string[]
  /** Ends the server at once; {@link start} begins it again with the same mails. */
  crash(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts Dovecot on a free loopback port with its mail in a folder of its own. */
export async function startDovecot(): Promise<TestMailServer> {
  const program = findProgram('dovecot')
  if (!program) throw new Error('dovecot is not installed (apt-get install dovecot-imapd)')
  const folder = temporaryFolder('dovecot')
  const port = await freePort()
  const asRoot = process.getuid?.() === 0
  const { uid, gid } = asRoot ? { uid: 65534, gid: 65534 } : { uid: process.getuid!(), gid: process.getgid!() }
  const inbox = join(folder, 'mail')
  for (const path of ['mail/cur', 'mail/new', 'mail/tmp', 'run']) mkdirSync(join(folder, path), { recursive: true })
  for (const path of ['', 'mail', 'mail/cur', 'mail/new', 'mail/tmp']) chmodSync(join(folder, path), 0o777)
  writeFileSync(join(folder, 'users'), `baton:{PLAIN}secret:${uid}:${gid}::${folder}\n`)
  writeFileSync(join(folder, 'dovecot.conf'), settings({ folder, port, uid, gid, asRoot }))
  let server: ReturnType<typeof spawn>
  const start = async () => {
    server = spawn(program, ['-F', '-c', join(folder, 'dovecot.conf')], { stdio: 'ignore' })
    await eventually(async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'data').finally(() => socket.destroy())
    })
  }
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill(signal)
    await once(server, 'exit')
  }
  await start()
  let delivered = 0
  return {
    port,
    deliver(lines) {
      const name = join(inbox, 'new', `${Math.floor(Date.now() / 1000)}.${++delivered}.test`)
      writeFileSync(name, lines.join('\r\n'))
      chmodSync(name, 0o666)
    },
    mails(name) {
      const at = name ? join(inbox, `.${name}`) : inbox
      return ['new', 'cur'].flatMap((part) =>
        existsSync(join(at, part)) ? readdirSync(join(at, part)).map((file) => `${part}/${file}`) : [],
      )
    },
    crash: () => end('SIGTERM'),
    start,
    async stop() {
      await end('SIGTERM')
      removeFolder(folder)
    },
  }
}

type Settings = { folder: string; port: number; uid: number; gid: number; asRoot: boolean }

function settings({ folder, port, uid, gid, asRoot }: Settings): string {
  const users = asRoot
    ? 'default_internal_user = nobody\ndefault_login_user = nobody\ndefault_internal_group = nogroup\n'
    : `default_internal_user = ${uid}\ndefault_login_user = ${uid}\n`
  return `${users}
protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
log_path = ${folder}/log
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:${folder}/mail
mail_uid = ${uid}
mail_gid = ${gid}
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = passwd-file
  args = ${folder}/users
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`
}
