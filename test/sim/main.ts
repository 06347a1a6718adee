// The simulator's command: runs seeds, or one with its whole trace, and says how to run a failure again.
// Started by scripts/sim. The output of `--runtime` is the proof that a seed means the same everywhere.
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { scenarioNames, type Scenario } from './histories.ts'
import { runSeed, type RunResult } from './run.ts'
import { knownSeeds, scenarioOf, type SeededRun } from './seeds.ts'

const usage = `Usage: scripts/sim [options]

Runs whole clusters of agents in virtual time, each from a seed that decides everything that goes wrong.

  --seeds N        run N seeds (default 100), after those of test/sim/seeds.txt
  --from SEED      first seed (default: drawn from the clock)
  --seed SEED      run one seed and print every line of its trace
  --scenario NAME  what the clients do: ${scenarioNames.join(', ')}; all of them in turn if not given
                   (with --seed: cluster)
  --faults SECONDS virtual time with faults in each run (default 40)
  --runtime        run each seed on node, bun and deno and compare the hashes of their traces
  --json           one line of JSON per run, for programs
  --help           this text

Exits with 0 when every run kept every promise, with 1 otherwise.
`

interface Options {
  readonly seeds: number
  readonly from: number
  readonly only: number | null
  /** Null: all in turn. */
  readonly scenario: Scenario | null
  readonly faultsMs: number
  readonly compares: boolean
  readonly isJson: boolean
  /** Which part of the runs this process is for; null for all. */
  readonly part: number | null
}

/**
 * So many runs share a process. What waits for ever in a process that the simulator has killed stays in memory: some 5 MB
 * for each run.
 */
const partRuns = 100

/** One run in this many is done twice, to see that nothing but the seed decides. */
const repeatEvery = 20

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(usage)
    return 0
  }
  const options = parse(args)
  if (options === null) {
    process.stderr.write(usage)
    return 1
  }
  const all = runsOf(options)
  const { part } = options
  const runs = part === null ? all : all.slice(part * partRuns, (part + 1) * partRuns)
  const [first] = runs
  if (options.only !== null && first !== undefined && !options.compares && !options.isJson) {
    return replay(first, options)
  }
  return options.compares ? compareRuntimes(runs, options) : runAll(runs, options)
}

const numberFlags: ReadonlySet<string> = new Set(['--seeds', '--from', '--seed', '--faults', '--part'])
const switches: ReadonlySet<string> = new Set(['--runtime', '--json'])

function parse(args: readonly string[]): Options | null {
  const numbers = new Map<string, number>()
  const flags = new Set<string>()
  let scenario: Scenario | null = null
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] ?? '').split('=')
    if (switches.has(name)) flags.add(name)
    else if (numberFlags.has(name)) numbers.set(name, Number(inline ?? args[++i]))
    else if (name === '--scenario') {
      scenario = scenarioNamed(inline ?? args[++i])
      if (scenario === null) return null
    } else return null
  }
  if ([...numbers.values()].some((value) => !Number.isSafeInteger(value) || value < 0)) return null
  return optionsOf(numbers, flags, scenario)
}

function scenarioNamed(name: string | undefined): Scenario | null {
  return scenarioNames.find((known) => known === name) ?? null
}

function optionsOf(
  numbers: ReadonlyMap<string, number>,
  flags: ReadonlySet<string>,
  scenario: Scenario | null,
): Options {
  return {
    seeds: numbers.get('--seeds') ?? 100,
    from: numbers.get('--from') ?? Date.now() % 1_000_000_000,
    only: numbers.get('--seed') ?? null,
    scenario,
    faultsMs: (numbers.get('--faults') ?? 40) * 1000,
    compares: flags.has('--runtime'),
    isJson: flags.has('--json'),
    part: numbers.get('--part') ?? null,
  }
}

function runsOf({ only, from, seeds, scenario }: Options): readonly SeededRun[] {
  if (only !== null) return [{ seed: only, scenario: scenario ?? 'cluster' }]
  const drawn = Array.from({ length: seeds }, (_, i) => from + i)
  const known = knownSeeds().filter((run) => scenario === null || run.scenario === scenario)
  return [...known, ...drawn.map((seed) => ({ seed, scenario: scenario ?? scenarioOf(seed) }))]
}

async function replay(run: SeededRun, { faultsMs }: Options): Promise<number> {
  const result = await runSeed({ ...run, faultsMs, onLine: (line) => process.stdout.write(`${line}\n`) })
  process.stdout.write(`${summary(run, result)}\n`)
  if (!result.ok) report(run, result, faultsMs)
  return result.ok ? 0 : 1
}

async function runAll(runs: readonly SeededRun[], options: Options): Promise<number> {
  const startMs = performance.now()
  const total = { runs: 0, failed: 0, acknowledged: 0, operations: 0, events: 0, virtualMs: 0 }
  const take = (run: SeededRun, result: RunResult): void => {
    total.runs++
    for (const what of ['acknowledged', 'operations', 'events', 'virtualMs'] as const)
      total[what] += result[what]
    if (!result.ok) total.failed++
    if (options.isJson) process.stdout.write(`${JSON.stringify({ run, result })}\n`)
    else if (result.ok) progress(`${total.runs}/${runs.length} ${summary(run, result)}`)
    else report(run, result, options.faultsMs)
  }
  const isInParts = runs.length > partRuns
  for (let part = 0; isInParts && part * partRuns < runs.length; part++) await runPart(part, options, take)
  if (!isInParts) {
    for (const [i, run] of runs.entries()) {
      take(run, await runTwice(run, options.faultsMs, i % repeatEvery === repeatEvery - 1))
    }
  }
  // A part whose process has died counts with the runs that it owes.
  const failed = total.failed + runs.length - total.runs
  if (options.isJson) return failed === 0 ? 0 : 1
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const hours = (total.virtualMs / 3_600_000).toFixed(1)
  progress('')
  process.stdout.write(
    `${runs.length - failed} passed, ${failed} failed: ${hours} hours of cluster time, ${total.events} events, ` +
      `${total.acknowledged} acknowledged writes, ${total.operations} operations in histories, in ${seconds} s\n`,
  )
  return failed === 0 ? 0 : 1
}

/** Runs a part in a process of its own, and hands over each result as it comes. */
async function runPart(
  part: number,
  { seeds, from, scenario, faultsMs }: Options,
  take: (run: SeededRun, result: RunResult) => void,
): Promise<void> {
  const which = ['--seeds', seeds, '--from', from, '--faults', faultsMs / 1000, '--part', part].map(String)
  const args = [
    fileURLToPath(import.meta.url),
    '--json',
    ...which,
    ...(scenario === null ? [] : ['--scenario', scenario]),
  ]
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { run, result } = JSON.parse(line) as { run: SeededRun; result: RunResult }
    take(run, result)
  }
}

/** Runs a seed, and again if asked: the trace and the last draw must be the same. */
async function runTwice(run: SeededRun, faultsMs: number, again: boolean): Promise<RunResult> {
  const first = await runSeed({ ...run, faultsMs })
  if (!again || !first.ok) return first
  const second = await runSeed({ ...run, faultsMs })
  if (second.hash === first.hash && second.lastDraw === first.lastDraw) return first
  return { ...first, ok: false, problems: [`Two runs differ: ${first.hash} and ${second.hash}`] }
}

function compareRuntimes(runs: readonly SeededRun[], { faultsMs }: Options): number {
  const script = fileURLToPath(import.meta.url)
  const bin = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))
  const commands: readonly (readonly [string, readonly string[]])[] = [
    [`${bin}node`, []],
    [`${bin}bun`, ['run']],
    [`${bin}deno`, ['run', '-A', '--quiet']],
  ]
  let failed = 0
  for (const { seed, scenario } of runs) {
    const hashes = commands.map(([command, before]) => {
      const which = ['--seed', `${seed}`, '--scenario', scenario, '--faults', `${faultsMs / 1000}`]
      const { stdout, stderr } = spawnSync(command, [...before, script, '--json', ...which], {
        encoding: 'utf8',
      })
      const hash = /"hash":"([0-9a-f]+)"/.exec(stdout)?.[1]
      return hash ?? `none (${stderr.trim().split('\n')[0] ?? ''})`
    })
    const isSame = new Set(hashes).size === 1
    if (!isSame) failed++
    process.stdout.write(`${isSame ? 'same' : 'DIFFER'} ${scenario} ${seed} node ${hashes.join(' ')}\n`)
  }
  process.stdout.write(`${runs.length - failed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}

function summary({ scenario }: SeededRun, result: RunResult): string {
  const { seed, ok, hash, virtualMs, events, acknowledged, operations, plan } = result
  const seconds = Math.round(virtualMs / 1000)
  const work = operations === 0 ? `${acknowledged} writes` : `${operations} operations`
  return `${ok ? 'ok' : 'FAILED'} ${scenario} ${seed} ${hash} ${seconds} s, ${events} events, ${work}; ${plan}`
}

/** Overwrites one line on a terminal; silent elsewhere. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text.slice(0, process.stdout.columns - 1)}`)
}

function report({ scenario }: SeededRun, result: RunResult, faultsMs: number): void {
  const more =
    (scenario === 'cluster' ? '' : ` --scenario ${scenario}`) +
    (faultsMs === 40_000 ? '' : ` --faults ${faultsMs / 1000}`)
  const lines = [
    '',
    `FAILED ${scenario} ${result.seed}: ${result.plan}`,
    ...result.problems.map((problem) => `  ${problem}`),
    ...result.report.map((line) => `    ${line}`),
    `Run it again with: scripts/sim --seed ${result.seed}${more}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

process.exitCode = await main(process.argv.slice(2))
