/**
 * One person's data:
 *   npm run person -- export LOGIN FILE [--config baton.yaml]   everything held about them, as JSON; also while the server runs
 *   npm run person -- erase LOGIN [--config baton.yaml]         deletes the person and makes their call history anonymous;
 *                                                               the server must be stopped
 * FILE may be left out: the JSON is printed then.
 */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '#config.ts'
import { systemClock } from '#lib'
import { NoticeMaker } from '#services'
import { openStorage, readFolder, type Storage } from '#storage'
import { OperatorError, openForChanges, runOperator, tellRunningServers } from './operator.ts'

const usage = [
  'usage: npm run person -- export LOGIN [FILE] [--config baton.yaml]',
  '       npm run person -- erase LOGIN [--config baton.yaml]',
].join('\n')

function nobody(login: string): OperatorError {
  return new OperatorError(
    `nobody has the log-in ${JSON.stringify(login)}; log-ins are written in small letters, like alice`,
  )
}

async function idOf(storage: Storage, login: string): Promise<string> {
  const { people } = await storage.directory.load()
  const person = people.find((one) => one.login === login)
  if (!person) throw nobody(login)
  return person.id
}

async function everythingAbout(config: Config, login: string): Promise<unknown> {
  const { url } = config.database
  if (url) {
    const storage = await openStorage({ folder: config.data, url })
    try {
      return await storage.maintenance.exportPerson(await idOf(storage, login))
    } finally {
      await storage.close()
    }
  }
  const folder = readFolder(config.data)
  try {
    const data = await folder.exportPerson(login)
    if (data === undefined) throw nobody(login)
    return data
  } finally {
    folder.close()
  }
}

async function exportPerson(config: Config, login: string, file: string | undefined): Promise<void> {
  if (file !== undefined && existsSync(file))
    throw new OperatorError(`${file} exists already: name a new file, or remove it first`)
  const text = `${JSON.stringify(await everythingAbout(config, login), null, 2)}\n`
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  } catch (error) {
    throw new OperatorError(`${file} cannot be written: ${(error as Error).message}`)
  }
  console.log(`${file}: everything held about ${login}. It names other people too: give it to nobody else.`)
}

/** What is not in this folder, or is left by a crash, the server deletes whose folder it is in. */
function removeSounds(data: string, folder: string, ids: readonly string[]): void {
  for (const id of ids) rmSync(join(data, folder, `${id}.wav`), { force: true })
}

async function erasePerson(config: Config, login: string): Promise<void> {
  const storage = await openForChanges(config)
  try {
    const mail = config.mail?.out !== undefined
    const notices = new NoticeMaker({ storage: storage.callbacks, clock: systemClock, baseUrl: '', mail })
    const id = await idOf(storage, login)
    const { records, callbacks, files } = await storage.maintenance.erasePerson(id, (request) =>
      notices.outcome({ what: 'cancelled', request, outcome: 'cancelled' }),
    )
    removeSounds(config.data, 'callbacks', files.callbacks)
    removeSounds(config.data, 'voicemail/messages', files.voicemail)
    removeSounds(config.data, 'voicemail/greetings', [id])
    console.log(
      `${login} is erased; ${records} call records are anonymous now, ${callbacks} requested calls are deleted. Backups made before still hold the data.`,
    )
    tellRunningServers(config)
  } finally {
    await storage.close()
  }
}

await runOperator(usage, { least: 2, most: 3 }, async ({ words, config }) => {
  const [action = '', login = '', file] = words
  if (action === 'export') await exportPerson(config, login, file)
  else if (action === 'erase' && file === undefined) await erasePerson(config, login)
  else throw new OperatorError(usage)
})
