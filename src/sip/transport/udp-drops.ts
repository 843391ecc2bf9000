import { readFileSync } from 'node:fs'

/**
 * Datagrams that the kernel threw away because a UDP socket's buffer was full, summed over our listening ports, from Linux's
 * `/proc/net/udp`. 0 on other systems.
 */
export function udpDrops(addresses: readonly { readonly protocol: string; readonly port: number }[]): number {
  const ports = new Set(addresses.filter(({ protocol }) => protocol === 'udp').map(({ port }) => port))
  let drops = 0
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    for (const line of linesOf(file)) {
      const columns = line.trim().split(/\s+/)
      const port = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)
      if (ports.has(port)) drops += Number(columns.at(-1)) || 0
    }
  }
  return drops
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1)
  } catch {
    return []
  }
}
