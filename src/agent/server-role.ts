// What makes an agent a server: Raft with its storage, the leader's duties, the bootstrap, and leaving in good order.
import type { AgentConfig } from '../config/agent-config.ts'
import { assert } from '../lib/assert.ts'
import type { Random } from '../lib/random.ts'
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import { raftTiming } from '../raft/config.ts'
import type { Configuration } from '../raft/message.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Host } from '../runtime/host.ts'
import { decodeReply, encodeRequest } from '../codec/request-codec.ts'
import { encodeCommand } from '../codec/command-codec.ts'
import { requestError } from '../model/errors.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { AgentTrace } from './agent.ts'
import { createBootstrap, type Bootstrap, type BootstrapOptions } from './bootstrap.ts'
import { channels } from './channels.ts'
import { createLocalServer, type LocalServerNode, type LocalServerOptions } from './local-server.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Pools } from './pools.ts'
import { openRaftStorage, type RaftStorage } from './raft-storage.ts'
import { RaftNode, type RaftEvents } from './raft-node.ts'
import { createReconcile, type Reconcile, type ReconcileOptions } from './reconcile.ts'
import { serverOf, type ServerInfo } from './servers.ts'
import { sleep } from './sleep.ts'
import { Store } from './store.ts'
import { memberView } from './tags.ts'

/** What a server is made of. */
export interface ServerRoleOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly id: string
  readonly rpc: Rpc
  readonly pools: Pools
  readonly random: Random
  readonly limits: Limits
  readonly log: Logger
  readonly metrics: Metrics
  readonly trace: AgentTrace
  /** The log can no longer be written. */
  readonly onFatal: (error: unknown) => void
  /** Our own bug in the machine or around it. */
  readonly onFault: (error: unknown) => void
}

/** A server at work. */
export interface ServerRole {
  readonly raft: RaftNode
  readonly local: LocalServerNode
  /** The pools are there: watch them, and bootstrap if that is due. */
  onPoolsStarted(): void
  onSessionClosed(to: Address): void
  /** The leader's RPC address, '' if none is known. */
  leaderText(): string
  /** Gives the leadership and the seat away before a leave; true if there were other servers. */
  beforeLeave(): Promise<boolean>
  stop(): Promise<void>
}

/** How long a leaving server waits to see itself out of the Raft configuration (reference: 5 s). */
const leaveRemovalMs = 5000

/** Opens the storage and starts the consensus. Errors: StartError when the data cannot be read. */
export async function startServer(options: ServerRoleOptions): Promise<ServerRole> {
  const { host, config, limits, random } = options
  const store = new Store(host.clock, random.fork('store'))
  const storage = await openRaftStorage(host, config.dataDir, limits, options.log.named('raft'))
  if (storage.restored.snapshot !== null)
    store.restore(await storage.records(), storage.restored.snapshot.index)
  return compose(options, store, storage)
}

/** The trace's part of Raft's events; without a trace nothing is called. */
function traceEvents(trace: AgentTrace): Partial<RaftEvents> {
  return {
    ...(trace.onRaftStart === undefined ? {} : { onStart: trace.onRaftStart.bind(trace) }),
    ...(trace.onRaftInput === undefined ? {} : { onInput: trace.onRaftInput.bind(trace) }),
    ...(trace.onRaft === undefined ? {} : { onEffect: trace.onRaft.bind(trace) }),
  }
}

function compose(options: ServerRoleOptions, store: Store, storage: RaftStorage): ServerRole {
  const { host, config, pools, rpc, log, metrics } = options
  const caughtUp = new Set<string>()
  const raft = new RaftNode({
    id: options.id,
    timing: raftTiming(config.performance.raftMultiplier),
    seed: options.random.fork('raft').uint32(),
    limits: options.limits,
    storage,
    store,
    rpc,
    clock: host.clock,
    log: log.named('raft'),
    metrics,
    addressOf: (id) => pools.lanServers.byId(id)?.rpc,
    events: {
      onRole: (effect) => {
        log.info(roleWords[effect.role], { term: effect.term, leader: effect.leader ?? 'none' })
        leadership.onRole(effect.role === 'leader', effect.term)
        local.leaderHasChanged()
      },
      onConfiguration: () => reconcile.touch(),
      onCaughtUp(id) {
        caughtUp.add(id)
        reconcile.touch()
      },
      onFatal: options.onFatal,
      onFault: options.onFault,
      ...traceEvents(options.trace),
    },
  })
  const reconcile = createReconcile(reconcileOptions(options, raft, store, caughtUp))
  const leadership = createLeadership(raft, store, reconcile, caughtUp)
  const bootstrap = createBootstrap(bootstrapOptions(options, raft))
  const local = createLocalServer(localOptions(options, raft, store, bootstrap))
  return {
    raft,
    local,
    onPoolsStarted() {
      pools.onLanMember((event, member) => {
        reconcile.touch(member.name)
        if (member.tags.get('role') !== 'consul') return
        bootstrap.consider()
        const isGone = event === 'failed' || event === 'left'
        if (isGone && member.id === raft.machine.leader) raft.onLeaderUnreachable(member.id)
      })
      if (config.bootstrap && !hasState(raft)) raft.bootstrap(bootstrapAlone(options))
      bootstrap.consider()
    },
    onSessionClosed(to) {
      const leader = raft.machine.leader
      const address = leader === null || leader === options.id ? undefined : raft.addressOf(leader)
      if (leader !== null && address !== undefined && isSameAddress(address, to))
        raft.onLeaderUnreachable(leader)
    },
    leaderText() {
      const leader = raft.machine.leader
      const address = leader === null ? undefined : raft.addressOf(leader)
      return address === undefined ? '' : formatAddress(address)
    },
    beforeLeave: () => giveUpSeat(options, raft, local),
    async stop() {
      reconcile.stop()
      await raft.stop()
    },
  }
}

function localOptions(
  options: ServerRoleOptions,
  raft: RaftNode,
  store: Store,
  bootstrap: Bootstrap,
): LocalServerOptions {
  const { host, config, pools } = options
  return {
    clock: host.clock,
    selfId: options.id,
    raft,
    store,
    lan: pools.lanServers,
    bootstrap,
    datacenters: () => pools.datacenters(),
    wanMembers: () => (pools.wan === null ? [] : [...pools.wan.machine.members()].map(memberView)),
    thresholds: {
      lastContactMs: config.autopilot.lastContactThresholdMs,
      trailingLogs: config.autopilot.maxTrailingLogs,
    },
    holdMs: config.performance.rpcHoldTimeoutMs,
  }
}

const roleWords: Readonly<Record<RaftNode['machine']['role'], string>> = {
  leader: 'Entering leader state',
  follower: 'Entering follower state',
  preCandidate: 'Asking whether an election could be won',
  candidate: 'Entering candidate state',
}

function hasState(raft: RaftNode): boolean {
  const { machine } = raft
  return machine.lastIndex > 0 || machine.snapshotIndex > 0
}

function bootstrapAlone(options: ServerRoleOptions): Configuration {
  const { config } = options
  const address = formatAddress({ ip: config.advertise.lan, port: config.ports.server })
  return { servers: [{ id: options.id, address, suffrage: 'voter' }] }
}

/** The leader's duties begin once everything of earlier terms is applied here, and end with the term. */
function createLeadership(
  raft: RaftNode,
  store: Store,
  reconcile: Reconcile,
  caughtUp: Set<string>,
): { onRole(isLeader: boolean, term: number): void } {
  let dutiesOfTerm = 0
  const begin = async (term: number): Promise<void> => {
    // A read index is given only after an entry of the own term is committed: the barrier (thesis 6.4).
    const index = await raft.readIndex()
    if (!index.ok || dutiesOfTerm !== term) return
    await store.whenApplied(index.value, Infinity)
    if (dutiesOfTerm === term) reconcile.start()
  }
  return {
    onRole(isLeader, term) {
      if (!isLeader) {
        dutiesOfTerm = 0
        caughtUp.clear()
        reconcile.stop()
      } else if (dutiesOfTerm !== term) {
        dutiesOfTerm = term
        void begin(term)
      }
    },
  }
}

function reconcileOptions(
  options: ServerRoleOptions,
  raft: RaftNode,
  store: Store,
  caughtUp: ReadonlySet<string>,
): ReconcileOptions {
  const { host, config, pools, log } = options
  return {
    clock: host.clock,
    selfId: options.id,
    datacenter: config.datacenter,
    members: () => pools.lan.machine.members(),
    member: (name) => pools.lan.machine.member(name),
    catalog: {
      nodes: () => store.query({ kind: 'nodes', nodeMeta: {} }).value,
      node: (name) => store.query({ kind: 'node', node: name }).value,
      checks: (name) => store.query({ kind: 'healthNode', node: name }).value,
    },
    configuration: () => raft.machine.configuration,
    caughtUp,
    write: async (command) => (await raft.propose(encodeCommand(command))).ok,
    changeServer: async (change) => (await raft.changeServer(change)).ok,
    log: log.named('leader'),
  }
}

function bootstrapOptions(options: ServerRoleOptions, raft: RaftNode): BootstrapOptions {
  const { host, config, pools, rpc, log } = options
  const self = (): ServerInfo => {
    const info = serverOf(pools.lan.machine.self)
    assert(info !== null, 'our own tags name a server')
    return info
  }
  return {
    clock: host.clock,
    self,
    expect: config.bootstrapExpect,
    others: () =>
      pools.lanServers.all().filter((s) => s.id !== options.id && s.datacenter === config.datacenter),
    hasState: () => hasState(raft),
    ask: (server, request, timeoutMs) => call(rpc, server.rpc, request, host.clock.nowMs() + timeoutMs),
    start: (configuration) => raft.bootstrap(configuration),
    log: log.named('bootstrap'),
  }
}

async function call(rpc: Rpc, to: Address, request: RpcRequest, deadlineMs: number): Promise<RpcReply> {
  const answer = await rpc.call(to, channels.request, encodeRequest(request), { deadlineMs })
  if (!answer.ok) return { kind: 'refused', error: requestError('timeout', answer.error.message) }
  const reply = decodeReply(answer.value)
  return reply.ok ? reply.value : { kind: 'refused', error: requestError('internal', reply.error.detail) }
}

/**
 * Gives the leadership away and leaves the Raft configuration, so that the others' majority shrinks in good order.
 * True if there are other servers. Gives up after a while: the leader also removes a member that has left.
 */
async function giveUpSeat(
  options: ServerRoleOptions,
  raft: RaftNode,
  local: LocalServerNode,
): Promise<boolean> {
  const { host, rpc, id, log } = options
  const isMember = (): boolean => raft.machine.configuration.servers.some((server) => server.id === id)
  if (!isMember() || raft.machine.configuration.servers.length === 1) return false
  const untilMs = host.clock.nowMs() + leaveRemovalMs
  if (local.isLeader()) await raft.transferLeadership(null)
  while (isMember() && host.clock.nowMs() < untilMs) {
    const leader = local.leaderAddress()
    // A removed server hears nothing of it any more: the leader's word is that the removal is committed.
    const reply = leader === null ? null : await call(rpc, leader, { kind: 'removeServer', id }, untilMs)
    if (reply?.kind === 'done') return true
    await sleep(host.clock, 50)
  }
  if (isMember()) log.warn('Still in the Raft configuration; the leader will remove this server')
  return true
}
