// One simulated host of a cluster: a machine, and the agent that runs on it from start to start.
import { createAgent, type Agent, type AgentTrace } from '../../src/agent/agent.ts'
import { loadConfig } from '../../src/config/load.ts'
import { flagMap, parseFlags } from '../../src/config/flags.ts'
import { agentFlags } from '../../src/config/settings.ts'
import type { Limits } from '../../src/model/limits.ts'
import type { Host } from '../../src/runtime/host.ts'
import type { Machine } from './machine.ts'
import type { Ending, SimProcess } from './process.ts'
import type { World } from './world.ts'

/** Where a node is in its life. `ended`: the agent has stopped by itself, as after a failed write. */
export type NodeState = 'off' | 'starting' | 'running' | 'ended'

/** What a node needs to know of its cluster. */
export interface NodeOptions {
  readonly name: string
  readonly isServer: boolean
  /** Flags of the agent beyond name, addresses and data directory, asked for at each start. */
  readonly args: () => readonly string[]
  readonly limits: Limits
  /** What is in its configuration file, if it has one. */
  readonly config?: object
  /** The observer of one run of the agent. */
  readonly trace: (node: SimNode) => AgentTrace
  /** Told of starts, ends and failures. */
  readonly onEvent: (node: SimNode, event: string) => void
}

const configPath = '/agent.json'

const specs = flagMap(agentFlags)

/** A host with an agent. */
export class SimNode {
  readonly name: string
  /** The node ID, told by a flag. */
  readonly id: string
  readonly isServer: boolean
  readonly machine: Machine
  readonly #world: World
  readonly #options: NodeOptions
  #config: object = {}
  state: NodeState = 'off'
  process: SimProcess | null = null
  agent: Agent | null = null
  /** True once it has left on purpose: it is not expected to be there. */
  hasLeft = false
  starts = 0
  /** The exit code of the last run that ended by itself, or why it could not start. */
  lastEnd = ''

  constructor(world: World, options: NodeOptions) {
    this.#world = world
    this.#options = options
    this.name = options.name
    this.isServer = options.isServer
    this.machine = world.addMachine(options.name)
    this.id = `00000000-0000-4000-8000-${this.machine.number.toString(16).padStart(12, '0')}`
    this.machine.disk.mkdir('/data', 0o755)
    if (options.config !== undefined) this.configure(options.config)
    this.machine.disk.syncDirectory('/')
  }

  /** What its configuration file says; empty without one. */
  get config(): object {
    return this.#config
  }

  /** Writes its configuration file anew; it is in force after a reload, or with the next start. */
  configure(config: object): void {
    this.#config = config
    const { disk } = this.machine
    disk.write(configPath, new TextEncoder().encode(JSON.stringify(config)), 0o644, 0)
    disk.sync(configPath)
  }

  /** The HTTP API's address. */
  get url(): string {
    return `http://${this.machine.ip}:8500`
  }

  /** Starts the agent on what its disk holds. */
  start(): void {
    if (this.state !== 'off') return
    const { process, host } = this.#world.boot(this.machine)
    this.process = process
    this.state = 'starting'
    this.starts++
    this.#options.onEvent(this, 'start')
    this.#run(host, process).then(
      (code) => this.#onEnd(process, `exit ${code}`),
      (error: unknown) =>
        this.#onEnd(process, `failed: ${error instanceof Error ? error.message : String(error)}`),
    )
  }

  async #run(host: Host, process: SimProcess): Promise<number> {
    const { ip } = this.machine
    const args = ['-node', this.name, '-node-id', this.id, '-bind', ip, '-client', ip, '-data-dir', '/data']
    if (this.isServer) args.push('-server')
    if (this.#options.config !== undefined) args.push('-config-file', configPath)
    args.push(...this.#options.args())
    const flags = parseFlags(specs, args)
    if (!flags.ok) throw new Error(`Bad flags: ${JSON.stringify(flags.error)}`)
    const config = await loadConfig({ uses: flags.value.uses, args }, host)
    if (!config.ok) throw new Error(config.error.map((problem) => problem.message).join('; '))
    const options = { limits: this.#options.limits, trace: this.#options.trace(this) }
    const agent = await createAgent(config.value, host, options)
    if (this.process === process) {
      this.agent = agent
      this.state = 'running'
      this.#options.onEvent(this, 'running')
    }
    return agent.run()
  }

  #onEnd(process: SimProcess, how: string): void {
    if (this.process !== process) return
    process.end('kill')
    this.machine.processes.delete(process)
    this.#down('ended')
    this.lastEnd = how
    this.#options.onEvent(this, how)
  }

  #down(state: NodeState): void {
    this.process = null
    this.agent = null
    this.state = state
  }

  /** Ends the agent without a word; with `power` the machine too, and with it what was not synced. */
  crash(ending: Ending): void {
    if (this.process === null) return
    this.#down('off')
    this.machine.end(ending)
    this.#options.onEvent(this, ending === 'power' ? 'power cut' : 'killed')
  }

  /** Makes a node whose agent has ended by itself startable again. */
  reset(): void {
    if (this.state === 'ended') this.state = 'off'
  }

  pause(): void {
    this.process?.pause()
    this.#options.onEvent(this, 'paused')
  }

  resume(): void {
    if (this.process?.isPaused !== true) return
    this.process.resume()
    this.#options.onEvent(this, 'resumed')
  }

  /** Leaves the cluster and stops; unless forced it goes on if the others could not do without it. */
  leave(isForced = false): void {
    this.hasLeft = true
    this.#options.onEvent(this, 'leaves')
    const { process, agent } = this
    if (agent === null || process === null) return
    agent.leave(isForced).then(
      (left) => {
        if (left.ok) this.#onEnd(process, 'left')
        else this.#stay(left.error.message)
      },
      (error: unknown) => this.#onEnd(process, `leave failed: ${String(error)}`),
    )
  }

  #stay(reason: string): void {
    this.hasLeft = false
    this.#options.onEvent(this, `stays: ${reason}`)
  }
}
