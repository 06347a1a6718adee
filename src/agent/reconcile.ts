// The leader's mirror: members of the LAN pool into the catalog, servers into the Raft configuration.
// Runs on the leader only, after it has applied everything of earlier terms.
import type { Member } from '../gossip/events.ts'
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  CheckInfo,
  NodeInfo,
  ServiceInfo,
  TextMap,
} from '../model/catalog.ts'
import type { Command, RegisterCommand } from '../model/command.ts'
import { formatAddress } from '../model/address.ts'
import type { ServerChange } from '../raft/events.ts'
import type { Configuration } from '../raft/message.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import { serverOf, type ServerInfo } from './servers.ts'

/** What the leader needs to know and to do. */
export interface ReconcileOptions {
  readonly clock: Clock
  readonly selfId: string
  readonly datacenter: string
  readonly members: () => Iterable<Member>
  readonly member: (name: string) => Member | undefined
  readonly catalog: CatalogReader
  readonly configuration: () => Configuration
  /** Ids of learners that have caught up with the log. */
  readonly caughtUp: ReadonlySet<string>
  /** Appends a command and resolves when it is applied; false if that failed. */
  readonly write: (command: Command) => Promise<boolean>
  readonly changeServer: (change: ServerChange) => Promise<boolean>
  readonly log: Logger
}

/** The leader's own copy of the catalog. */
export interface CatalogReader {
  nodes(): readonly CatalogNode[]
  node(name: string): { readonly node: CatalogNode; readonly services: readonly CatalogService[] } | null
  checks(node: string): readonly CatalogCheck[]
}

/** The mirror. */
export interface Reconcile {
  /** This server has become the leader: look at everything, then at each change. */
  start(): void
  /** It leads no more. */
  stop(): void
  /** Something about a learner or the configuration has changed, or about the member of this name. */
  touch(member?: string): void
}

/** Everything is looked at again this often (reference: 60 s): a write may have failed. */
const repeatMs = 60_000
const retryMs = 1000
/** Commands that share one log entry. */
const batchMax = 128

const serfHealth = 'serfHealth'

/** Makes the mirror of one server; it sleeps until `start`. */
export function createReconcile(options: ReconcileOptions): Reconcile {
  let isLeading = false
  let isRunning = false
  let isAgain = false
  /** Members to look at; null for all of them, and for what the catalog has and the pool has not. */
  let due: Set<string> | null = null
  let disarm: (() => void) | null = null

  const later = (delayMs: number): void => {
    disarm?.()
    disarm = options.clock.wakeAt(options.clock.nowMs() + delayMs, () => {
      disarm = null
      due = null
      touch()
    })
  }
  const run = async (): Promise<void> => {
    let isDone = true
    while (isAgain && isLeading) {
      isAgain = false
      const commands = due === null ? differences(options) : differencesOf(options, due)
      due = new Set()
      isDone = (await mirrorCatalog(options, commands)) && (await mirrorServers(options))
    }
    isRunning = false
    if (isLeading) later(isDone ? repeatMs : retryMs)
  }
  const touch = (member?: string): void => {
    if (!isLeading) return
    if (member !== undefined) due?.add(member)
    isAgain = true
    if (isRunning) return
    isRunning = true
    void run()
  }
  return {
    start() {
      isLeading = true
      due = null
      touch()
    },
    stop() {
      isLeading = false
      disarm?.()
      disarm = null
    },
    touch,
  }
}

/** Writes what differs between the pool and the catalog; true if all of it was applied. */
async function mirrorCatalog(options: ReconcileOptions, commands: readonly Single[]): Promise<boolean> {
  for (let at = 0; at < commands.length; at += batchMax) {
    const isWritten = await options.write({ kind: 'batch', commands: commands.slice(at, at + batchMax) })
    if (!isWritten) return false
  }
  return true
}

/** The commands that bring these members up to date. */
function differencesOf(options: ReconcileOptions, names: ReadonlySet<string>): readonly Single[] {
  return [...names].flatMap((name) => {
    const member = options.member(name)
    const command = member === undefined ? forgotten(options, name) : ofMember(options, member)
    return command === null ? [] : [command]
  })
}

/** A member that gossip has forgotten goes, but only if it came from gossip: it has a serfHealth check. */
function forgotten(options: Pick<ReconcileOptions, 'catalog' | 'log'>, name: string): Single | null {
  if (!options.catalog.checks(name).some((check) => check.checkId === serfHealth)) return null
  options.log.info('Deregistering a member that is no longer known', { node: name })
  return deregister(name)
}

type Single = Exclude<Command, { readonly kind: 'batch' }>

/** The commands that make the catalog agree with the pool. */
export function differences(
  options: Pick<ReconcileOptions, 'selfId' | 'datacenter' | 'members' | 'catalog' | 'log'>,
): readonly Single[] {
  const commands: Single[] = []
  const present = new Set<string>()
  for (const member of options.members()) {
    present.add(member.name.toLowerCase())
    const command = ofMember(options, member)
    if (command !== null) commands.push(command)
  }
  for (const node of options.catalog.nodes()) {
    if (present.has(node.name.toLowerCase()) || node.id === options.selfId) continue
    const command = forgotten(options, node.name)
    if (command !== null) commands.push(command)
  }
  return commands
}

function ofMember(
  options: Pick<ReconcileOptions, 'selfId' | 'datacenter' | 'catalog' | 'log'>,
  member: Member,
): Single | null {
  switch (member.status) {
    case 'alive':
    case 'leaving':
      return registration(options, member)
    case 'failed':
      return failure(options, member)
    case 'left':
      if (member.id === options.selfId || options.catalog.node(member.name) === null) return null
      options.log.info('Deregistering a member that has left', { node: member.name })
      return deregister(member.name)
    default:
      return member.status satisfies never
  }
}

function deregister(node: string): Single {
  return { kind: 'deregister', node, serviceId: '', checkId: '' }
}

function registration(
  options: Pick<ReconcileOptions, 'datacenter' | 'catalog' | 'log'>,
  member: Member,
): RegisterCommand | null {
  const known = options.catalog.node(member.name)
  const server = serverOf(member)
  const service = server === null ? null : consulService(member, server)
  const check = healthCheck(member.name, 'passing', 'Agent alive and reachable')
  if (
    known !== null &&
    known.node.id === member.id &&
    known.node.address === member.address.ip &&
    hasCheck(options.catalog, check) &&
    (service === null || known.services.some((s) => isSameService(s, service)))
  ) {
    return null
  }
  options.log.info('Registering a member in the catalog', { node: member.name })
  const node: NodeInfo = {
    id: member.id,
    name: member.name,
    address: member.address.ip,
    datacenter: options.datacenter,
    // The agent itself tells the rest (anti-entropy); what is known already stays.
    taggedAddresses: known?.node.id === member.id ? known.node.taggedAddresses : {},
    meta: known?.node.id === member.id ? known.node.meta : {},
  }
  return { kind: 'register', node, service, checks: [check], skipNodeUpdate: false }
}

function failure(
  options: Pick<ReconcileOptions, 'datacenter' | 'catalog' | 'log'>,
  member: Member,
): RegisterCommand | null {
  const known = options.catalog.node(member.name)
  const check = healthCheck(member.name, 'critical', 'Agent not live or unreachable')
  if (known === null || known.node.id !== member.id || hasCheck(options.catalog, check)) return null
  options.log.info('A member has failed; marking it critical', { node: member.name })
  return { kind: 'register', node: known.node, service: null, checks: [check], skipNodeUpdate: true }
}

function hasCheck(catalog: CatalogReader, check: CheckInfo): boolean {
  return catalog
    .checks(check.node)
    .some((c) => c.checkId === check.checkId && c.status === check.status && c.output === check.output)
}

function healthCheck(node: string, status: 'passing' | 'critical', output: string): CheckInfo {
  return {
    node,
    checkId: serfHealth,
    name: 'Serf Health Status',
    status,
    notes: '',
    output,
    serviceId: '',
    serviceName: '',
    serviceTags: [],
    type: '',
    definition: {},
  }
}

function consulService(member: Member, server: ServerInfo): ServiceInfo {
  const meta: TextMap = {
    non_voter: 'false',
    raft_version: member.tags.get('raft_vsn') ?? '3',
    read_replica: 'false',
    serf_protocol_current: '2',
    serf_protocol_max: '5',
    serf_protocol_min: '1',
    version: server.version,
  }
  return {
    id: 'consul',
    service: 'consul',
    kind: '',
    tags: [],
    address: '',
    port: server.rpc.port,
    socketPath: '',
    taggedAddresses: {},
    meta,
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
  }
}

function isSameService(known: CatalogService, wanted: ServiceInfo): boolean {
  if (known.id !== wanted.id || known.service !== wanted.service || known.port !== wanted.port) return false
  const keys = Object.keys(wanted.meta)
  return (
    Object.keys(known.meta).length === keys.length &&
    keys.every((key) => known.meta[key] === wanted.meta[key])
  )
}

/** Makes the Raft configuration agree with the pool, one change at a time (thesis 4.1); true if it does. */
async function mirrorServers(options: ReconcileOptions): Promise<boolean> {
  for (;;) {
    const change = nextServerChange(options.configuration(), options)
    if (change === null) return true
    options.log.info('Changing the Raft configuration', { change: change.kind, server: change.id })
    if (!(await options.changeServer(change))) return false
  }
}

/** The next change that the pool asks for, or null when there is none. */
export function nextServerChange(
  configuration: Configuration,
  options: Pick<ReconcileOptions, 'selfId' | 'datacenter' | 'members' | 'caughtUp'>,
): ServerChange | null {
  const known = new Map(configuration.servers.map((server) => [server.id, server]))
  for (const member of options.members()) {
    const server = serverOf(member)
    const entry = known.get(member.id)
    if (member.status === 'left') {
      if (entry !== undefined && member.id !== options.selfId) return { kind: 'remove', id: member.id }
      continue
    }
    if (server === null || server.datacenter !== options.datacenter || member.status !== 'alive') continue
    const address = formatAddress(server.rpc)
    if (entry === undefined) return { kind: 'addLearner', id: member.id, address }
    if (entry.address !== address) return { kind: 'setAddress', id: member.id, address }
    if (entry.suffrage === 'learner' && options.caughtUp.has(member.id))
      return { kind: 'promote', id: member.id }
  }
  return null
}
