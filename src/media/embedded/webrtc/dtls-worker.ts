/** The thread of the DTLS handshakes. */
import { parentPort } from 'node:worker_threads'
import { DtlsHandshakes } from './dtls.ts'
import type { HandshakeCommand, HandshakeEvent } from './handshakes.ts'

const tell = (event: HandshakeEvent): void => parentPort?.postMessage(event)
const handshakes = await DtlsHandshakes.create()

parentPort?.on('message', (command: HandshakeCommand) => {
  // Nothing is under way but werift's timers, which would hold the thread for half a minute: the certificate has been made.
  if (command.op === 'close') process.exit()
  const { id } = command
  if (command.op === 'start') {
    handshakes.start(id, command.fingerprints, {
      send: (bytes) => tell({ op: 'send', id, bytes }),
      keys: (bytes) => tell({ op: 'keys', id, bytes }),
      failed: (reason) => tell({ op: 'failed', id, reason }),
    })
  } else if (command.op === 'packet') handshakes.packet(id, Buffer.from(command.bytes))
  else handshakes.end(id)
})

tell({ op: 'ready', fingerprint: await handshakes.fingerprint })
