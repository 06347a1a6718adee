// Single agents in a world, started from flags, for tests that need no cluster.
import { createAgent, type Agent } from '../../../src/agent/agent.ts'
import { flagMap, parseFlags } from '../../../src/config/flags.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { agentFlags } from '../../../src/config/settings.ts'
import type { Limits } from '../../../src/model/limits.ts'
import type { Host } from '../../../src/runtime/host.ts'
import type { Machine } from '../../sim/machine.ts'
import type { SimProcess } from '../../sim/process.ts'
import type { World } from '../../sim/world.ts'

const specs = flagMap(agentFlags)

/** A process and what became of its agent's start. */
export interface Started {
  readonly process: SimProcess
  readonly host: Host
  readonly agent: Promise<Agent>
}

/** What a test may put between an agent and its host, and into it. */
export interface StartOptions {
  readonly change?: (host: Host) => Host
  readonly limits?: Limits
}

/** Starts an agent on a machine, on its address and in its `/data`. */
export function startAgent(
  world: World,
  machine: Machine,
  args: readonly string[],
  options: StartOptions = {},
): Started {
  const { process, host } = world.boot(machine)
  const all = [
    '-node',
    machine.name,
    '-bind',
    machine.ip,
    '-client',
    machine.ip,
    '-data-dir',
    '/data',
    ...args,
  ]
  const changed = options.change?.(host) ?? host
  return { process, host, agent: start(changed, all, options) }
}

/** Starts several agents that join the first, and waits until all have started. */
export async function startAgents(
  world: World,
  machines: readonly Machine[],
  args: readonly string[],
): Promise<readonly Agent[]> {
  const join = ['-retry-join', machines[0]?.ip ?? '', '-retry-interval', '1s']
  const started = machines.map((machine) => startAgent(world, machine, [...args, ...join]).agent)
  return world.wait(Promise.all(started), 20_000)
}

/** What an agent's API answers, as JSON; the text if it is none. */
export async function get(world: World, agent: Agent, path: string): Promise<unknown> {
  const asked = Promise.resolve(agent.app(new Request(`http://agent${path}`), { ip: '10.0.0.99', port: 1 }))
  const response = await world.wait(asked, 20_000)
  const reading = response.text()
  world.scheduler.trackTransient(reading)
  const text = await reading
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Stops agents. */
export async function stopAll(world: World, agents: readonly Agent[]): Promise<void> {
  await world.wait(Promise.all(agents.map((agent) => agent.stop())), 30_000)
}

async function start(host: Host, args: readonly string[], { limits }: StartOptions): Promise<Agent> {
  const flags = parseFlags(specs, args)
  if (!flags.ok) throw new Error(JSON.stringify(flags.error))
  const config = await loadConfig({ uses: flags.value.uses, args }, host)
  if (!config.ok) throw new Error(config.error.map((problem) => problem.message).join('; '))
  return createAgent(config.value, host, limits === undefined ? {} : { limits })
}

/** A machine with a data directory. */
export function machineIn(world: World, name: string): Machine {
  const machine = world.addMachine(name)
  machine.disk.mkdir('/data', 0o755)
  machine.disk.syncDirectory('/')
  return machine
}

/** The start's failure, as a sentence. */
export async function failureOf(world: World, started: Started): Promise<string> {
  try {
    await world.wait(started.agent, 20_000)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}
