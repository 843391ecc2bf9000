// Runs before every file of test/: no program that a file started outlives it, and no folder that it made.
import { afterAll } from 'vitest'
import { removeEveryFolder } from './folders.ts'
import { killEveryProgram } from './program.ts'

afterAll(async () => {
  await killEveryProgram()
  removeEveryFolder()
})
