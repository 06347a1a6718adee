// `debug`: watches an agent for a while, and writes down what is needed to find out what is wrong with it.
import { packFiles, type ArchivedFile } from '../../agent/folder-archive.ts'
import { sleep } from '../../agent/sleep.ts'
import { parseDurationMs } from '../../lib/durations.ts'
import { absolutePath } from '../../config/path.ts'
import type { Client } from '../../http/client.ts'
import { joined } from '../../lib/bytes.ts'
import { version } from '../../model/version.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt, describeFailure } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'

const targets = ['metrics', 'logs', 'pprof', 'host', 'agent', 'members'] as const

/** What can be collected. */
type Target = (typeof targets)[number]

const durationMsDefault = 120_000
const intervalMsDefault = 30_000
const durationMsMin = 10_000
const intervalMsMin = 5000

/** Bytes of the log that are kept: the newest. */
const logBytesMax = 64 * 1024 * 1024

interface Plan {
  readonly durationMs: number
  readonly intervalMs: number
  readonly capture: ReadonlySet<Target>
  readonly output: string
  readonly isArchive: boolean
}

/** Runs `debug`. */
export async function debug(context: Context): Promise<number> {
  const plan = planOf(context)
  return attempt(context, 'Cannot collect', async () => {
    const client = await context.client()
    const self = await client.agentSelf()
    describePlan(context, plan, self.Config.Version)
    const files = await collect(context, client, plan)
    const index = {
      Version: self.Config.Version,
      CLIVersion: version,
      Interval: `${plan.intervalMs / 1000}s`,
    }
    const all = [
      ...files,
      jsonFile('index.json', {
        ...index,
        Duration: `${plan.durationMs / 1000}s`,
        Targets: [...plan.capture],
      }),
    ]
    await save(context, plan, all)
    return 0
  })
}

function planOf(context: Context): Plan {
  const { flags, host } = context
  const durationMs = durationOf(context, 'duration', durationMsDefault, durationMsMin)
  const intervalMs = durationOf(context, 'interval', intervalMsDefault, intervalMsMin)
  if (intervalMs > durationMs) {
    throw new UsageError('The duration must be longer than the interval: otherwise nothing is taken twice')
  }
  // What the reference called the members before.
  const asked = flags.list('capture').map((name) => (name === 'cluster' ? 'members' : name))
  const unknown = asked.filter((name) => !targets.includes(name as Target))
  if (unknown.length > 0) {
    throw new UsageError(
      `Invalid target for -capture: ${unknown.join(', ')}; there are ${targets.join(', ')}`,
    )
  }
  const named = flags.string('output') ?? `consul-debug-${Math.floor(host.clock.wallMs() / 1000)}`
  return {
    durationMs,
    intervalMs,
    capture: new Set(asked.length === 0 ? targets : (asked as Target[])),
    output: absolutePath(host.system.cwd, named),
    isArchive: !flags.has('archive') || flags.bool('archive'),
  }
}

function durationOf({ flags }: Context, name: string, defaultMs: number, minMs: number): number {
  const text = flags.string(name)
  if (text === undefined) return defaultMs
  const ms = parseDurationMs(text) ?? 0
  if (ms < minMs) throw new UsageError(`The ${name} must be at least ${minMs / 1000}s, not ${text}`)
  return ms
}

function describePlan(context: Context, plan: Plan, agentVersion: string): void {
  if (wantsJson(context.flags)) return
  context.print('==> Watching the agent...')
  context.print(`     Agent version: ${agentVersion}`)
  context.print(`          Interval: ${plan.intervalMs / 1000}s`)
  context.print(`          Duration: ${plan.durationMs / 1000}s`)
  context.print(`            Output: ${plan.isArchive ? `${plan.output}.tar.gz` : plan.output}`)
  context.print(`           Capture: ${[...plan.capture].join(', ')}`)
}

/** Everything that was asked for. What cannot be collected is said and left out: the rest may be what is needed. */
async function collect(context: Context, client: Client, plan: Plan): Promise<readonly ArchivedFile[]> {
  const { host } = context
  const ending = new AbortController()
  const removers = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    host.signals.on(signal, () => ending.abort()),
  )
  const files: ArchivedFile[] = []
  const take = async (what: string, taken: () => Promise<ArchivedFile>): Promise<void> => {
    try {
      files.push(await taken())
    } catch (error) {
      if (!ending.signal.aborted) context.complain(`Left out: ${what}: ${describeFailure(error)}`)
    }
  }
  const { capture } = plan
  if (capture.has('agent')) await take('agent', async () => jsonFile('agent.json', await client.agentSelf()))
  if (capture.has('host')) await take('host', async () => jsonFile('host.json', await client.agentHost()))
  if (capture.has('members')) {
    await take('members', async () => jsonFile('members.json', await client.agentMembers()))
  }
  const closing = new AbortController()
  const log = capture.has('logs') ? take('logs', () => logFile(client, closing.signal)) : Promise.resolve()
  await takeIntervals({ context, client, plan, take, signal: ending.signal })
  closing.abort()
  await log
  for (const remove of removers) remove()
  return files
}

interface Watching {
  readonly context: Context
  readonly client: Client
  readonly plan: Plan
  readonly take: (what: string, taken: () => Promise<ArchivedFile>) => Promise<void>
  readonly signal: AbortSignal
}

/** Metrics and a profile of each interval, until the time is over or the user has had enough. */
async function takeIntervals({ context, client, plan, take, signal }: Watching): Promise<void> {
  const { clock } = context.host
  const endMs = clock.nowMs() + plan.durationMs
  const count = Math.ceil(plan.durationMs / plan.intervalMs)
  for (let i = 1; i <= count && !signal.aborted; i++) {
    if (!wantsJson(context.flags)) context.print(`==> Interval ${i} of ${count}`)
    const untilMs = Math.min(endMs, clock.nowMs() + plan.intervalMs)
    const seconds = (untilMs - clock.nowMs()) / 1000
    const number = String(i).padStart(3, '0')
    if (plan.capture.has('pprof')) {
      await take('a profile', async () => ({
        name: `${number}/profile.cpuprofile`,
        bytes: await client.profile(seconds, { signal }),
      }))
    }
    await sleep(clock, untilMs - clock.nowMs(), signal)
    if (plan.capture.has('metrics')) {
      await take('metrics', async () => jsonFile(`${number}/metrics.json`, await client.agentMetrics()))
    }
  }
}

/** The agent's log at TRACE until the signal aborts. */
async function logFile(client: Client, signal: AbortSignal): Promise<ArchivedFile> {
  const lines = await client.monitor({ level: 'TRACE', signal })
  const parts: Uint8Array[] = []
  let size = 0
  try {
    const reader = lines.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      size += part.value.length
      while (size > logBytesMax && parts.length > 1) size -= parts.shift()?.length ?? 0
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return { name: 'consul.log', bytes: joined(parts, size) }
}

function jsonFile(name: string, value: unknown): ArchivedFile {
  return { name, bytes: new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`) }
}

async function save(context: Context, plan: Plan, files: readonly ArchivedFile[]): Promise<void> {
  const { output } = plan
  const { host } = context
  const folder = output.slice(output.lastIndexOf('/') + 1)
  const names = files.map(({ name }) => name)
  if (plan.isArchive) {
    const named = files.map((file) => ({ ...file, name: `${folder}/${file.name}` }))
    await host.files.write(`${output}.tar.gz`, await packFiles(named, host.clock.wallMs()), 0o600)
    const path = `${output}.tar.gz`
    tell(context, `Saved debug archive: ${path}`, { Output: path, Files: names })
    return
  }
  for (const { name, bytes } of files) {
    const path = `${output}/${name}`
    await host.files.mkdir(path.slice(0, path.lastIndexOf('/')), 0o700)
    await host.files.write(path, bytes, 0o600)
  }
  tell(context, `Saved debug directory: ${output}`, { Output: output, Files: names })
}
