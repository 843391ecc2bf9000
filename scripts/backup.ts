/**
 * Copies the database into a new file, also while the server runs:
 *   npm run backup -- FILE [--config baton.yaml]
 * Records, people and registrations are in it; traces are not.
 */
import { statSync } from 'node:fs'
import { readFolder } from '#storage'
import { OperatorError, runOperator } from './operator.ts'

await runOperator('usage: npm run backup -- FILE [--config baton.yaml]', { least: 1, most: 1 }, async (asked) => {
  const { words, config } = asked
  const [file = ''] = words
  if (config.database.url) {
    throw new OperatorError(
      `PostgreSQL is backed up by its own tool: pg_dump --format=custom --file=${file} "$BATON_DATABASE_URL"`,
    )
  }
  const folder = readFolder(config.data)
  try {
    await folder.backup(file)
  } finally {
    folder.close()
  }
  console.log(
    `${file}: ${Math.ceil(statSync(file).size / 1024)} KB. It holds what passwords are checked with: keep it as safe as the server.`,
  )
})
