// `snapshot agent`: backups at an interval, from outside of the servers. Of several one works at a time.
import { parseDurationMs } from '../../lib/durations.ts'
import type { FlagValues } from '../../config/flags.ts'
import type { Client } from '../../http/client.ts'
import { createBackups, type Backups } from '../../agent/backups.ts'
import { err, ok } from '../../lib/result.ts'
import { UsageError, type Context } from '../command.ts'
import { absolutePath } from '../data-argument.ts'
import { describeFailure } from '../failure.ts'
import { formatBytes } from '../progress.ts'
import { SignalQueue } from '../signal-queue.ts'
import { withFile } from '../snapshot-agent-file.ts'

/** Before the lock is asked for again after a failure. */
const retryMs = 10_000

interface Plan {
  readonly intervalMs: number
  readonly retain: number
  readonly directory: string
  readonly lockKey: string
  readonly maxFailures: number
  readonly isStale: boolean
  readonly client: () => Promise<Client>
}

/** Runs `snapshot agent`. */
export async function snapshotAgent(context: Context): Promise<number> {
  const flags = await withFile(context)
  const plan = planOf(context, flags)
  const stopping = new AbortController()
  const signals = new SignalQueue(context.host, ['SIGINT', 'SIGTERM'])
  signals.listen(() => stopping.abort())
  try {
    if (plan.intervalMs > 0) return await runForLong(context, plan, stopping.signal)
    const made = await backupsOf(context, plan, () => undefined).once(stopping.signal)
    return made.ok ? 0 : 1
  } finally {
    signals.close()
  }
}

function planOf({ host }: Context, flags: FlagValues): Plan {
  const intervalText = flags.string('interval') ?? '1h'
  const number = (name: string, usual: number): number => {
    const value = Number(flags.string(name) ?? usual)
    if (value < 0) throw new UsageError(`-${name} cannot be ${value}: it must not be negative`)
    return value
  }
  const intervalMs = intervalText === '0' ? 0 : (parseDurationMs(intervalText) ?? -1)
  if (intervalMs !== 0 && intervalMs < 1000) {
    throw new UsageError(`-interval cannot be ${intervalText}: it must be 0, or 1s at least`)
  }
  return {
    intervalMs,
    retain: number('retain', 30),
    directory: absolutePath(host, flags.string('local-path') ?? '.').replace(/\/\.?$/, ''),
    lockKey: flags.string('lock-key') ?? 'consul-snapshot/lock',
    maxFailures: number('max-failures', 3),
    isStale: flags.bool('stale'),
    client: async () => (await import('../http-client.ts')).clientFor(flags, host),
  }
}

function backupsOf(context: Context, plan: Plan, onFailures: (failures: number) => void): Backups {
  const { host } = context
  const say = (text: string): void => context.print(`${new Date(host.clock.wallMs()).toISOString()} ${text}`)
  return createBackups({
    files: host.files,
    clock: host.clock,
    directory: plan.directory,
    intervalMs: plan.intervalMs,
    retain: plan.retain,
    async take(signal) {
      try {
        const client = await plan.client()
        return ok((await client.snapshotSave({ stale: plan.isStale, signal })).value)
      } catch (error) {
        return err(describeFailure(error))
      }
    },
    events: {
      onSaved: ({ path, index, bytes }) =>
        say(`Saved and verified snapshot to index ${index}: ${path} (${formatBytes(bytes)})`),
      onFailed(reason, failures) {
        say(`Cannot make a backup; those that are there are kept: ${reason}`)
        onFailures(failures)
      },
      onPruneFailed: (reason) => say(`Cannot remove an old backup: ${reason}`),
    },
  })
}

/** Works while it holds the lock, and waits for it while another one does. */
async function runForLong(context: Context, plan: Plan, stop: AbortSignal): Promise<number> {
  const { clock } = context.host
  while (!stop.aborted) {
    try {
      await runOnce(context, plan, stop)
    } catch (error) {
      if (stop.aborted) break
      context.complain(`Cannot work: ${describeFailure(error)}`)
      await pause(clock, retryMs, stop)
    }
  }
  return 0
}

async function runOnce(context: Context, plan: Plan, stop: AbortSignal): Promise<void> {
  const client = await plan.client()
  context.print('Waiting to obtain leadership...')
  const held = await client.lock(plan.lockKey, { name: 'Consul Snapshot Agent', signal: stop })
  context.print('Obtained leadership')
  const working = new AbortController()
  const end = (): void => working.abort()
  stop.addEventListener('abort', end)
  held.lost.addEventListener('abort', end)
  if (held.lost.aborted || stop.aborted) end()
  const backups = backupsOf(context, plan, (failures) => {
    if (plan.maxFailures > 0 && failures >= plan.maxFailures) end()
  })
  try {
    await backups.run(working.signal)
    if (held.lost.aborted) context.complain('Lost leadership')
  } finally {
    stop.removeEventListener('abort', end)
    if (!held.lost.aborted) await held.release()
  }
  // Whoever gave it up for its failures lets another one have it first.
  if (!stop.aborted) await pause(context.host.clock, retryMs, stop)
}

function pause(clock: Context['host']['clock'], ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.wakeAt(clock.nowMs() + ms, finish)
    signal.addEventListener('abort', finish)
  })
}
