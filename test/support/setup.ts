// Runs before every file of test/: no program that a file started outlives it.
import { afterAll } from 'vitest'
import { killEveryProgram } from './program.ts'

afterAll(killEveryProgram)
