// What the catalog should say of the members of the LAN pool, as commands. Looking only; nothing is written here.
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
import type { Logger } from './log.ts'
import { serverOf, type ServerInfo } from './servers.ts'

/** The leader's own copy of the catalog. */
export interface CatalogReader {
  nodes(): readonly CatalogNode[]
  node(name: string): { readonly node: CatalogNode; readonly services: readonly CatalogService[] } | null
  checks(node: string): readonly CatalogCheck[]
}

/** What is compared. */
export interface CatalogMirrorOptions {
  readonly selfId: string
  readonly datacenter: string
  readonly members: () => Iterable<Member>
  readonly member: (name: string) => Member | undefined
  readonly catalog: CatalogReader
  readonly log: Logger
}

/** A command that can stand in a batch. */
export type SingleCommand = Exclude<Command, { readonly kind: 'batch' }>

const serfHealth = 'serfHealth'

/**
 * What it means that the pool does not know a node. Right after a start the pool is not complete: at first nothing,
 * then that the node has failed, and only after long that the pool has forgotten it.
 */
export type Absence = 'unsure' | 'failed' | 'forgotten'

/** The commands that make the catalog agree with the whole pool. */
export function differences(
  options: Omit<CatalogMirrorOptions, 'member'>,
  absenceOf: (node: string) => Absence,
): readonly SingleCommand[] {
  const commands: SingleCommand[] = []
  const present = new Set<string>()
  for (const member of options.members()) {
    present.add(member.name.toLowerCase())
    commands.push(...ofMember(options, member))
  }
  for (const node of options.catalog.nodes()) {
    if (present.has(node.name.toLowerCase()) || node.id === options.selfId) continue
    if (isFromPool(options.catalog, node.name))
      commands.push(...ofAbsent(options, node, absenceOf(node.name)))
  }
  return commands
}

function ofAbsent(options: Parts, node: CatalogNode, absence: Absence): readonly SingleCommand[] {
  if (absence === 'unsure') return []
  return absence === 'failed' ? failureOf(options, node) : forgotten(options, node.name)
}

/** The commands that bring these members up to date. A name that is not in the pool has just been forgotten by it. */
export function differencesOf(
  options: CatalogMirrorOptions,
  names: ReadonlySet<string>,
): readonly SingleCommand[] {
  return [...names].flatMap((name) => {
    const member = options.member(name)
    return member === undefined ? forgotten(options, name) : ofMember(options, member)
  })
}

type Parts = Pick<CatalogMirrorOptions, 'selfId' | 'datacenter' | 'catalog' | 'log'>

/** Nodes that came from the pool have a serfHealth check; those that were registered from outside are left alone. */
function isFromPool(catalog: CatalogReader, name: string): boolean {
  return catalog.checks(name).some((check) => check.checkId === serfHealth)
}

function forgotten(options: Parts, name: string): readonly SingleCommand[] {
  if (!isFromPool(options.catalog, name)) return []
  options.log.info('Deregistering a member that is no longer known', { node: name })
  return [deregister(name)]
}

function ofMember(options: Parts, member: Member): readonly SingleCommand[] {
  switch (member.status) {
    case 'alive':
    case 'leaving':
      return registration(options, member)
    case 'failed':
      return failure(options, member)
    case 'left':
      return departure(options, member)
    default:
      return member.status satisfies never
  }
}

function departure({ selfId, catalog, log }: Parts, member: Member): readonly SingleCommand[] {
  const known = catalog.node(member.name)
  if (member.id === selfId || known === null) return []
  if (known.node.id !== member.id && !isFromPool(catalog, member.name)) return []
  log.info('Deregistering a member that has left', { node: member.name })
  return [deregister(member.name)]
}

function deregister(node: string): SingleCommand {
  return { kind: 'deregister', node, serviceId: '', checkId: '' }
}

type KnownNode = NonNullable<ReturnType<CatalogReader['node']>>

function registration(options: Parts, member: Member): readonly SingleCommand[] {
  const { catalog, log } = options
  const held = catalog.node(member.name)
  const known = held?.node.id === member.id ? held : null
  const register = registerCommand(options, member, known)
  if (known !== null && isRegistered(catalog, known, register)) return []
  log.info('Registering a member in the catalog', { node: member.name })
  // The pool gives a name to another node only when its holder is dead. The catalog asks for that to be written down.
  const isTaken = held !== null && known === null && isFromPool(catalog, member.name)
  return isTaken ? [...failureOf(options, held.node), register] : [register]
}

function registerCommand(options: Parts, member: Member, known: KnownNode | null): RegisterCommand {
  const server = serverOf(member)
  const node: NodeInfo = {
    id: member.id,
    name: member.name,
    address: member.address.ip,
    datacenter: options.datacenter,
    // The agent itself tells the rest (anti-entropy); what is known already stays.
    taggedAddresses: known?.node.taggedAddresses ?? {},
    meta: known?.node.meta ?? {},
  }
  return {
    kind: 'register',
    node,
    service: server === null ? null : consulService(member, server),
    checks: [healthCheck(member.name, 'passing', 'Agent alive and reachable')],
    skipNodeUpdate: false,
  }
}

function isRegistered(catalog: CatalogReader, known: KnownNode, wanted: RegisterCommand): boolean {
  const { node, service, checks } = wanted
  return (
    known.node.address === node.address &&
    checks.every((check) => hasCheck(catalog, check)) &&
    (service === null || known.services.some((each) => isSameService(each, service)))
  )
}

function failure(options: Parts, member: Member): readonly SingleCommand[] {
  const known = options.catalog.node(member.name)
  if (known === null) return []
  if (known.node.id !== member.id && !isFromPool(options.catalog, member.name)) return []
  return failureOf(options, known.node)
}

function failureOf({ catalog, log }: Parts, node: CatalogNode): readonly SingleCommand[] {
  const check = healthCheck(node.name, 'critical', 'Agent not live or unreachable')
  if (hasCheck(catalog, check)) return []
  log.info('A member has failed; marking it critical', { node: node.name })
  return [{ kind: 'register', node, service: null, checks: [check], skipNodeUpdate: true }]
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
    non_voter: String(server.isReadReplica),
    raft_version: member.tags.get('raft_vsn') ?? '3',
    read_replica: String(server.isReadReplica),
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
