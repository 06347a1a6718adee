// The gossip pools of one agent: LAN for all, WAN for servers; who is in them, joining and leaving them.
import type { AgentConfig, GossipTimingOverrides } from '../config/agent-config.ts'
import { lanTiming, wanTiming, type GossipConfig } from '../gossip/config.ts'
import type { Member } from '../gossip/events.ts'
import type { Random } from '../lib/random.ts'
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import type { Coordinate } from '../model/coordinate.ts'
import type { UserEvent } from '../model/user-event.ts'
import type { Limits } from '../model/limits.ts'
import type { Host } from '../runtime/host.ts'
import type { AgentTrace } from './agent.ts'
import { gaugePools } from './gossip-metrics.ts'
import { startGossipPool, type GossipPool } from './gossip-pool.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import { createFloodJoin, joinUntilDone, rejoin } from './join.ts'
import { openKnownMembers, type KnownMembersFile } from './known-members.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createServerDirectory, type ServerDirectory } from './servers.ts'
import { memberTags } from './tags.ts'

/** What the pools are made of. */
export interface PoolsOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly id: string
  readonly random: Random
  readonly limits: Limits
  readonly log: Logger
  readonly metrics: Metrics
  readonly trace: AgentTrace
  /** Our own bug in one of the machines. */
  readonly onFault: (error: unknown) => void
}

/** The pools of one agent. `lan` and `wan` exist once `start` has resolved. */
export interface Pools {
  readonly lan: GossipPool
  /** Null on clients and when `ports.serf_wan` is off. */
  readonly wan: GossipPool | null
  readonly lanServers: ServerDirectory
  readonly wanServers: ServerDirectory
  /** Datacenters we know of, our own first. */
  datacenters(): readonly string[]
  /** Called for each change in the LAN pool, from then on. */
  onLanMember(listener: (event: string, member: Member) => void): void
  /** Called for each change in either pool, from then on. */
  onMember(listener: (pool: PoolName, event: string, member: Member) => void): void
  /** Called for each user event of the LAN pool, from then on. */
  onUserEvent(listener: (event: UserEvent) => void): void
  /** Called for each timed round trip in either pool, from then on. */
  onRoundTrip(listener: (pool: PoolName, trip: RoundTrip) => void): void
  start(): Promise<void>
  /** A session with this LAN member broke: a hint to probe it next. */
  contactLost(name: string): void
  /** Joins what the configuration and the last run tell; false when the configured attempts are used up. */
  joinConfigured(signal: AbortSignal, peerIps: readonly string[]): Promise<boolean>
  leave(): Promise<void>
  stop(): Promise<void>
}

/** One of the pools. */
export type PoolName = 'lan' | 'wan'

/** A member's answer to a ping, and where it says it is. */
export interface RoundTrip {
  readonly name: string
  readonly coordinate: Coordinate
  readonly rttMicros: number
}

/** Makes the pools; nothing is bound before `start`. */
export function createPools(options: PoolsOptions): Pools {
  return new AgentPools(options)
}

class AgentPools implements Pools {
  readonly lanServers: ServerDirectory
  readonly wanServers: ServerDirectory
  readonly #options: PoolsOptions
  readonly #memberListeners: ((pool: PoolName, event: string, member: Member) => void)[] = []
  readonly #eventListeners: ((event: UserEvent) => void)[] = []
  readonly #tripListeners: ((pool: PoolName, trip: RoundTrip) => void)[] = []
  readonly #files: Partial<Record<PoolName, KnownMembersFile>> = {}
  #lan: GossipPool | null = null
  #wan: GossipPool | null = null
  #flood: ReturnType<typeof createFloodJoin> | null = null

  constructor(options: PoolsOptions) {
    this.#options = options
    this.lanServers = createServerDirectory(options.random.fork('lanServers'))
    this.wanServers = createServerDirectory(options.random.fork('wanServers'))
  }

  get lan(): GossipPool {
    if (this.#lan === null) throw new Error('the LAN pool is not started')
    return this.#lan
  }

  get wan(): GossipPool | null {
    return this.#wan
  }

  datacenters(): readonly string[] {
    const own = this.#options.config.datacenter
    return [own, ...this.wanServers.datacenters().filter((datacenter) => datacenter !== own)]
  }

  onLanMember(listener: (event: string, member: Member) => void): void {
    this.onMember((pool, event, member) => {
      if (pool === 'lan') listener(event, member)
    })
  }

  onMember(listener: (pool: PoolName, event: string, member: Member) => void): void {
    this.#memberListeners.push(listener)
  }

  onUserEvent(listener: (event: UserEvent) => void): void {
    this.#eventListeners.push(listener)
  }

  onRoundTrip(listener: (pool: PoolName, trip: RoundTrip) => void): void {
    this.#tripListeners.push(listener)
  }

  async start(): Promise<void> {
    const { config, log } = this.#options
    const { dataDir } = config
    if (dataDir !== null) await this.#options.host.files.mkdir(`${dataDir}/serf`, 0o755)
    this.#lan = await this.#startPool('lan', config.bind.serfLan)
    const running = [this.#lan.machine]
    gaugePools(this.#options.metrics, running)
    if (config.bind.serfWan !== null) {
      this.#wan = await this.#startPool('wan', config.bind.serfWan)
      const wan = this.#wan
      running.push(wan.machine)
      this.#flood = createFloodJoin(
        this.#options.host.clock,
        this.lanServers,
        () => wan.machine.members(),
        async (address) => {
          const outcome = await wan.join([address])
          if (outcome.contacted > 0)
            log.info('Joined a LAN server into the WAN pool', { address: formatAddress(address) })
        },
      )
    }
  }

  async #startPool(pool: PoolName, bind: Address): Promise<GossipPool> {
    const { host, log, metrics, trace } = this.#options
    const logger = log.named(`serf.${pool}`)
    let started: GossipPool | null = null
    const file = await this.#openFile(pool, logger, () => started)
    try {
      started = await startGossipPool({
        config: this.#gossipConfig(pool, file),
        bind,
        host,
        log: logger,
        metrics,
        events: {
          onMember: (event, member) => this.#onMember(pool, event, member),
          onUserEvent: (event) => {
            if (pool === 'lan') for (const listener of this.#eventListeners) listener(event)
          },
          onRoundTrip: (name, coordinate, rttMicros) => {
            for (const listener of this.#tripListeners) listener(pool, { name, coordinate, rttMicros })
          },
          onFault: (error) => this.#options.onFault(error),
          onEffect: (effect) => trace.onGossip?.(pool, effect),
        },
      })
    } catch (error) {
      const name = pool === 'lan' ? 'LAN' : 'WAN'
      throw new StartError(
        `Cannot listen for gossip (${name}) on ${formatAddress(bind)}: ${describe(error)}; ` +
          wayToListen(error, { address: '-bind', port: `-serf-${pool}-port` }),
      )
    }
    // The machine knows itself without an event: so do the directories.
    this.#directory(pool).onMember('joined', started.machine.self)
    return started
  }

  async #openFile(
    pool: PoolName,
    log: Logger,
    started: () => GossipPool | null,
  ): Promise<KnownMembersFile | null> {
    const { host, config } = this.#options
    if (config.dataDir === null) return null
    const path = `${config.dataDir}/serf/${pool === 'lan' ? 'local' : 'remote'}.snapshot`
    const file = await openKnownMembers(host, path, log, () => {
      const machine = started()?.machine
      return {
        members: machine === undefined ? [] : [...machine.members()].filter((m) => m.id !== this.#options.id),
        incarnation: machine?.incarnation ?? 0,
        lamportTime: machine?.lamportTime ?? 1,
      }
    })
    this.#files[pool] = file
    return file
  }

  #gossipConfig(pool: PoolName, file: KnownMembersFile | null): GossipConfig {
    const { config, id, random, limits } = this.#options
    const isLan = pool === 'lan'
    const overrides: GossipTimingOverrides = isLan ? config.gossipLan : config.gossipWan
    return {
      name: isLan ? config.nodeName : `${config.nodeName}.${config.datacenter}`,
      id,
      address: {
        ip: isLan ? config.advertise.lan : config.advertise.wan,
        port: isLan ? config.ports.serfLan : config.ports.serfWan,
      },
      tags: memberTags(config, id, pool),
      datacenter: config.datacenter,
      pool,
      timing: { ...(isLan ? lanTiming : wanTiming), ...overrides },
      incarnation: (file?.restored.incarnation ?? 0) + 1,
      lamportTime: (file?.restored.lamportTime ?? 0) + 1,
      seed: random.fork(`gossip.${pool}`).uint32(),
      limits,
    }
  }

  #directory(pool: PoolName): ServerDirectory {
    return pool === 'lan' ? this.lanServers : this.wanServers
  }

  #onMember(pool: PoolName, event: string, member: Member): void {
    this.#directory(pool).onMember(event, member)
    this.#files[pool]?.touch()
    this.#options.log.named(`serf.${pool}`).info(eventWords[event] ?? event, {
      member: member.name,
      address: formatAddress(member.address),
    })
    for (const listener of this.#memberListeners) listener(pool, event, member)
    if (pool === 'lan') this.#flood?.consider()
  }

  contactLost(name: string): void {
    this.#lan?.contactLost(name)
  }

  async joinConfigured(signal: AbortSignal, peerIps: readonly string[]): Promise<boolean> {
    const { config } = this.#options
    const peers = peerIps.map((ip) => ({ ip, port: config.ports.serfLan }))
    this.#rejoin('lan', signal, peers)
    this.#rejoin('wan', signal, [])
    const joins = [this.#joinPool(this.lan, config.joinLan, config.ports.serfLan, signal)]
    if (this.#wan !== null)
      joins.push(this.#joinPool(this.#wan, config.joinWan, config.ports.serfWan, signal))
    const results = await Promise.all(joins)
    return results.every((isJoined) => isJoined)
  }

  #joinPool(
    pool: GossipPool,
    config: AgentConfig['joinLan'],
    defaultPort: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { host, log } = this.#options
    return joinUntilDone({ host, pool, config, defaultPort, log, signal })
  }

  /** Finds the cluster of the last run again, in the background; a leave on purpose counts unless it may be undone. */
  #rejoin(name: PoolName, signal: AbortSignal, others: readonly Address[]): void {
    const restored = this.#files[name]?.restored
    const pool = name === 'lan' ? this.#lan : this.#wan
    if (restored === undefined || pool === null) return
    if (restored.hasLeft && !this.#options.config.rejoinAfterLeave) return
    const { host, log } = this.#options
    const isNew = (other: Address): boolean =>
      !restored.addresses.some((known) => isSameAddress(known, other))
    const addresses = [...restored.addresses, ...others.filter(isNew)]
    if (addresses.length === 0) return
    void rejoin({ clock: host.clock, pool, addresses, log: log.named(`serf.${name}`), signal })
  }

  async leave(): Promise<void> {
    this.#flood?.stop()
    await Promise.all([this.#wan?.leave(), this.#lan?.leave()])
    await Promise.all(Object.values(this.#files).map((file) => file.leave()))
  }

  async stop(): Promise<void> {
    this.#flood?.stop()
    await Promise.all(Object.values(this.#files).map((file) => file.stop()))
    await this.#lan?.stop()
    await this.#wan?.stop()
  }
}

const eventWords: Readonly<Record<string, string>> = {
  joined: 'Member joined',
  updated: 'Member updated',
  leaving: 'Member is leaving',
  left: 'Member left',
  failed: 'Member failed',
  reaped: 'Member forgotten',
}
