// A backend on the real state store, without a cluster or a clock: writes are applied at once, and waits end by a
// write; those of less than a second, in which nothing happens here, end at once.
import { decodeCommand, encodeCommand } from '../../../src/codec/command-codec.ts'
import { createSearches, type Searches } from '../../../src/agent/prepared-search.ts'
import { eventProblem, execEventName } from '../../../src/agent/user-events.ts'
import type { DefinitionRules } from '../../../src/definition/rules.ts'
import type { AgentControl, Backend, Meter } from '../../../src/http/backend.ts'
import type { EventLog } from '../../../src/http/backend-events.ts'
import type { LocalNode } from '../../../src/http/backend-local.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { type Result, err, ok } from '../../../src/lib/result.ts'
import type { Command, CommandResult } from '../../../src/model/command.ts'
import { type RequestError, requestError } from '../../../src/model/errors.ts'
import type { PreparedAnswer, PreparedRun } from '../../../src/model/prepared-query.ts'
import type {
  Action,
  ActionKind,
  ActionTable,
  ActionValue,
  Query,
  QueryValue,
  ReadOptions,
  ReadReply,
  ServerQueryKind,
  ServerQueryTable,
} from '../../../src/model/query.ts'
import type { UserEvent } from '../../../src/model/user-event.ts'
import { type State, createState } from '../../../src/state/state.ts'
import { createOwnNode } from '../agent/own-node.ts'
import { TestClock } from '../agent/samples.ts'

const usualRules: DefinitionRules = {
  outputBytesMax: 4096,
  scripts: 'nowhere',
  sidecarPorts: { min: 21_000, max: 21_255 },
}

/** The backend, with what tests look at and what they can set. */
export interface StateBackend extends Backend {
  readonly state: State
  /** Options of every read, in order. */
  readonly reads: ReadOptions[]
  /** Calls of the agent's own verbs, in order. */
  readonly calls: (readonly unknown[])[]
  /** Wall time of what is applied next; stands still unless a test moves it. */
  wallMs: number
  /** Reads that wait at this moment. */
  readonly waiting: number
  /** What answers say their epoch is. */
  epoch: string
  /** Pauses that were begun; each ends when the test says so. */
  readonly pauses: { readonly ms: number; readonly end: () => void }[]
  /** Applies a command as the leader would. */
  apply(command: Command): CommandResult
}

/** What can be set otherwise than usual. */
export interface BackendSettings extends Partial<
  Omit<Backend, 'read' | 'runPrepared' | 'write' | 'ask' | 'act'>
> {
  readonly answers?: Partial<ServerQueryTable>
  readonly knownDatacenters?: readonly string[]
  /** What servers do when they are asked to act; without an entry: the least that fits. */
  readonly actions?: Partial<Actions>
  /** Every read, write, question and action fails like this. */
  readonly failure?: RequestError
}

/** What each action gives. */
export type Actions = {
  readonly [K in ActionKind]: (
    args: ActionTable[K]['args'],
  ) => Result<ActionValue<K>, RequestError> | Promise<Result<ActionValue<K>, RequestError>>
}

/** Makes one. */
export function createStateBackend(settings: BackendSettings = {}): StateBackend {
  return new BackendOnState(settings)
}

class BackendOnState implements StateBackend {
  readonly datacenter: string
  readonly nodeName: string
  readonly nodeId: string = '00000000-0000-4000-8000-000000000001'
  readonly kvValueBytesMax: number = 512 * 1024
  readonly txnBytesMax: number
  readonly sessionTtlMinMs: number
  readonly defaultQueryTimeMs: number = 300_000
  readonly maxQueryTimeMs: number = 600_000
  discoveryMaxStaleMs = 0
  readonly ending: AbortSignal
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly events: EventLog
  readonly local: LocalNode
  readonly definitionRules: DefinitionRules
  readonly agent: AgentControl
  readonly meter: Meter
  readonly state: State = createState()
  wallMs = startWallMs
  readonly reads: ReadOptions[] = []
  /** Pauses that were begun; each ends when the test says so. */
  readonly pauses: { readonly ms: number; readonly end: () => void }[] = []
  epoch = '-0'
  readonly calls: (readonly unknown[])[] = []
  #ids = 0
  readonly #settings: BackendSettings
  readonly #searches: Searches = createSearches({
    datacenter: 'dc1',
    readNow: (query) => this.#answer(query),
    router: () => null,
    datacenters: () => ['dc1'],
    clock: new TestClock(),
    random: seededRandom(1),
    metrics: { sampler: () => () => undefined },
  })
  readonly #waiters = new Set<() => void>()

  constructor(settings: BackendSettings) {
    this.#settings = settings
    this.datacenter = settings.datacenter ?? 'dc1'
    this.txnBytesMax = settings.txnBytesMax ?? 512 * 1024
    this.sessionTtlMinMs = settings.sessionTtlMinMs ?? 10_000
    this.nodeName = settings.nodeName ?? 'n1'
    this.ending = settings.ending ?? new AbortController().signal
    this.responseHeaders = settings.responseHeaders ?? {}
    this.events = settings.events ?? new RecordedEvents((datacenter) => this.#failureIn(datacenter))
    this.definitionRules = settings.definitionRules ?? usualRules
    this.local = settings.local ?? createOwnNode({ nodeName: this.nodeName }).node
    this.agent = settings.agent ?? fakeAgent(this.calls)
    this.meter = settings.meter ?? {
      nowMicros: () => 0,
      sampler: () => () => undefined,
      tally: () => () => undefined,
    }
  }

  get isDev(): boolean {
    return this.#settings.isDev ?? false
  }

  get blockEndpoints(): readonly string[] {
    return this.#settings.blockEndpoints ?? []
  }

  get translateWanAddrs(): boolean {
    return this.#settings.translateWanAddrs ?? false
  }

  get hasCoordinates(): boolean {
    return this.#settings.hasCoordinates ?? true
  }

  get useCache(): boolean {
    return this.#settings.useCache ?? true
  }

  newId(): string {
    this.#ids++
    return `00000000-0000-4000-9000-${String(this.#ids).padStart(12, '0')}`
  }

  pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms < 1000) return Promise.resolve()
    return new Promise((resolve) => {
      this.pauses.push({ ms, end: resolve })
      signal.addEventListener('abort', () => resolve())
    })
  }

  get waiting(): number {
    return this.#waiters.size
  }

  apply(command: Command): CommandResult {
    const { result } = this.state.apply(this.state.lastIndex + 1, command, { wallMs: this.wallMs })
    for (const wake of this.#waiters) wake()
    return result
  }

  readNow<Q extends Query>(query: Q, options: ReadOptions): ReadReply<QueryValue<Q['kind']>> | null {
    if (this.#failureIn(options.datacenter) !== undefined || options.minIndex > 0) return null
    this.reads.push(options)
    return this.#answer(query)
  }

  readKept<Q extends Query>(query: Q, ageMsMax: number | null): ReadReply<QueryValue<Q['kind']>> | null {
    return this.#settings.readKept?.(query, ageMsMax) ?? null
  }

  keep<Q extends Query>(query: Q, reply: ReadReply<QueryValue<Q['kind']>>): void {
    this.#settings.keep?.(query, reply)
  }

  async read<Q extends Query>(
    query: Q,
    options: ReadOptions,
    signal: AbortSignal,
  ): Promise<Result<ReadReply<QueryValue<Q['kind']>>, RequestError>> {
    this.reads.push(options)
    const failure = this.#failureIn(options.datacenter)
    if (failure !== undefined) return err(failure)
    if (options.minIndex > 0 && this.state.query(query).index <= options.minIndex) {
      await this.#wait(options, signal, () => this.state.query(query).index > options.minIndex)
    }
    return ok(this.#answer(query))
  }

  #answer<Q extends Query>(query: Q): ReadReply<QueryValue<Q['kind']>> {
    const { value, index } = this.state.query(query)
    return { value, index: Math.max(1, index), knownLeader: true, lastContactMs: 0, epoch: this.epoch }
  }

  async runPrepared(
    { datacenter, ...run }: PreparedRun,
    freshness: Pick<ReadOptions, 'consistency' | 'maxStaleMs'>,
  ): Promise<Result<ReadReply<PreparedAnswer | null>, RequestError>> {
    const failure = this.#failureIn(datacenter)
    if (failure !== undefined) return err(failure)
    const search = {
      kind: 'named',
      ...run,
      agentNode: this.nodeName,
      agentDatacenter: this.datacenter,
    } as const
    const request = { kind: 'search', datacenter, hops: 0, holdMs: 1000, search, ...freshness } as const
    const reply = await this.#searches(request, new AbortController().signal)
    if (reply.kind === 'refused') return err(reply.error)
    if (reply.kind !== 'read') throw new Error(`an answer of another kind: ${reply.kind}`)
    return ok({ ...reply.meta, value: reply.value as PreparedAnswer | null })
  }

  write(command: Command, datacenter: string): Promise<Result<CommandResult, RequestError>> {
    const failure = this.#failureIn(datacenter)
    if (failure !== undefined) return Promise.resolve(err(failure))
    // As in the log: what the API lets pass has to be readable there.
    const kept = decodeCommand(encodeCommand(command))
    if (!kept.ok) throw new Error(`a command that the log cannot hold: ${kept.error.detail}`)
    return Promise.resolve(ok(this.apply(kept.value.command)))
  }

  ask<K extends ServerQueryKind>(
    kind: K,
    datacenter: string,
  ): Promise<Result<ServerQueryTable[K], RequestError>> {
    const failure = this.#failureIn(datacenter)
    if (failure !== undefined) return Promise.resolve(err(failure))
    return Promise.resolve(ok({ ...serverAnswers, ...this.#settings.answers }[kind]))
  }

  async act<A extends Action>(
    action: A,
    datacenter: string,
  ): Promise<Result<ActionValue<A['kind']>, RequestError>> {
    const failure = this.#failureIn(datacenter)
    if (failure !== undefined) return err(failure)
    this.calls.push([action.kind, action])
    const known = this.#settings.actions?.[action.kind] as ((args: Action) => unknown) | undefined
    if (known !== undefined) return (await known(action)) as Result<ActionValue<A['kind']>, RequestError>
    return ok(this.#acted(action) as ActionValue<A['kind']>)
  }

  #acted(action: Action): ActionValue<ActionKind> {
    if (action.kind === 'renewSession') return this.state.query({ kind: 'session', id: action.id }).value
    if (action.kind === 'snapshotBegin') {
      const index = this.state.lastIndex
      return { id: 'archive', index, knownLeader: true, lastContactMs: 0, epoch: '' }
    }
    if (action.kind === 'snapshotRead') return new Uint8Array(0)
    return action.kind === 'transferLeader' ? true : null
  }

  datacenters(): Promise<Result<readonly string[], RequestError>> {
    return Promise.resolve(ok(this.#settings.knownDatacenters ?? ['dc1', 'dc2']))
  }

  #failureIn(datacenter: string): RequestError | undefined {
    if (this.#settings.failure !== undefined) return this.#settings.failure
    if (datacenter === '') return undefined
    return requestError('noPathToDatacenter', 'No path to datacenter')
  }

  #wait(options: ReadOptions, signal: AbortSignal, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(wake)
        resolve()
      }
      const wake = (): void => {
        if (isOver()) end()
      }
      if (options.waitMs < 1000 || signal.aborted) {
        resolve()
        return
      }
      this.#waiters.add(wake)
      signal.addEventListener('abort', end)
    })
  }
}

/** Events that are heard as soon as they are fired, by a node without services. */
class RecordedEvents implements EventLog {
  readonly #failureIn: (datacenter: string) => RequestError | undefined
  #heard: readonly UserEvent[] = []
  /** The first event of a cluster is that of its first leader. */
  #time = 2
  readonly #waiters = new Set<() => void>()

  constructor(failureIn: (datacenter: string) => RequestError | undefined) {
    this.#failureIn = failureIn
  }

  recent(): readonly UserEvent[] {
    return this.#heard
  }

  changed(seen: readonly UserEvent[], signal: AbortSignal): Promise<void> {
    if (seen !== this.#heard || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.add(resolve)
      signal.addEventListener('abort', () => resolve())
    })
  }

  fire(event: UserEvent, datacenter: string): Promise<Result<null, RequestError>> {
    const failure = this.#failureIn(datacenter)
    const problem = eventProblem(event, this.#time)
    if (problem !== null) return Promise.resolve(err(requestError('refused', problem)))
    if (failure !== undefined) return Promise.resolve(err(failure))
    const lamportTime = this.#time++
    const isKept = event.name !== execEventName && event.serviceFilter === ''
    if (!isKept) return Promise.resolve(ok(null))
    this.#heard = [...this.#heard, { ...event, lamportTime }]
    for (const wake of this.#waiters) wake()
    return Promise.resolve(ok(null))
  }
}

/** 2026-01-01. */
const startWallMs = 1_767_225_600_000

const serverAnswers: ServerQueryTable = {
  leader: '10.0.0.1:8300',
  peers: ['10.0.0.1:8300'],
  datacenters: ['dc1', 'dc2'],
  wanMembers: [],
  datacenterCoordinates: [],
  raftConfiguration: { servers: [], index: 0, clusterId: '' },
  autopilotHealth: { healthy: true, failureTolerance: 0, optimisticFailureTolerance: 0, servers: [] },
}

function fakeAgent(calls: (readonly unknown[])[]): AgentControl {
  const record = (...call: readonly unknown[]): Promise<Result<void, RequestError>> => {
    calls.push(call)
    return Promise.resolve(ok(undefined))
  }
  return {
    self: () => ({ Config: { Datacenter: 'dc1', NodeName: 'n1' } }),
    members: (pool) => {
      calls.push(['members', pool])
      return Promise.resolve(ok([]))
    },
    join: (address, pool) => record('join', address, pool),
    leave: () => record('leave'),
    forceLeave: (node, options) => record('forceLeave', node, options),
    metrics: () => ({ Timestamp: '2026-01-01 00:00:00 +0000 UTC', Gauges: [] }),
    prometheus: () => null,
    metricsStream: () => new ReadableStream(),
    monitor: (level, asJson) => {
      calls.push(['monitor', level, asJson])
      return new Blob(['a line\n']).stream()
    },
    reload: () => record('reload'),
    warn: (message) => void calls.push(['warn', message]),
    host: () =>
      Promise.resolve({ Memory: null, CPU: null, Host: null, Disk: null, CollectionTime: 0, Errors: null }),
    profile: () => null,
  }
}
