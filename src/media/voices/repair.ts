import { open } from 'node:fs/promises'

/**
 * Puts the sizes in a WAV file's header right, where its writer died before it could: for recordings that are found after a crash.
 * @returns whether anything had to be changed; false too for what is no WAV file of ours @throws when the file cannot be opened
 */
export async function repairWav(path: string): Promise<boolean> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(46)
    await file.read(head, 0, head.length, 0)
    const format = head.readUInt32LE(16)
    const at = 20 + format
    if (head.toString('latin1', 0, 4) !== 'RIFF' || (format !== 16 && format !== 18)) return false
    if (head.toString('latin1', at, at + 4) !== 'data') return false
    const width = head.readUInt16LE(32) || 1
    const known = head.readUInt32LE(at + 4)
    const data = Math.floor((size - at - 8) / width) * width
    // An odd length is followed by one byte that is no sound.
    if (known > 0 && (known === data || known + (known & 1) === data)) return false
    if (data === 0) return false
    head.writeUInt32LE(at + data + (data & 1), 4)
    head.writeUInt32LE(data, at + 4)
    await file.write(head, 0, at + 8, 0)
    if (size < at + 8 + data + (data & 1)) await file.write(Buffer.alloc(1), 0, 1, size)
    await file.sync()
    return true
  } finally {
    await file.close()
  }
}
