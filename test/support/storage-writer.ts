/** Writes calls without end and prints the id of each as soon as its write was acknowledged: to be killed at any moment. */
import { writeSync } from 'node:fs'
import { openStorage, type RecordRow } from '#storage'

const [folder = '', prefix = '', url] = process.argv.slice(2)
const storage = await openStorage({ folder, url: url || undefined })

for (let n = 0; ; n += 10) {
  await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const id = `${prefix}-${n + i}`
      const dialog = { callId: id, node: 'n1', deviceId: 'd1', state: '{}' }
      await storage.calls.answered(record(id, n + i), [
        { ...dialog, role: 'caller' },
        { ...dialog, role: 'callee' },
      ])
      writeSync(1, `answered ${id}\n`)
      await storage.calls.closed({ id, endedAt: n, cause: 'answered', endedBy: 'caller', quality: '{}' })
      writeSync(1, `closed ${id}\n`)
    }),
  )
}

function record(id: string, at: number): RecordRow {
  return {
    ...{ id, node: 'n1', state: 'live', direction: 'in', callerNumber: '+12025550100', callerName: '', callerId: '' },
    ...{
      dialled: '101',
      calleeName: 'Alice',
      calleeId: 'alice',
      trunk: 't',
      startedAt: at,
      answeredAt: at,
      endedAt: null,
    },
    ...{
      answeredById: 'alice',
      answeredStation: 'desk',
      cause: '',
      status: 200,
      endedBy: '',
      branches: '[]',
      quality: '',
    },
  }
}
