// Autopilot: the leader's watch over the servers. It looks at their health once a second, remembers since when it is
// so, and tells from it what the Raft configuration should become (autopilot-changes.ts). It changes nothing itself.
import type { AutopilotSettings } from '../config/agent-config.ts'
import { formatAddress } from '../model/address.ts'
import type { TextMap } from '../model/catalog.ts'
import type { Command } from '../model/command.ts'
import type { AutopilotConfig } from '../model/operator.ts'
import type { AutopilotHealthView } from '../model/query.ts'
import type { ServerEntry } from '../raft/message.ts'
import type { PeerProgress, Raft } from '../raft/raft.ts'
import type { Clock } from '../runtime/host.ts'
import { majorityOf, type AutopilotLook, type ServerStanding } from './autopilot-changes.ts'
import type { ServerInfo } from './servers.ts'
import { Stability } from './stability.ts'

/** What autopilot needs to know and to do. */
export interface AutopilotOptions {
  readonly clock: Clock
  readonly selfId: string
  readonly raft: {
    readonly machine: Pick<Raft, 'configuration' | 'progress' | 'leader' | 'term' | 'lastIndex'>
    readonly heartbeatMs: number
  }
  /** A server as gossip knows it. */
  readonly server: (id: string) => ServerInfo | undefined
  /** Meta data of a node in the catalog. */
  readonly nodeMeta: (name: string) => TextMap
  /** The settings of the replicated state; null before a leader has written them. */
  readonly stored: () => AutopilotConfig | null
  /** The settings that a new cluster starts with. */
  readonly initial: AutopilotConfig
  /** Appends a command; false if that failed. */
  readonly write: (command: Command) => Promise<boolean>
  /** It is time to compare the Raft configuration with what it should be. */
  readonly onLook: () => void
  readonly gauge: (name: string, value: number) => void
}

/** Autopilot of one server; it looks only while this server leads. */
export interface Autopilot {
  start(): void
  stop(): void
  /** What the next change is worked out from. */
  look(): AutopilotLook
  /** A server was taken out of the Raft configuration. */
  noteRemoved(server: ServerEntry): void
  /** True if a server answers Raft now. */
  isLive(id: string): boolean
  /** The servers' health, for people. */
  health(): AutopilotHealthView
}

/** Health is looked at this often. */
const pollMs = 1000
/**
 * Who has answered within this, or within three heartbeats if those are longer, counts for the quorum. No setting: a
 * threshold of minutes must not make the dead count.
 */
const liveMsMin = 1000
/** A server that gossip has not known for so long has failed. */
const absentFailedMs = 60_000
/** So many servers that were taken out are remembered. */
const removedMax = 64
/** A log that is no longer than this is that of a cluster that has just begun. */
const youngIndexMax = 32

/** A server that Raft has no word of. */
const unheard = { lastContactMs: 0, matchIndex: 0, matchTerm: 0 }

/** The replicated settings that a configuration stands for. */
export function initialAutopilot(settings: AutopilotSettings): AutopilotConfig {
  return {
    cleanupDeadServers: settings.cleanupDeadServers,
    lastContactThresholdNanos: settings.lastContactThresholdMs * 1e6,
    maxTrailingLogs: settings.maxTrailingLogs,
    minQuorum: settings.minQuorum,
    serverStabilizationTimeNanos: settings.serverStabilizationTimeMs * 1e6,
    redundancyZoneTag: settings.redundancyZoneTag,
    disableUpgradeMigration: settings.disableUpgradeMigration,
    upgradeVersionTag: settings.upgradeVersionTag,
  }
}

/** Makes autopilot; it sleeps until `start`. */
export function createAutopilot(options: AutopilotOptions): Autopilot {
  return new Watch(options)
}

/** One server at one moment. */
interface Sight {
  readonly entry: ServerEntry
  readonly server: ServerInfo | undefined
  readonly serfStatus: AutopilotHealthView['servers'][number]['serfStatus']
  readonly silentMs: number
  readonly lastTerm: number
  readonly lastIndex: number
  readonly isLive: boolean
  readonly isHealthy: boolean
}

class Watch implements Autopilot {
  readonly #options: AutopilotOptions
  readonly #stability = new Stability()
  readonly #absentSinceMs = new Map<string, number>()
  /** Voters that this leader has taken out, the latest last. */
  readonly #removed = new Set<string>()
  #disarm: (() => void) | null = null
  #startMs = 0
  #isYoung = false
  #isWriting = false
  /** The log's end at the last look and at the one before: who has not even that is behind. */
  #lastIndexes: readonly [before: number, last: number] = [0, 0]

  constructor(options: AutopilotOptions) {
    this.#options = options
  }

  start(): void {
    this.stop()
    const { clock, raft } = this.#options
    const { lastIndex } = raft.machine
    this.#startMs = clock.nowMs()
    this.#isYoung = lastIndex <= youngIndexMax
    this.#lastIndexes = [lastIndex, lastIndex]
    this.#poll()
  }

  stop(): void {
    this.#disarm?.()
    this.#disarm = null
    this.#stability.clear()
    this.#absentSinceMs.clear()
    this.#removed.clear()
  }

  #poll(): void {
    const { clock, raft, gauge, onLook } = this.#options
    this.#disarm = clock.wakeAt(clock.nowMs() + pollMs, () => this.#poll())
    this.#lastIndexes = [this.#lastIndexes[1], raft.machine.lastIndex]
    this.#noteAbsent()
    this.#writeInitial()
    const sights = this.#sights()
    this.#observe(sights)
    const { healthy, failureTolerance } = this.#summary(sights)
    gauge('autopilot.healthy', healthy ? 1 : 0)
    gauge('autopilot.failure_tolerance', failureTolerance)
    onLook()
  }

  #observe(sights: readonly Sight[]): void {
    const { clock } = this.#options
    const healthById = new Map(sights.map(({ entry, isHealthy }) => [entry.id, isHealthy]))
    this.#stability.observe(healthById, clock.nowMs(), clock.wallMs())
  }

  #noteAbsent(): void {
    const { clock, raft, server } = this.#options
    const absent = raft.machine.configuration.servers.filter(({ id }) => server(id) === undefined)
    const ids = new Set(absent.map(({ id }) => id))
    for (const id of this.#absentSinceMs.keys()) if (!ids.has(id)) this.#absentSinceMs.delete(id)
    for (const id of ids) if (!this.#absentSinceMs.has(id)) this.#absentSinceMs.set(id, clock.nowMs())
  }

  /** The first leader of a cluster writes the settings that it was configured with. */
  #writeInitial(): void {
    const { stored, initial, write } = this.#options
    if (this.#isWriting || stored() !== null) return
    this.#isWriting = true
    void write({ kind: 'autopilotSet', config: initial, expectedIndex: 0 }).finally(() => {
      this.#isWriting = false
    })
  }

  get #settings(): AutopilotConfig {
    return this.#options.stored() ?? this.#options.initial
  }

  noteRemoved({ id, suffrage }: ServerEntry): void {
    if (suffrage !== 'voter') return
    this.#removed.delete(id)
    this.#removed.add(id)
    const [oldest] = this.#removed
    if (this.#removed.size > removedMax && oldest !== undefined) this.#removed.delete(oldest)
  }

  isLive(id: string): boolean {
    return this.#sights().some(({ entry, isLive }) => entry.id === id && isLive)
  }

  look(): AutopilotLook {
    const { clock, selfId } = this.#options
    const { cleanupDeadServers, minQuorum, serverStabilizationTimeNanos } = this.#settings
    const nowMs = clock.nowMs()
    const sights = this.#sights()
    this.#observe(sights)
    const sightById = new Map(sights.map((sight) => [sight.entry.id, sight]))
    const stabilizationMs = serverStabilizationTimeNanos / 1e6
    // The servers of a cluster's first moments need no probation: there is nothing yet that they could disturb.
    const isNew = this.#isYoung && nowMs - this.#startMs < stabilizationMs
    return {
      selfId,
      rules: { cleanupDeadServers, minQuorum, stabilizationMs: isNew ? 0 : stabilizationMs },
      standing: (id) => this.#standing(id, sightById.get(id), nowMs),
    }
  }

  #standing(id: string, sight: Sight | undefined, nowMs: number): ServerStanding {
    const absentSinceMs = this.#absentSinceMs.get(id) ?? nowMs
    return {
      isLive: sight?.isLive ?? false,
      hasFailed: sight?.serfStatus === 'failed' || nowMs - absentSinceMs >= absentFailedMs,
      silentMs: sight?.silentMs ?? 0,
      healthyMs: this.#stability.healthyMs(id, nowMs),
      server: sight?.server ?? null,
      zone: this.#zoneOf(sight?.server),
      isReturning: this.#removed.has(id),
    }
  }

  #zoneOf(server: ServerInfo | undefined): string {
    const { redundancyZoneTag } = this.#settings
    if (redundancyZoneTag === '' || server === undefined || server.isReadReplica) return ''
    return this.#options.nodeMeta(server.name)[redundancyZoneTag] ?? ''
  }

  #sights(): readonly Sight[] {
    const { machine } = this.#options.raft
    const progressById = new Map(machine.progress.map((progress) => [progress.id, progress]))
    return machine.configuration.servers.map((entry) =>
      entry.id === this.#options.selfId ? this.#own(entry) : this.#peer(entry, progressById.get(entry.id)),
    )
  }

  #own(entry: ServerEntry): Sight {
    const { raft, server } = this.#options
    return {
      entry,
      server: server(entry.id),
      serfStatus: 'alive',
      silentMs: 0,
      lastTerm: raft.machine.term,
      lastIndex: raft.machine.lastIndex,
      isLive: true,
      isHealthy: true,
    }
  }

  /**
   * Healthy means: alive by gossip, heard from within the threshold, in the leader's term, and not more than the
   * allowed number of entries behind what the leader had when it looked a second or two ago: entries that are on their
   * way say nothing of a server.
   */
  #peer(entry: ServerEntry, progress: PeerProgress | undefined): Sight {
    const { clock, raft } = this.#options
    const server = this.#options.server(entry.id)
    const { lastContactMs, matchIndex: lastIndex, matchTerm: lastTerm } = progress ?? unheard
    const silentMs = Math.max(0, clock.nowMs() - lastContactMs)
    const isLive = silentMs <= Math.max(liveMsMin, 3 * raft.heartbeatMs) && lastTerm === raft.machine.term
    const isNear = this.#lastIndexes[0] - lastIndex <= this.#settings.maxTrailingLogs
    const serfStatus = server?.status ?? 'none'
    const isHealthy = serfStatus === 'alive' && isLive && this.#isFresh(silentMs) && isNear
    return { entry, server, serfStatus, silentMs, lastTerm, lastIndex, isLive, isHealthy }
  }

  /** Followers are heard from at every heartbeat, so the threshold is never less than a few of them. */
  #isFresh(silentMs: number): boolean {
    const thresholdMs = this.#settings.lastContactThresholdNanos / 1e6
    return silentMs <= Math.max(thresholdMs, 3 * this.#options.raft.heartbeatMs)
  }

  health(): AutopilotHealthView {
    const sights = this.#sights()
    this.#observe(sights)
    return { ...this.#summary(sights), servers: sights.map((sight) => this.#view(sight)) }
  }

  /** What needs nothing of the catalog, which it would have to list the services of each server's node for. */
  #summary(sights: readonly Sight[]): Omit<AutopilotHealthView, 'servers'> {
    const voters = sights.filter(({ entry }) => entry.suffrage === 'voter')
    const majority = majorityOf(voters.length)
    const healthyVoters = voters.filter(({ isHealthy }) => isHealthy).length
    const spares = sights.filter(
      ({ entry, isHealthy, server }) =>
        entry.suffrage === 'learner' && isHealthy && server?.isReadReplica === false,
    )
    return {
      healthy: sights.every(({ isHealthy }) => isHealthy),
      failureTolerance: Math.max(0, healthyVoters - majority),
      optimisticFailureTolerance: Math.max(0, healthyVoters + spares.length - majority),
    }
  }

  #view(sight: Sight): AutopilotHealthView['servers'][number] {
    const { entry, server, isHealthy, serfStatus, silentMs, lastTerm, lastIndex } = sight
    const { clock, raft, nodeMeta } = this.#options
    return {
      id: entry.id,
      name: server?.name ?? '(unknown)',
      address: server === undefined ? entry.address : formatAddress(server.rpc),
      serfStatus,
      version: server?.version ?? '',
      isLeader: entry.id === raft.machine.leader,
      lastContactMs: silentMs,
      lastTerm,
      lastIndex,
      healthy: isHealthy,
      isVoter: entry.suffrage === 'voter',
      stableSinceWallMs: this.#stability.sinceWallMs(entry.id) ?? clock.wallMs(),
      isReadReplica: server?.isReadReplica ?? false,
      zone: this.#zoneOf(server),
      meta: server === undefined ? {} : nodeMeta(server.name),
    }
  }
}
