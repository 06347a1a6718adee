// `watch`: shows what is there, or runs a command for each change of it, with the reference's words.
import type { Client } from '../../http/client.ts'
import type { EventShape, KvPairShape } from '../../http/client/shapes.ts'
import { jsonBody } from '../../http/client/requests.ts'
import type { Change, Changes } from '../../http/client/watch.ts'
import { childCommand, ChildEnder, endOf } from '../child.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt, describeFailure } from '../failure.ts'
import { renderJson } from '../output.ts'
import { SignalQueue } from '../signal-queue.ts'

/** Runs `watch`. */
export async function watch(context: Context): Promise<number> {
  const source = sourceOf(context)
  return attempt(context, 'Error querying Consul agent', async () => {
    const client = await context.client()
    // So that a mistaken address shows: the watch itself would try again for ever.
    await client.agentSelf()
    return context.args.length === 0
      ? showOnce(context, client, source)
      : runOnChanges(context, client, source)
  })
}

/** Makes the watch of a type. */
type Source = (client: Client, options: WatchOptions) => AsyncIterable<Change<unknown>>

interface WatchOptions {
  readonly signal: AbortSignal
  readonly stale: boolean
  readonly onError: (error: unknown, retryInMs: number) => void
}

interface WatchType {
  /** Flags that bear on it. */
  readonly takes: readonly string[]
  source(context: Context): Source
}

/** What -state can name. */
const states: readonly string[] = ['any', 'passing', 'warning', 'critical']

/** The flags that choose what is watched, in the order in which the reference complains about them. */
const selectors: readonly string[] = ['key', 'prefix', 'service', 'tag', 'passingonly', 'state', 'name']

const types: Readonly<Record<string, WatchType>> = {
  key: {
    takes: ['key'],
    source(context) {
      const key = required(context, 'key', 'Must specify a single key to watch')
      return (client, options) => mapped(client.watchKv(key, options), pairOf)
    },
  },
  keyprefix: {
    takes: ['prefix'],
    source(context) {
      const prefix = required(context, 'prefix', 'Must specify a single prefix to watch')
      return (client, options) =>
        mapped(client.watchKvPrefix(prefix, options), (pairs) =>
          pairs.length === 0 ? null : pairs.map(pairOf),
        )
    },
  },
  services: { takes: [], source: () => (client, options) => client.watchServices(options) },
  nodes: { takes: [], source: () => (client, options) => client.watchNodes(options) },
  service: {
    takes: ['service', 'tag', 'passingonly'],
    source(context) {
      const service = required(context, 'service', 'Must specify a single service to watch')
      const passing = isPassingOnly(context)
      const tags = context.flags.list('tag')
      return (client, options) => client.watchService(service, { ...options, passing, tags })
    },
  },
  checks: { takes: ['service', 'state'], source: checksSource },
  event: {
    takes: ['name'],
    source({ flags }) {
      const name = flags.string('name') ?? ''
      return (client, options) => newOnly(client.watchEvents({ ...options, ...(name !== '' && { name }) }))
    },
  },
}

/** Types that only an agent's own configuration may name. */
const agentTypes = /^(connect_.*|agent_service)$/

function sourceOf(context: Context): Source {
  const name = context.flags.string('type') ?? ''
  if (name === '') {
    const help = `all flags: ${context.program} watch -help`
    throw new UsageError(
      `Watch type must be specified: key, keyprefix, services, nodes, service, checks or event; ${help}`,
    )
  }
  if (agentTypes.test(name)) throw new UsageError(`Type ${name} is not supported in the CLI tool`)
  // Before the type is known, as in the reference.
  isPassingOnly(context)
  const type = Object.hasOwn(types, name) ? types[name] : undefined
  if (type === undefined) throw new UsageError(`Unsupported watch type: ${name}`)
  const source = type.source(context)
  const strange = selectors.filter((flag) => context.flags.has(flag) && !type.takes.includes(flag))
  if (strange.length > 0) throw new UsageError(`Invalid parameters: [${strange.join(' ')}]`)
  return source
}

function required({ flags }: Context, flag: string, complaint: string): string {
  const value = flags.string(flag) ?? ''
  if (value === '') throw new UsageError(complaint)
  return value
}

function isPassingOnly({ flags }: Context): boolean {
  const text = flags.string('passingonly') ?? ''
  if (text === '' || /^(0|f|F|false|FALSE|False)$/.test(text)) return false
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  throw new UsageError(`Failed to parse passingonly flag: it must be true or false, not "${text}"`)
}

function checksSource({ flags }: Context): Source {
  const service = flags.string('service') ?? ''
  const state = flags.string('state') ?? ''
  if (service !== '' && state !== '') throw new UsageError('Cannot specify service and state')
  if (state !== '' && !states.includes(state)) {
    throw new UsageError(`Unsupported state: ${state}; there are ${states.join(', ')}`)
  }
  return (client, options) =>
    service === ''
      ? client.watchChecks(state === '' ? 'any' : state, options)
      : client.watchServiceChecks(service, options)
}

async function* mapped<T>(changes: Changes<T>, map: (value: T) => unknown): AsyncGenerator<Change<unknown>> {
  for await (const change of changes) yield { ...change, value: map(change.value) }
}

/** A key in the form of the reference's command. */
function pairOf(pair: KvPairShape | null): unknown {
  if (pair === null) return null
  const { Key, CreateIndex, ModifyIndex, LockIndex, Flags, Value, Session, ...more } = pair
  return { Key, CreateIndex, ModifyIndex, LockIndex, Flags, Value, Session: Session ?? '', ...more }
}

/** Agents answer with all events that they remember: after the first answer only those that came since. */
async function* newOnly(changes: Changes<readonly EventShape[]>): AsyncGenerator<Change<unknown>> {
  let last: string | undefined
  for await (const change of changes) {
    const known = change.value.findIndex(({ ID }) => ID === last)
    const events = change.value.slice(known + 1)
    if (events.length === 0 && last !== undefined) continue
    last = change.value.at(-1)?.ID
    yield { ...change, value: events }
  }
}

async function showOnce(context: Context, client: Client, source: Source): Promise<number> {
  const ended = new AbortController()
  const options = {
    signal: ended.signal,
    stale: context.flags.bool('stale'),
    // Once is once: what fails now is an answer too.
    onError: (error: unknown) => ended.abort(error),
  }
  for await (const { value } of source(client, options)) {
    context.print(renderJson(value))
    return 0
  }
  throw ended.signal.reason
}

async function runOnChanges(context: Context, client: Client, source: Source): Promise<number> {
  const { host, flags } = context
  const ended = new AbortController()
  const signals = new SignalQueue(host, ['SIGINT', 'SIGTERM'])
  let unlisten = signals.listen(() => ended.abort())
  const options = {
    signal: ended.signal,
    stale: flags.bool('stale'),
    onError(error: unknown, retryInMs: number) {
      context.complain(
        `Watch errored: ${describeFailure(error)}; next try in ${Math.ceil(retryInMs / 1000)}s`,
      )
    },
  }
  try {
    for await (const change of source(client, options)) {
      unlisten()
      const failure = await runHandler(context, signals, change)
      if (failure !== undefined) return failure
      unlisten = signals.listen(() => ended.abort())
      if (ended.signal.aborted) break
    }
    return 0
  } finally {
    signals.close()
  }
}

/** Runs the command for a change; undefined if the watch goes on, else the exit code. */
async function runHandler(
  context: Context,
  signals: SignalQueue,
  { value, indexText }: Change<unknown>,
): Promise<number | undefined> {
  const { host, flags, args } = context
  let child
  try {
    child = await host.processes.start(childCommand(args, flags, host), {
      env: { CONSUL_INDEX: indexText },
      stdin: new TextEncoder().encode(`${jsonBody(value)}\n`),
      output: 'inherit',
    })
  } catch (error) {
    context.complain(`Error starting handler: ${describeFailure(error)}`)
    return 1
  }
  const ender = new ChildEnder(host, child, () => {})
  const unlisten = signals.listen((signal) => ender.end('', signal))
  const result = await child.ended
  unlisten()
  if (ender.ended()) return 0
  const failure = endOf(result)
  if (failure === undefined) return undefined
  context.complain(`Error executing handler: ${failure}`)
  return 1
}
