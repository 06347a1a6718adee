// `exec`: runs a command on many nodes, through a session, keys under a prefix, and an event; with the reference's words.
import { parseDurationMs } from '../../lib/durations.ts'
import type { Client } from '../../http/client.ts'
import { toBase64 } from '../../http/client/values.ts'
import { UsageError, type Context } from '../command.ts'
import { eventFilter } from '../event-filter.ts'
import { ExecWatch } from '../exec-watch.ts'
import { attempt } from '../failure.ts'
import { tellLine } from '../format.ts'
import { SignalQueue } from '../signal-queue.ts'
import type { EventFilter } from '../../http/client/event.ts'

/** The session lives so long without being renewed; it is renewed three times in it. */
const sessionTtl = '15s'
const renewMs = 5000
/** Exit code when the command failed somewhere. */
const failedSomewhere = 2

/** Runs `exec`. */
export async function exec(context: Context): Promise<number> {
  const plan = await planOf(context)
  const signals = new SignalQueue(context.host, ['SIGINT', 'SIGTERM'])
  try {
    return await run(context, plan, signals)
  } finally {
    signals.close()
  }
}

interface Plan {
  /** The job as agents read it. */
  readonly job: string
  readonly filter: EventFilter
  readonly prefix: string
  readonly waitMs: number
  readonly replicationMs: number
  readonly isVerbose: boolean
}

async function planOf(context: Context): Promise<Plan> {
  const { flags, args } = context
  const waitMs = milliseconds(flags.string('wait') ?? '2s')
  if (waitMs <= 0) throw new UsageError('-wait must be longer than nothing')
  const isShell = !flags.has('shell') || flags.bool('shell')
  const command = await commandOf(context, isShell)
  const filter = eventFilter(flags)
  return {
    job: JSON.stringify({ ...command, Wait: waitMs * 1e6 }),
    filter,
    prefix: (flags.string('prefix') ?? '_rexec').replace(/^\/+|\/+$/g, ''),
    waitMs,
    replicationMs: milliseconds(flags.string('wait-repl') ?? '200ms'),
    isVerbose: flags.bool('verbose'),
  }

  async function commandOf({ host }: Context, byShell: boolean): Promise<object> {
    if (args.length === 1 && args[0] === '-') {
      if (!byShell) throw new UsageError('Cannot configure -shell=false when reading from stdin')
      const script = await host.console.readStdin()
      if (script.length === 0) throw new UsageError('Must specify a command to execute')
      return { Script: toBase64(script) }
    }
    if (args.length === 0) throw new UsageError('Must specify a command to execute')
    return byShell ? { Command: args.join(' ') } : { Args: args }
  }
}

function milliseconds(text: string): number {
  return parseDurationMs(text) ?? 0
}

async function run(context: Context, plan: Plan, signals: SignalQueue): Promise<number> {
  const { clock } = context.host
  const startedMs = clock.nowMs()
  const verbose = (text: string): void => {
    if (plan.isVerbose) tellLine(context, text, { Note: text })
  }
  const client = await context.client()
  let own = { Datacenter: '' }
  const reached = await attempt(context, 'Error querying Consul agent', async () => {
    own = (await client.agentSelf()).Config
    return 0
  })
  if (reached !== 0) return reached
  let session = ''
  const created = await attempt(context, 'Failed to create session', async () => {
    session = await createSession(client, context, own.Datacenter)
    return 0
  })
  if (created !== 0) return created
  verbose(`Created remote execution session: ${session}`)
  const work = new ExecWork(context, client, { plan, session, verbose })
  try {
    const code = await work.run(signals)
    if (code !== 1) verbose(`Completed in ${((clock.nowMs() - startedMs) / 1000).toFixed(2)} seconds`)
    return code
  } finally {
    await work.cleanUp()
  }
}

/** Our own agent's node carries the session; in another datacenter a server that lives does. */
async function createSession(client: Client, { flags }: Context, ownDatacenter: string): Promise<string> {
  const request = { Name: 'Remote Exec', TTL: sessionTtl, Behavior: 'delete' as const }
  const datacenter = flags.string('datacenter') ?? ''
  if (datacenter === '' || datacenter === ownDatacenter) return client.sessionCreate(request)
  let server: string | undefined
  try {
    const { value: servers } = await client.healthService('consul', { passing: true })
    server = servers[0]?.Node.Node
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(
      `Failed to create session: Failed to find Consul server in remote datacenter: ${why}`,
    )
  }
  if (server === undefined)
    throw new UsageError('Failed to create session: Failed to find Consul server in remote datacenter')
  return client.sessionCreate({ ...request, Node: server })
}

/** One execution, from the job to the summary. */
class ExecWork {
  readonly #context: Context
  readonly #client: Client
  readonly #plan: Plan
  readonly #session: string
  readonly #verbose: (text: string) => void
  #disarm: (() => void) | null = null

  constructor(
    context: Context,
    client: Client,
    work: { readonly plan: Plan; readonly session: string; readonly verbose: (text: string) => void },
  ) {
    this.#context = context
    this.#client = client
    this.#plan = work.plan
    this.#session = work.session
    this.#verbose = work.verbose
  }

  get #base(): string {
    return `${this.#plan.prefix}/${this.#session}/`
  }

  async run(signals: SignalQueue): Promise<number> {
    const { filter, prefix, replicationMs, waitMs, isVerbose } = this.#plan
    const interrupted = new AbortController()
    signals.listen(() => interrupted.abort())
    this.#renewLater()
    const uploaded = await attempt(this.#context, 'Failed to create job file', () => this.#upload())
    if (uploaded !== 0) return 1
    this.#verbose('Uploaded remote execution spec')
    await this.#sleep(replicationMs, interrupted.signal)
    const fired = await attempt(this.#context, 'Failed to fire event', async () => {
      const payload = JSON.stringify({ Prefix: prefix, Session: this.#session })
      const { ID } = await this.#client.eventFire('_rexec', { ...filter, payload })
      this.#verbose(`Fired remote execution event: ${ID}`)
      return 0
    })
    if (fired !== 0) return 1
    const watch = new ExecWatch(this.#context, this.#client, {
      base: this.#base,
      waitMs,
      isVerbose,
    })
    return attempt(this.#context, 'Failed to read what nodes write', async () => {
      const { isFailed, acknowledged, completed } = await watch.run(interrupted.signal)
      if (interrupted.signal.aborted) return 1
      const summary = `${completed} / ${acknowledged} node(s) completed / acknowledged`
      tellLine(this.#context, summary, { NodesCompleted: completed, NodesAcknowledged: acknowledged })
      return isFailed ? failedSomewhere : 0
    })
  }

  async #upload(): Promise<number> {
    const isWritten = await this.#client.kvPut(`${this.#base}job`, this.#plan.job, { acquire: this.#session })
    if (isWritten) return 0
    this.#context.complain('Failed to create job file: the session has ended')
    return 1
  }

  #renewLater(): void {
    const { clock } = this.#context.host
    this.#disarm = clock.wakeAt(clock.nowMs() + renewMs, () => {
      void this.#client
        .sessionRenew(this.#session)
        .catch(() => null)
        .then(() => {
          if (this.#disarm !== null) this.#renewLater()
        })
    })
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context.host
    if (ms <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = clock.wakeAt(clock.nowMs() + ms, () => resolve())
      signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }

  /** Ends the session, and with it its keys; what was written without it goes too. */
  async cleanUp(): Promise<void> {
    this.#disarm?.()
    this.#disarm = null
    await this.#client.sessionDestroy(this.#session).catch(() => undefined)
    await this.#client.kvDelete(this.#base, { recurse: true }).catch(() => undefined)
  }
}
