// Anti-entropy at work: the machine of the local state, its questions to the catalog and what it writes there.
import type { Command, CommandResult } from '../model/command.ts'
import type { RequestError } from '../model/errors.ts'
import type { ReadOptions } from '../model/query.ts'
import type { Result } from '../lib/result.ts'
import type { LocalEffect, LocalInput, SyncedItem } from '../local/events.ts'
import type { LocalMachine } from '../local/local.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import { createPump, type Pump } from './loop.ts'
import type { Requests } from './requests.ts'

/** What it needs. */
export interface LocalSyncOptions {
  readonly machine: LocalMachine
  readonly clock: Clock
  readonly requests: Requests
  readonly nodeName: string
  /** False while there is nobody to ask. */
  readonly knowsServers: () => boolean
  /** Members that live in the LAN pool. */
  readonly poolSize: () => number
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Services or checks are no longer what they were. */
  readonly onVersion: () => void
  /** All changes up to this version have been sent once, or could not be. */
  readonly onTried: (version: number) => void
  readonly onFault: (error: unknown) => void
}

/** The reference's limit of what a full sync may be compared with. */
const staleMsMax = 30_000
/** More things than this are counted in the log, not named. */
const namedMax = 8

const freshness: ReadOptions = {
  datacenter: '',
  consistency: 'stale',
  maxStaleMs: staleMsMax,
  minIndex: 0,
  waitMs: 0,
}

/** Anti-entropy of one agent. */
export interface LocalSync extends Pump<LocalInput> {
  /** Resolves when nothing is on its way to the catalog. */
  arrived(): Promise<void>
}

/** Attaches the machine to time and to the servers; it begins with its first input. */
export function createLocalSync(options: LocalSyncOptions): LocalSync {
  const { machine, clock } = options
  let sending: Promise<void> = Promise.resolve()
  const pump: Pump<LocalInput> = createPump<LocalInput, LocalEffect>(machine, clock, {
    perform(effect) {
      if (effect.kind === 'send') sending = send(options, effect, (input) => pump.feed(input))
      else perform(options, effect, (input) => pump.feed(input))
    },
    onFault: options.onFault,
  })
  return { feed: (input) => pump.feed(input), stop: () => pump.stop(), arrived: () => sending }
}

type Feed = (input: LocalInput) => void

function perform(
  options: LocalSyncOptions,
  effect: Exclude<LocalEffect, { readonly kind: 'send' }>,
  feed: Feed,
): void {
  switch (effect.kind) {
    case 'fetch':
      void fetch(options, effect.attempt, feed)
      return
    case 'synced':
      return noteSynced(options.log, effect.items)
    case 'refused':
      options.log.warn('The catalog refuses what this node has; it is tried again later', {
        items: effect.items.slice(0, namedMax).map(nameOf),
        reason: effect.reason,
      })
      return
    case 'tried':
      return options.onTried(effect.version)
    case 'versionRaised':
      return options.onVersion()
    default:
      effect satisfies never
  }
}

async function fetch(options: LocalSyncOptions, attempt: number, feed: Feed): Promise<void> {
  const { requests, nodeName, signal } = options
  await Promise.resolve()
  if (!options.knowsServers()) return feed({ kind: 'fetchFailed', attempt })
  const [detail, checks] = await Promise.all([
    requests.read({ kind: 'node', node: nodeName }, freshness, signal),
    requests.read({ kind: 'healthNode', node: nodeName }, freshness, signal),
  ])
  feed({ kind: 'poolSized', members: options.poolSize() })
  if (detail.ok && checks.ok) {
    const { node, services } = detail.value.value ?? { node: null, services: [] }
    return feed({ kind: 'fetched', attempt, catalog: { node, services, checks: checks.value.value } })
  }
  const failed = detail.ok ? checks : detail
  if (!failed.ok && !signal.aborted) noteFailure(options, failed.error.message)
  feed({ kind: 'fetchFailed', attempt })
}

/** Before there is a leader for the first time, that there is none is no news. */
function noteFailure({ machine, log }: LocalSyncOptions, error: string): void {
  if (machine.hasFetched) log.warn('Cannot compare with the catalog; this is tried again', { error })
  else log.debug('Cannot compare with the catalog yet', { error })
}

async function send(
  options: LocalSyncOptions,
  { attempt, commands }: LocalEffect & { readonly kind: 'send' },
  feed: Feed,
): Promise<void> {
  await Promise.resolve()
  if (!options.knowsServers()) return feed({ kind: 'sendFailed', attempt })
  const [first, ...rest] = commands
  if (first === undefined) return feed({ kind: 'sent', attempt, refusals: [] })
  const command: Command = rest.length === 0 ? first : { kind: 'batch', commands }
  const written = await options.requests.write(command, '')
  const refusals = refusalsOf(written, commands.length)
  if (refusals !== null) return feed({ kind: 'sent', attempt, refusals })
  if (!written.ok && !options.signal.aborted)
    options.log.warn('Cannot write to the catalog; this is tried again', { error: written.error.message })
  feed({ kind: 'sendFailed', attempt })
}

/** Errors that would come again for the same commands, however often. */
const final: ReadonlySet<RequestError['code']> = new Set(['badRequest', 'tooLarge', 'refused'])

/** Per command null or its refusal; null if nobody knows. */
function refusalsOf(
  written: Result<CommandResult, RequestError>,
  count: number,
): readonly (string | null)[] | null {
  if (!written.ok) {
    const { code, message } = written.error
    return final.has(code) ? Array.from({ length: count }, () => message) : null
  }
  const { value } = written
  return value.kind === 'batch' ? value.results.map(refusalOf) : [refusalOf(value)]
}

function refusalOf(result: CommandResult): string | null {
  return result.kind === 'refused' ? result.message : null
}

const syncedWords = { node: 'Synced node info', service: 'Synced service', check: 'Synced check' } as const
const removedWords = {
  node: 'Deregistered node',
  service: 'Deregistered service',
  check: 'Deregistered check',
} as const

function noteSynced(log: Logger, items: readonly SyncedItem[]): void {
  if (items.length > namedMax) {
    log.info('Synced with the catalog', { items: items.length })
    return
  }
  for (const { what, id, isRemoval } of items) {
    const words = (isRemoval ? removedWords : syncedWords)[what]
    log.info(words, what === 'node' ? {} : { [what]: id })
  }
}

function nameOf({ what, id }: SyncedItem): string {
  return what === 'node' ? 'node' : `${what} ${id}`
}
