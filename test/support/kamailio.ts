import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, temporaryFolder } from './folders.ts'
import { freePort } from './ports.ts'
import { cpuOfGroup, startProgram } from './program.ts'

/** A running Kamailio that passes every call on to one place. */
export type Kamailio = {
  /** `address:port` of its UDP socket. */
  readonly address: string
  readonly pid: number
  /** CPU time of all its processes so far, in ms. */
  cpu(): number
  stop(): Promise<void>
}

/**
 * Starts Kamailio 5.6 as a stateful proxy (transactions, Record-Route) in front of `target`.
 * @param target `address:port` of a SIP endpoint over UDP
 * @param children worker processes of its socket
 */
export async function startKamailio(target: string, children = 2): Promise<Kamailio> {
  const folder = temporaryFolder('kamailio')
  chmodSync(folder, 0o777) // it runs as nobody and writes its pid here
  const port = await freePort()
  const settings = join(folder, 'proxy.cfg')
  writeFileSync(settings, proxySettings({ port, target, children, modules: moduleFolder() }))
  const own = [
    'kamailio',
    '-DD',
    '-E',
    '-f',
    settings,
    '-P',
    join(folder, 'kamailio.pid'),
    '-Y',
    folder,
    '-m',
    '256',
    '-M',
    '16',
  ]
  // As root it gives up its rights first.
  const root = process.getuid?.() === 0
  const command = root ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', ...own] : own
  const program = await startProgram(command[0]!, command.slice(1), {
    environment: { PATH: `${process.env.PATH}:/usr/sbin` },
  })
  await program.printed(/baton: ready/)
  return {
    address: `127.0.0.1:${port}`,
    pid: program.pid,
    cpu: () => cpuOfGroup(program.pid),
    stop: async () => {
      await program.stop()
      program.killGroup()
      removeFolder(folder)
    },
  }
}

function moduleFolder(): string {
  const candidates = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/kamailio/modules/`)
  const folder = [...candidates, '/usr/lib/kamailio/modules/'].find(existsSync)
  if (!folder) throw new Error("Kamailio's modules are not below /usr/lib")
  return folder
}

function proxySettings({
  port,
  target,
  children,
  modules,
}: {
  port: number
  target: string
  children: number
  modules: string
}): string {
  const loaded = ['tm', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'xlog', 'corex', 'kex']
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=${children}
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:${port}
mpath="${modules}"
${loaded.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("rr", "append_fromtag", 0)
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("404", "Not Here");
    exit;
  }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  t_check_trans();
  record_route();
  $du = "sip:${target}";
  t_relay();
}
event_route[core:worker-one-init] {
  xlog("L_ERR", "baton: ready\\n");
}
`
}
