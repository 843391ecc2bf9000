/**
 * How far off the announced wait is: seeded arrivals at a queue in virtual time (Poisson arrivals, exponential calls, c agents), each caller
 * told the expected wait when they come.
 *   node bench/queue.ts [callers]
 * Prints the mean absolute error of the model, of one that knows the true mean, and of the mean wait so far. Asserts nothing.
 */
import { seededRandom } from '#lib'
import { waitErrors } from '../test/support/queue-simulation.ts'

const callers = Number(process.argv[2] ?? 50_000)
if (!Number.isInteger(callers) || callers < 1) {
  console.error(`callers: found ${process.argv[2]}; allowed: a whole number, 1 or more`)
  process.exit(1)
}
console.log('agents  load  waited  mean wait   error   knows the mean   mean so far   (seconds)')
for (const agents of [1, 5, 20])
  for (const load of [0.7, 0.9, 0.95]) {
    const found = waitErrors({ agents, load, callers, handlingMs: 240_000, random: seededRandom(7) })
    const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
    console.log(
      [
        String(agents).padEnd(6),
        String(load).padEnd(4),
        `${((100 * found.waited) / callers).toFixed(0)} %`.padEnd(6),
        seconds(found.meanWaitMs).padStart(9),
        seconds(found.model).padStart(7),
        seconds(found.knowing).padStart(16),
        seconds(found.mean).padStart(13),
      ].join('  '),
    )
  }
