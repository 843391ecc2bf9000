/**
 * Brings people, devices, groups, numbers and trunks of a YAML file into the database:
 *   npm run organisation -- FILE [--config baton.yaml]
 * Entries that are there already are changed, what the file does not name stays.
 */
import { Accounts, applyOrganisation, createDirectory, DirectoryError } from '#directory'
import { readYaml, silentLog, systemClock, systemRandom } from '#lib'
import { OperatorError, openForChanges, runOperator, tellRunningServers } from './operator.ts'

await runOperator(
  'usage: npm run organisation -- FILE.yaml [--config baton.yaml]',
  { least: 1, most: 1 },
  async (asked) => {
    const { words, config } = asked
    const [file = ''] = words
    const content = readYaml(file)
    const storage = await openForChanges(config)
    try {
      const parts = { storage, clock: systemClock, random: systemRandom, log: silentLog }
      const directory = await createDirectory({
        ...parts,
        country: config.country,
        domain: config.sip.domain,
      })
      try {
        const accounts = await Accounts.open({ ...parts, directory })
        const { people, devices, groups, numbers, trunks } = await applyOrganisation(directory, content, accounts)
        console.log(
          `${file}: ${people} people, ${devices} devices, ${groups} groups, ${numbers} numbers, ${trunks} trunks (domain ${config.sip.domain})`,
        )
      } finally {
        directory.close()
      }
      tellRunningServers(config)
    } catch (error) {
      throw error instanceof DirectoryError ? new OperatorError(`${file}: ${error.message}`) : error
    } finally {
      await storage.close()
    }
  },
)
