// `lock`: runs a command while it holds a lock, with the reference's words and its keys.
import type { HeldLock, LockOptions } from '../../http/client/lock-types.ts'
import { parseDurationMs } from '../../lib/durations.ts'
import type { ChildProcess, SignalName } from '../../runtime/host.ts'
import { childCommand, ChildEnder, endOf } from '../child.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt, describeFailure } from '../failure.ts'
import { SignalQueue } from '../signal-queue.ts'

/** Exit code of a command that failed, with -child-exit-code. */
const childFailed = 2

/** SIGHUP and SIGUSR1 are passed on to a running command without further consequence. */
const passedSignals: ReadonlySet<SignalName> = new Set(['SIGHUP', 'SIGUSR1'])
const takenSignals: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR1']

/** Runs `lock`. */
export async function lock(context: Context): Promise<number> {
  const plan = planOf(context)
  // So that a mistaken address shows before anything is waited for.
  const reached = await attempt(context, 'Error querying Consul agent', async () => {
    await (await context.client()).agentSelf()
    return 0
  })
  if (reached !== 0) return reached
  const signals = new SignalQueue(context.host, takenSignals)
  try {
    return await run(context, plan, signals)
  } finally {
    signals.close()
  }
}

interface Plan {
  readonly prefix: string
  readonly path: string
  readonly limit: number
  readonly timeoutMs: number
  readonly options: LockOptions
  readonly isVerbose: boolean
  readonly say: (text: string) => void
}

function planOf(context: Context): Plan {
  const { flags, args } = context
  const limit = Number(flags.string('n') ?? '1')
  if (limit <= 0) throw new UsageError('Lock holder limit must be positive')
  const timeoutMs = milliseconds(flags.string('try')) || milliseconds(flags.string('timeout'))
  if (timeoutMs < 0) throw new UsageError('Timeout must be positive')
  const monitorRetries = Number(flags.string('monitor-retry') ?? '3')
  if (monitorRetries < 0) throw new UsageError("Number for 'monitor-retry' must be >= 0")
  const prefix = (args[0] ?? '').replace(/^\//, '')
  const command = args.slice(1).join(' ')
  const isVerbose = flags.bool('verbose')
  return {
    prefix,
    path: pathOf(prefix),
    limit,
    timeoutMs,
    options: {
      name: flags.string('name') || `Consul lock for '${command}' at '${prefix}'`,
      monitorRetries,
      ...(flags.has('ttl') && { ttlMs: sessionTtl(flags.string('ttl')) }),
      ...(flags.has('lock-delay') && { lockDelayMs: milliseconds(flags.string('lock-delay')) }),
    },
    isVerbose,
    say: (text) => {
      if (isVerbose) context.print(text)
    },
  }
}

function milliseconds(text: string | undefined): number {
  return text === undefined ? 0 : (parseDurationMs(text) ?? 0)
}

function sessionTtl(text: string | undefined): number {
  const ms = milliseconds(text)
  if (ms >= 10_000 && ms <= 86_400_000) return ms
  throw new UsageError(`-ttl cannot be ${text}: it must be from 10s to 24h`)
}

/** The prefix as a path: no empty parts. */
function pathOf(prefix: string): string {
  return prefix
    .split('/')
    .filter((part) => part !== '')
    .join('/')
}

async function run(context: Context, plan: Plan, signals: SignalQueue): Promise<number> {
  const held = await acquire(context, plan, signals)
  if (held === undefined) return 1
  const code = await runChild(context, { plan, held, signals })
  return (await giveBack(context, plan, held)) ? code : 1
}

async function acquire(context: Context, plan: Plan, signals: SignalQueue): Promise<HeldLock | undefined> {
  const { prefix, path, limit, timeoutMs, options } = plan
  const lockKey = path === '' ? '.lock' : `${path}/.lock`
  if (limit === 1) plan.say(`Setting up lock at path: ${lockKey}`)
  else plan.say(`Setting up semaphore (limit ${limit}) at prefix: ${prefix}`)
  plan.say('Attempting lock acquisition')
  const client = await context.client()
  const { clock } = context.host
  const waiting = new AbortController()
  const unlisten = signals.listen(() => waiting.abort())
  const cancel = timeoutMs > 0 ? clock.wakeAt(clock.nowMs() + timeoutMs, () => waiting.abort()) : undefined
  const all = { ...options, signal: waiting.signal }
  try {
    return await (limit === 1 ? client.lock(lockKey, all) : client.semaphore(path, limit, all))
  } catch (error) {
    if (waiting.signal.aborted) {
      const why = timeoutMs > 0 ? 'Shutdown triggered or timeout' : 'Shutdown triggered'
      context.complain(`${why} during lock acquisition`)
    } else context.complain(`Lock acquisition failed: ${describeFailure(error)}`)
    return undefined
  } finally {
    cancel?.()
    unlisten()
  }
}

interface Running {
  readonly plan: Plan
  readonly held: HeldLock
  readonly signals: SignalQueue
}

async function runChild(context: Context, { plan, held, signals }: Running): Promise<number> {
  const { host, flags, args } = context
  plan.say('Starting handler')
  let child: ChildProcess
  try {
    child = await host.processes.start(childCommand(args.slice(1), flags, host), {
      env: { CONSUL_LOCK_HELD: 'true', CONSUL_LOCK_FENCING_TOKEN: String(held.fencingToken) },
      output: 'inherit',
      ...(flags.bool('pass-stdin') && { stdin: 'inherit' as const }),
    })
  } catch (error) {
    context.complain(`Error starting handler: ${describeFailure(error)}`)
    return 1
  }
  const ender = new ChildEnder(host, child, plan.say)
  const unlisten = signals.listen((signal) => {
    if (passedSignals.has(signal)) child.kill(signal)
    else ender.end('Shutdown triggered, killing child', signal)
  })
  const lose = (): void => {
    context.complain(`Lock lost: ${describeFailure(held.lost.reason)}`)
    ender.end('Lock lost, killing child', 'SIGTERM')
  }
  if (held.lost.aborted) lose()
  else held.lost.addEventListener('abort', lose)
  const result = await child.ended
  held.lost.removeEventListener('abort', lose)
  unlisten()
  plan.say(ender.ended() ? 'Child terminated' : 'Child terminated, releasing lock')
  return exitCode(context, held, endOf(result))
}

function exitCode(context: Context, held: HeldLock, failure: string | undefined): number {
  if (failure !== undefined) context.complain(`Error running handler: ${failure}`)
  if (held.lost.aborted) return 1
  return failure !== undefined && context.flags.bool('child-exit-code') ? childFailed : 0
}

/** Gives the lock back; false if that failed. A lock that was lost needs no more than tidying up. */
async function giveBack(context: Context, plan: Plan, held: HeldLock): Promise<boolean> {
  try {
    plan.say((await held.release()) ? 'Cleanup succeeded' : 'Cleanup aborted, lock in use')
    return true
  } catch (error) {
    context.complain(`Lock release failed: ${describeFailure(error)}`)
    return held.lost.aborted
  }
}
