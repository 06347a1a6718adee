// `watch`: shows what is there, or runs a command for each change of it, with the reference's words.
import type { Client } from '../../http/client.ts'
import { jsonBody } from '../../http/client/requests.ts'
import type { Change } from '../../http/client/watch.ts'
import { watchSubject } from '../../http/client/watch-subject.ts'
import { watchFault, type WatchSubject, watchTakes, type WatchType } from '../../model/watch.ts'
import { childCommand, ChildEnder, endOf } from '../child.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt, describeFailure } from '../failure.ts'
import { renderJson } from '../output.ts'
import { SignalQueue } from '../signal-queue.ts'

/** Runs `watch`. */
export async function watch(context: Context): Promise<number> {
  const subject = subjectOf(context)
  return attempt(context, 'Error querying Consul agent', async () => {
    const client = await context.client()
    // So that a mistaken address shows: the watch itself would try again for ever.
    await client.agentSelf()
    return context.args.length === 0
      ? showOnce(context, client, subject)
      : runOnChanges(context, client, subject)
  })
}

/** The flags that choose what is watched, in the order in which the reference complains about them. */
const selectors: readonly (readonly [flag: string, field: keyof WatchSubject])[] = [
  ['key', 'key'],
  ['prefix', 'prefix'],
  ['service', 'service'],
  ['tag', 'tags'],
  ['passingonly', 'passingOnly'],
  ['state', 'state'],
  ['name', 'name'],
  ['filter', 'filter'],
]

/** Types that only an agent's own configuration may name. */
const agentTypes = /^(connect_.*|agent_service)$/

function subjectOf(context: Context): WatchSubject {
  const { flags, program } = context
  const type = flags.string('type') ?? ''
  if (type === '') {
    const help = `all flags: ${program} watch -help`
    throw new UsageError(
      `Watch type must be specified: key, keyprefix, services, nodes, service, checks or event; ${help}`,
    )
  }
  if (agentTypes.test(type)) throw new UsageError(`Type ${type} is not supported in the CLI tool`)
  // Before the type is known, as in the reference.
  const passingOnly = isPassingOnly(context)
  if (!Object.hasOwn(watchTakes, type)) throw new UsageError(`Unsupported watch type: ${type}`)
  const text = (flag: string): string => flags.string(flag) ?? ''
  const subject: WatchSubject = {
    type: type as WatchType,
    key: text('key'),
    prefix: text('prefix'),
    service: text('service'),
    tags: flags.list('tag'),
    passingOnly,
    state: text('state'),
    name: text('name'),
    serviceId: '',
    filter: text('filter'),
  }
  const fault = watchFault(subject)
  if (fault !== null) throw new UsageError(fault)
  const takes = watchTakes[subject.type]
  const strange = selectors.flatMap(([flag, field]) =>
    flags.has(flag) && !takes.includes(field) ? [flag] : [],
  )
  if (strange.length > 0) throw new UsageError(`Invalid parameters: [${strange.join(' ')}]`)
  return subject
}

function isPassingOnly({ flags }: Context): boolean {
  const text = flags.string('passingonly') ?? ''
  if (text === '' || /^(0|f|F|false|FALSE|False)$/.test(text)) return false
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  throw new UsageError(`Failed to parse passingonly flag: it must be true or false, not "${text}"`)
}

async function showOnce(context: Context, client: Client, subject: WatchSubject): Promise<number> {
  const ended = new AbortController()
  const options = {
    signal: ended.signal,
    stale: context.flags.bool('stale'),
    // Once is once: what fails now is an answer too.
    onError: (error: unknown) => ended.abort(error),
  }
  for await (const { value } of watchSubject(client, subject, options)) {
    context.print(renderJson(value))
    return 0
  }
  throw ended.signal.reason
}

async function runOnChanges(context: Context, client: Client, subject: WatchSubject): Promise<number> {
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
    for await (const change of watchSubject(client, subject, options)) {
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
