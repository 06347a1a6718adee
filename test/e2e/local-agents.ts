// Agents on this machine, each on a loopback address of its own, so that all have the usual ports.
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable, until } from './harness.ts'

/** What to start. */
export interface AgentOptions {
  readonly node: string
  /** Its address for everything, such as `127.0.93.1`. */
  readonly ip: string
  /** Flags beside name, addresses and data directory. */
  readonly flags?: readonly string[]
  /** Program and first arguments instead of the executable. */
  readonly command?: readonly string[]
  /** Instead of a directory of its own. */
  readonly dataDir?: string
}

/** A member as `/v1/agent/members` shows it. */
export interface Member {
  readonly Name: string
  readonly Addr: string
  /** 1 alive, 2 leaving, 3 left, 4 failed. */
  readonly Status: number
}

/** An agent that was started. */
export interface LocalAgent {
  readonly node: string
  readonly ip: string
  readonly pid: number
  readonly dataDir: string
  /** What it has printed so far. */
  stdout(): string
  stderr(): string
  /** The decoded JSON of an answer with status 200. */
  get<T>(path: string): Promise<T>
  request(path: string, init?: RequestInit): Promise<Response>
  signal(signal: NodeJS.Signals): void
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>
  isRunning(): boolean
}

/** A directory for the agents of one script, and the agents themselves. */
export class LocalAgents {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'proconsul-agents-'))
  readonly #running: ChildProcess[] = []

  constructor() {
    chmodSync(this.directory, 0o755)
  }

  /** Starts an agent; does not wait for it. */
  start(options: AgentOptions): LocalAgent {
    const { node, ip, flags = [], command = [executable] } = options
    const dataDir = options.dataDir ?? join(this.directory, node)
    const [program = '', ...before] = command
    const addresses = [`-bind=${ip}`, `-client=${ip}`]
    const args = [...before, 'agent', `-node=${node}`, ...addresses, `-data-dir=${dataDir}`, ...flags]
    const log = join(this.directory, `${node}-${this.#running.length}`)
    const [out, err] = [openSync(`${log}.out`, 'w'), openSync(`${log}.err`, 'w')]
    const child = spawn(program, args, { stdio: ['ignore', out, err] })
    closeSync(out)
    closeSync(err)
    this.#running.push(child)
    const ended = endOf(child)
    const request = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://${ip}:8500${path}`, { signal: AbortSignal.timeout(10_000), ...init })
    return {
      node,
      ip,
      pid: child.pid ?? 0,
      dataDir,
      stdout: () => readFileSync(`${log}.out`, 'utf8'),
      stderr: () => readFileSync(`${log}.err`, 'utf8'),
      request,
      async get<T>(path: string) {
        const answer = await request(path)
        if (answer.status !== 200)
          throw new Error(`GET ${path} at ${node}: ${answer.status} ${await answer.text()}`)
        return (await answer.json()) as T
      },
      signal: (signal) => void child.kill(signal),
      ended,
      isRunning: () => !hasEnded(child),
    }
  }

  /** Starts an agent and waits until its HTTP API answers. */
  async startAndWait(options: AgentOptions): Promise<LocalAgent> {
    const agent = this.start(options)
    await until(`${agent.node} answers`, () => {
      if (!agent.isRunning()) throw new Error(`it ended: ${agent.stderr()}`)
      return agent.get<unknown>('/v1/agent/members')
    })
    return agent
  }

  /** Kills what still runs and removes all data. */
  async remove(): Promise<void> {
    for (const child of this.#running) if (!hasEnded(child)) child.kill('SIGKILL')
    await Promise.all(this.#running.map((child) => endOf(child)))
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Waits until all agents know the same leader; its address, `ip:port`. */
export function commonLeader(agents: readonly LocalAgent[], ms = 20_000): Promise<string> {
  return until(
    'all agents agree on a leader',
    async () => {
      const leaders = await Promise.all(agents.map((agent) => agent.get<string>('/v1/status/leader')))
      const [first = ''] = leaders
      return first !== '' && leaders.every((leader) => leader === first) && first
    },
    ms,
  )
}

/** Waits until every agent lists exactly these members with these statuses. */
export async function membersEverywhere(
  agents: readonly LocalAgent[],
  expected: Readonly<Record<string, number>>,
  ms = 20_000,
): Promise<void> {
  const wanted = statuses(Object.entries(expected))
  for (const agent of agents) {
    await until(
      `members of ${agent.node} are ${wanted}`,
      async () => {
        const members = await agent.get<readonly Member[]>('/v1/agent/members')
        const seen = statuses(members.map((m) => [m.Name, m.Status]))
        if (seen !== wanted) throw new Error(`they are ${seen}`)
        return true
      },
      ms,
    )
  }
}

function statuses(members: readonly (readonly [string, number])[]): string {
  return members
    .map(([name, status]) => `${name}=${status}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(' ')
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function endOf(child: ChildProcess): Promise<number | null> {
  if (hasEnded(child)) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code))
    child.once('error', () => resolve(-1))
  })
}
