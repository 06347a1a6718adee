// Real servers under faults: five processes of the executable, clients whose histories are checked, and a nemesis.
// Started by scripts/faults.
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/lib/random.ts'
import { sleep } from '../e2e/harness.ts'
import { cannotMakeMachines, Machines, type ServerMachine } from './machines.ts'
import { FaultRun } from './run.ts'

const help = `Usage: scripts/faults [--minutes N] [--seed N] [--restores] [--help]

Runs five servers of dist/proconsul (or PROCONSUL_BIN) on network namespaces of this machine, with clients that write,
read, compare, lock and use transactions, while leaders are killed, processes paused, links cut and disks filled.
Then all that clients were told is checked. Needs root.

  --minutes N   how long faults go on (default 2; fractions are allowed)
  --restores    archives are saved and restored meanwhile, instead of locks and ages
  --seed N      what the faults and the clients are drawn from (default: from the clock)

Ends with 'N passed, N failed'; exits with 1 if any failed.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      restores: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(help)
    return 1
  }
  const reason = cannotMakeMachines()
  if (reason !== undefined) {
    process.stdout.write(`skip real servers under faults: ${reason}\n0 passed, 0 failed, 1 skipped\n`)
    return 0
  }
  return runOn(new Machines(5), { minutes, seed, withRestores: values.restores })
}

interface Chosen {
  readonly minutes: number
  readonly seed: number
  readonly withRestores: boolean
}

async function runOn(machines: Machines, { minutes, seed, withRestores }: Chosen): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  let removing: Promise<void> | undefined
  const remove = (): Promise<void> => (removing ??= machines.remove())
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void remove().finally(() => process.exit(code)))
  }
  try {
    say(`seed ${seed}, ${minutes} min of faults, servers ${machines.all.map(({ ip }) => ip).join(' ')}`)
    for (const machine of machines.all) machine.start()
    const random = seededRandom(seed)
    const run = new FaultRun({ machines: machines.all, random, withRestores, say })
    return await run.run(minutes * 60_000)
  } catch (error) {
    say(`FAIL ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    for (const machine of machines.all) say(lastLines(machine))
    say('0 passed, 1 failed')
    return 1
  } finally {
    await remove()
    // Connections to machines that are gone end by themselves.
    await sleep(100)
  }
}

function lastLines(machine: ServerMachine): string {
  const lines = machine.log.trimEnd().split('\n').slice(-15)
  return `${machine.name}, ${machine.isRunning ? 'running' : 'down'}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

process.exitCode = await main()
