// What makes an agent a server: Raft with its storage, the leader's duties, the bootstrap, and leaving in good order.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Member } from '../gossip/events.ts'
import { assert } from '../lib/assert.ts'
import type { Random } from '../lib/random.ts'
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Consistency } from '../model/query.ts'
import { raftTiming } from '../raft/config.ts'
import type { RaftEffect } from '../raft/events.ts'
import type { Configuration } from '../raft/message.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Host } from '../runtime/host.ts'
import type { Actions } from './actions.ts'
import type { AgentTrace } from './agent.ts'
import { createBootstrap, type Bootstrap, type BootstrapOptions } from './bootstrap.ts'
import { call } from './call.ts'
import { createEntryClock, type EntryClock } from './entry-clock.ts'
import { createLeadership, type LeaderDuties, type Leadership } from './leadership.ts'
import { createLocalServer, type LocalServerNode, type LocalServerOptions } from './local-server.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { PoolServices } from './pool-services.ts'
import type { Pools } from './pools.ts'
import { openRaftStorage, type RaftStorage } from './raft-storage.ts'
import { RaftNode, type RaftEvents } from './raft-node.ts'
import { createLeaderWork, type LeaderWork } from './leader-work.ts'
import { createPeerActions } from './peer-actions.ts'
import { recoverFromPeers } from './peers-file.ts'
import { readRecoveryMark, type RecoveryMark } from './recovery-mark.ts'
import { giveUpSeat } from './seat.ts'
import { createSearches } from './prepared-search.ts'
import type { Router } from './router.ts'
import { serverOf, type ServerInfo } from './servers.ts'
import type { SnapshotActions } from './snapshot-actions.ts'
import { backupDuties, serverSnapshots } from './snapshot-role.ts'
import { gaugeMembers, gaugeState } from './state-metrics.ts'
import { Store } from './store.ts'
import { memberView } from './tags.ts'
import { createTimeDuties, type TimeDuties } from './time-duties.ts'

/** What a server is made of. */
export interface ServerRoleOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly id: string
  readonly rpc: Rpc
  readonly pools: Pools
  readonly poolServices: PoolServices
  readonly random: Random
  readonly limits: Limits
  readonly log: Logger
  readonly metrics: Metrics
  readonly trace: AgentTrace
  /** Null while the agent starts. */
  readonly router: () => Router | null
  /** The log can no longer be written. */
  readonly onFatal: (error: unknown) => void
  /** Entries of so many bytes were applied. */
  readonly onApplied: (bytes: number) => void
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
  /** Where the Raft configuration has the other servers: a way to find the pool again when all others are lost. */
  peerIps(): readonly string[]
  /** Other settings are in force. */
  set(config: AgentConfig): void
  /** Gives the leadership and the seat away; true if there were other servers. */
  leave(): Promise<boolean>
  stop(): Promise<void>
}

/** Opens the storage and starts the consensus. Errors: StartError when the data cannot be read. */
export async function startServer(options: ServerRoleOptions): Promise<ServerRole> {
  const { host, config, limits, random } = options
  const store = new Store({
    clock: host.clock,
    random: random.fork('store'),
    watchesMax: limits.watchesMax,
  })
  const log = options.log.named('raft')
  await recoverFromPeers({ host, dataDir: config.dataDir, id: options.id, limits, log })
  const mark = await readRecoveryMark(host, config.dataDir, store)
  const storage = await openRaftStorage(host, config.dataDir, limits, log)
  try {
    const { snapshot } = storage.restored
    if (snapshot !== null) {
      const restore = store.beginRestore()
      await storage.load((records) => restore.put(records))
      restore.finish(snapshot.index)
    }
  } catch (error) {
    await storage.close()
    throw error
  }
  return new Server(options, store, storage, mark)
}

/** The trace's part of Raft's events; without a trace nothing is called. */
function traceEvents(trace: AgentTrace): Partial<RaftEvents> {
  return {
    ...(trace.onRaftStart === undefined ? {} : { onStart: trace.onRaftStart.bind(trace) }),
    ...(trace.onRaftInput === undefined ? {} : { onInput: trace.onRaftInput.bind(trace) }),
    ...(trace.onRaft === undefined ? {} : { onEffect: trace.onRaft.bind(trace) }),
  }
}

class Server implements ServerRole {
  readonly raft: RaftNode
  readonly local: LocalServerNode
  readonly #options: ServerRoleOptions
  readonly #entryClock: EntryClock
  readonly #work: LeaderWork
  readonly #time: TimeDuties
  readonly #leadership: Leadership
  readonly #bootstrap: Bootstrap
  readonly #snapshots: SnapshotActions
  readonly #backups: readonly LeaderDuties[]

  constructor(options: ServerRoleOptions, store: Store, storage: RaftStorage, mark: RecoveryMark) {
    this.#options = options
    this.#entryClock = createEntryClock(options.host.clock, () => store.marks.wallMs)
    gaugeState(options.metrics, store, options.config.datacenter)
    this.raft = this.#makeRaft(store, storage, mark)
    this.#snapshots = serverSnapshots(options, {
      raft: this.raft,
      store,
      onRestored: () => this.#work.reconcile.restored(),
    })
    this.#work = createLeaderWork(options, this.raft, store)
    this.#backups = backupDuties(options, this.raft)
    this.#time = createTimeDuties(options, {
      raft: this.raft,
      store,
      entryClock: this.#entryClock,
      isRestoring: () => this.#snapshots.isRestoring(),
      mark,
    })
    this.#leadership = createLeadership(leadershipParts(options, this.raft, store), [
      this.#time,
      this.#work,
      ...this.#backups,
    ])
    this.#bootstrap = createBootstrap(bootstrapOptions(options, this.raft))
    this.local = createLocalServer({
      ...localOptions(options),
      raft: this.raft,
      store,
      bootstrap: this.#bootstrap,
      actions: this.#actions(),
      expectLeave: (id) => this.#work.reconcile.expectLeave(id),
      autopilotHealth: () => this.#work.autopilot.health(),
      search: createSearches({
        datacenter: options.config.datacenter,
        readNow: (query, read) => this.local.readNow(query, read),
        router: options.router,
        datacenters: () => options.poolServices.datacenters(),
        clock: options.host.clock,
        random: options.random.fork('searches'),
        metrics: options.metrics,
      }),
    })
  }

  #makeRaft(store: Store, storage: RaftStorage, mark: RecoveryMark): RaftNode {
    const { host, config, pools, rpc, log, metrics, limits, id, random } = this.#options
    return new RaftNode({
      id,
      timing: raftTiming(config.performance.raftMultiplier),
      seed: random.fork('raft').uint32(),
      limits,
      storage,
      store,
      rpc,
      clock: host.clock,
      entryClock: this.#entryClock,
      log: log.named('raft'),
      metrics,
      isRaiseDue: () => mark.isDue(),
      addressOf: (server) => pools.lanServers.byId(server)?.rpc,
      events: {
        onRole: (effect) => this.#onRole(effect),
        onConfiguration: () => this.#work.reconcile.touch(),
        onCaughtUp: () => this.#work.reconcile.touch(),
        onFatal: this.#options.onFatal,
        onApplied: this.#options.onApplied,
        onFault: this.#options.onFault,
        ...traceEvents(this.#options.trace),
      },
    })
  }

  #onRole(effect: RaftEffect & { readonly kind: 'roleChanged' }): void {
    const { role, term, leader } = effect
    this.#options.log.info(roleWords[role], { term, leader: leader ?? 'none' })
    this.#leadership.onRole(role === 'leader', term)
    this.local.leaderHasChanged()
  }

  #actions(): Actions {
    const peers = createPeerActions({
      selfId: this.#options.id,
      raft: this.raft,
      isLive: (id) => this.#work.autopilot.isLive(id),
      onRemoved: (id) => this.#work.reconcile.keepOut(id),
    })
    return {
      ...peers,
      ...this.#snapshots,
      renewSession: this.#time.renewSession,
      ...this.#options.poolServices.actions,
    }
  }

  onPoolsStarted(): void {
    const { pools, config, metrics } = this.#options
    gaugeMembers(metrics, pools.lan.machine, config.datacenter)
    this.#leadership.open()
    pools.onLanMember((event, member) => this.#onMember(event, member))
    if (config.bootstrap && !hasState(this.raft)) this.raft.bootstrap(bootstrapAlone(this.#options))
    this.#bootstrap.consider()
  }

  #onMember(event: string, member: Member): void {
    this.#work.reconcile.touch(member.name)
    if (member.tags.get('role') !== 'consul') return
    this.#bootstrap.consider()
    const isGone = event === 'failed' || event === 'left'
    if (isGone && member.id === this.raft.machine.leader) this.raft.onLeaderUnreachable(member.id)
  }

  onSessionClosed(to: Address): void {
    const { leader } = this.raft.machine
    const address = leader === null || leader === this.#options.id ? undefined : this.raft.addressOf(leader)
    if (leader !== null && address !== undefined && isSameAddress(address, to)) {
      this.raft.onLeaderUnreachable(leader)
    }
  }

  leaderText(): string {
    const { leader } = this.raft.machine
    const address = leader === null ? undefined : this.raft.addressOf(leader)
    return address === undefined ? '' : formatAddress(address)
  }

  peerIps(): readonly string[] {
    const { machine } = this.raft
    const others = machine.configuration.servers.filter((server) => server.id !== this.#options.id)
    return others.flatMap((server) => this.raft.addressOf(server.id)?.ip ?? [])
  }

  set(config: AgentConfig): void {
    this.#time.set(config)
  }

  leave(): Promise<boolean> {
    const { host, rpc, id, log } = this.#options
    this.local.startLeaving()
    this.#bootstrap.stop()
    return giveUpSeat({
      id,
      clock: host.clock,
      raft: this.raft,
      local: this.local,
      askToRemove: (leader, deadlineMs) => call(rpc, leader, { kind: 'removeServer', id }, deadlineMs),
      log,
    })
  }

  async stop(): Promise<void> {
    this.#bootstrap.stop()
    this.#snapshots.stop()
    for (const duty of this.#backups) duty.stop()
    this.#leadership.close()
    await this.raft.stop()
  }
}

function leadershipParts(
  { host, metrics }: ServerRoleOptions,
  raft: RaftNode,
  store: Store,
): Parameters<typeof createLeadership>[0] {
  return { raft, store, clock: host.clock, onBarrier: metrics.sampler('leader.barrier') }
}

/** Asks the leader from which index on a read may be answered; null if it does not say, or not soon. */
async function askIndex(
  { rpc, host }: ServerRoleOptions,
  leader: Address,
  consistency: Consistency,
): Promise<number | null> {
  const reply = await call(rpc, leader, { kind: 'readIndex', consistency }, host.clock.nowMs() + indexMsMax)
  return reply.kind === 'readIndex' ? reply.index : null
}

/** How long the leader may take to give a read index. */
const indexMsMax = 1000

function localOptions(
  options: ServerRoleOptions,
): Omit<
  LocalServerOptions,
  'raft' | 'store' | 'bootstrap' | 'actions' | 'expectLeave' | 'autopilotHealth' | 'search'
> {
  const { host, config, pools } = options
  return {
    clock: host.clock,
    selfId: options.id,
    lan: pools.lanServers,
    metrics: options.metrics,
    askIndex: (leader, consistency) => askIndex(options, leader, consistency),
    datacenters: () => options.poolServices.datacenters(),
    datacenterCoordinates: () => options.poolServices.datacenterCoordinates(),
    wanMembers: () => (pools.wan === null ? [] : [...pools.wan.machine.members()].map(memberView)),
    holdMs: config.performance.rpcHoldTimeoutMs,
  }
}

const roleWords: Readonly<Record<RaftNode['machine']['role'], string>> = {
  leader: 'Entering leader state',
  follower: 'Entering follower state',
  preCandidate: 'Asking whether an election could be won',
  candidate: 'Entering candidate state',
}

/** True if this server belongs to a cluster: also one that has only voted in it so far. */
function hasState(raft: RaftNode): boolean {
  const { machine } = raft
  return machine.lastIndex > 0 || machine.snapshotIndex > 0 || machine.term > 0
}

function bootstrapAlone(options: ServerRoleOptions): Configuration {
  const { config } = options
  const address = formatAddress({ ip: config.advertise.lan, port: config.ports.server })
  return { servers: [{ id: options.id, address, suffrage: 'voter' }] }
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
      pools.lanServers
        .all()
        .filter((s) => s.id !== options.id && s.datacenter === config.datacenter && !s.isReadReplica),
    hasState: () => hasState(raft),
    ask: (server, request, timeoutMs) => call(rpc, server.rpc, request, host.clock.nowMs() + timeoutMs),
    start: (configuration) => raft.bootstrap(configuration),
    log: log.named('bootstrap'),
  }
}
