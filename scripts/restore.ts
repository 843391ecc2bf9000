/**
 * Puts a backup in the place of the database; the server must be stopped:
 *   npm run restore -- FILE [--config baton.yaml]
 * The database that was there is kept beside it.
 */
import { restoreBackup } from '#storage'
import { inUse, OperatorError, runOperator } from './operator.ts'

await runOperator('usage: npm run restore -- FILE [--config baton.yaml]', { least: 1, most: 1 }, async (asked) => {
  const { words, config } = asked
  const [file = ''] = words
  if (config.database.url) {
    throw new OperatorError(
      `PostgreSQL is restored by its own tool, while the server is stopped: pg_restore --clean --if-exists --dbname="$BATON_DATABASE_URL" ${file}`,
    )
  }
  try {
    const { kept } = restoreBackup(file, config.data)
    console.log(`${config.data} holds ${file} now.${kept ? ` What was there is kept as ${kept}.` : ''}`)
  } catch (error) {
    throw inUse(error, config.data) ?? error
  }
})
