// Questions to the replicated state and to the servers, their options, and what the answers hold.
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  KvEntry,
  KvVersion,
  ServiceHealth,
  TextMap,
} from './catalog.ts'
import type { ConfigEntry, ExportedService } from './config-entry.ts'
import type { DatacenterCoordinates, NodeCoordinate } from './coordinate.ts'
import type { StoredAutopilotConfig, UsageView } from './operator.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { Session } from './session.ts'
import type { TxnOperation, TxnOutcome } from './transaction.ts'
import type { UserEvent } from './user-event.ts'

/** Each question with the shape of its answer. One table: the union, the evaluator and the renderers follow it. */
export interface QueryTable {
  nodes: { args: { readonly nodeMeta: TextMap } & NearSelector; value: readonly CatalogNode[] }
  node: { args: { readonly node: string }; value: NodeDetail | null }
  /** As `node`, and whoever is not found by name is looked for by the beginning of the ID. */
  nodeServices: { args: { readonly node: string }; value: NodeDetail | null }
  /** Nodes with all they have: one, or with '' every one. */
  nodeDump: { args: { readonly node: string }; value: readonly NodeDump[] }
  /** For PTR: nodes whose address is `ip`. */
  nodesByAddress: { args: { readonly ip: string }; value: readonly CatalogNode[] }
  /** For PTR: service instances whose address is `ip`. */
  servicesByAddress: { args: { readonly ip: string }; value: readonly ServiceHealth[] }
  services: { args: { readonly nodeMeta: TextMap }; value: readonly ServiceSummary[] }
  serviceNodes: { args: ServiceSelector & NearSelector; value: readonly ServiceHealth[] }
  healthNode: { args: { readonly node: string }; value: readonly CatalogCheck[] }
  healthChecks: {
    args: { readonly service: string; readonly nodeMeta: TextMap } & NearSelector
    value: readonly CatalogCheck[]
  }
  healthService: {
    args: ServiceSelector & NearSelector & { readonly passing: boolean }
    value: readonly ServiceHealth[]
  }
  healthState: {
    args: { readonly state: string; readonly nodeMeta: TextMap } & NearSelector
    value: readonly CatalogCheck[]
  }
  kvGet: { args: { readonly key: string }; value: KvEntry | null }
  kvList: { args: { readonly prefix: string }; value: readonly KvEntry[] }
  /** Keys under a prefix, cut behind the first `separator` after it (''. no cut). */
  kvKeys: { args: { readonly prefix: string; readonly separator: string }; value: readonly string[] }
  /**
   * Earlier versions of a key, oldest first, and the present one last; empty if none is known, null if none are kept
   * of any key. Where they are too large for one answer the oldest are left out.
   */
  kvHistory: { args: { readonly key: string }; value: readonly KvVersion[] | null }
  /** What was written and deleted after `since`: one key, or all that begin with it. */
  kvChanges: {
    args: { readonly key: string; readonly isPrefix: boolean; readonly since: number }
    value: KvChanges
  }
  session: { args: { readonly id: string }; value: Session | null }
  sessions: { args: object; value: readonly Session[] }
  sessionsOfNode: { args: { readonly node: string }; value: readonly Session[] }
  /** A transaction that only reads. */
  txn: { args: { readonly operations: readonly TxnOperation[] }; value: TxnOutcome }
  preparedQueries: { args: object; value: readonly PreparedQuery[] }
  preparedQuery: { args: { readonly id: string }; value: PreparedQuery | null }
  /** What answers to a name: the query of this ID, of this name, or the template with the longest prefix of it. */
  preparedQueryResolve: { args: { readonly nameOrId: string }; value: PreparedQuery | null }
  coordinates: { args: object; value: readonly NodeCoordinate[] }
  coordinatesOfNode: { args: { readonly node: string }; value: readonly NodeCoordinate[] }
  /** '' for those of every kind. */
  configEntries: { args: { readonly configKind: string }; value: readonly ConfigEntry[] }
  configEntry: { args: { readonly configKind: string; readonly name: string }; value: ConfigEntry | null }
  /** What is exported, by name; a wildcard stands for the services of the catalog. */
  exportedServices: { args: object; value: readonly ExportedService[] }
  /** Null until the first leader has written it. */
  autopilotConfig: { args: object; value: StoredAutopilotConfig | null }
  usage: { args: object; value: UsageView }
}

/** Which instances of a service. All `tags` must be present, compared without case. */
export interface ServiceSelector {
  readonly service: string
  readonly tags: readonly string[]
  readonly nodeMeta: TextMap
  /** Instead: proxies for the service, and instances of it that need none. */
  readonly connect: boolean
}

/** In which order. */
export interface NearSelector {
  /** A node: who is nearest to it comes first, who has no coordinate last; '' for the order of the tables. */
  readonly near: string
}

/** A node with all it has. */
export interface NodeDump extends NodeDetail {
  readonly checks: readonly CatalogCheck[]
}

/** A node with its services. */
export interface NodeDetail {
  readonly node: CatalogNode
  readonly services: readonly CatalogService[]
}

/** A service's name with the union of its instances' tags, both sorted. */
export interface ServiceSummary {
  readonly service: string
  readonly tags: readonly string[]
}

/** Changes of keys. */
export interface KvChanges {
  /** As they are now. */
  readonly entries: readonly KvEntry[]
  readonly deleted: readonly { readonly key: string; readonly index: number }[]
  /** False if deletions may be missing: they are not remembered that far back. */
  readonly isComplete: boolean
}

/** The names of all questions. */
export type QueryKind = keyof QueryTable

/** A question to the state store. */
export type Query = { [K in QueryKind]: { readonly kind: K } & QueryTable[K]['args'] }[QueryKind]

/** The answer to a question of kind K. */
export type QueryValue<K extends QueryKind> = QueryTable[K]['value']

/** How fresh an answer must be. */
export type Consistency = 'default' | 'consistent' | 'stale'

/** Options of a read. */
export interface ReadOptions {
  /** Datacenter to ask; '' is the agent's own. */
  readonly datacenter: string
  readonly consistency: Consistency
  /** With `stale`: an answer older than this is asked of the leader instead; null for any age. */
  readonly maxStaleMs: number | null
  /** Wait until the answer's index is greater than this; 0 answers at once. */
  readonly minIndex: number
  /** Longest wait, without jitter. */
  readonly waitMs: number
}

/** What comes with every answer. */
export interface ReadMeta {
  /** At least 1. */
  readonly index: number
  readonly knownLeader: boolean
  /** How old the answer is at most, ms: it holds everything that was acknowledged so long ago. 0 at a leader. */
  readonly lastContactMs: number
  /** The cluster's name, `-`, index of its last restore: indexes compare only within one epoch. */
  readonly epoch: string
}

/** An answer. */
export interface ReadReply<T> extends ReadMeta {
  /** Shared with others who ask the same, and with the state: it must not be changed. */
  readonly value: T
}

/** Questions to servers about themselves, not to the replicated state. */
export interface ServerQueryTable {
  /** `ip:port` of the leader's RPC port, '' if none. */
  leader: string
  /** `ip:port` of all voters and learners. */
  peers: readonly string[]
  /** Known datacenters, nearest first, then by name. */
  datacenters: readonly string[]
  /** Members of the WAN pool, for agents that are not in it. */
  wanMembers: readonly MemberView[]
  /** Where the servers of all datacenters are in the WAN pool, by datacenter and name. */
  datacenterCoordinates: readonly DatacenterCoordinates[]
  raftConfiguration: RaftConfigurationView
  autopilotHealth: AutopilotHealthView
}

/** What a server is asked to do that is no command of the log. All go to the leader unless it says otherwise. */
export interface ActionTable {
  /** Resets a session's timer; null if there is none of this id, or if it is just ending. */
  renewSession: { args: { readonly id: string }; value: Session | null }
  /** Takes a server out of the Raft configuration: exactly one of the two is not ''. */
  removePeer: {
    args: { readonly id: string; readonly address: string; readonly force: boolean }
    value: null
  }
  /** Hands the leadership to a voter, '' for any; false if it could not take over. */
  transferLeader: { args: { readonly id: string }; value: boolean }
  /** May this server leave? Refused if those that live would not be a majority of those that are left. */
  checkLeave: { args: { readonly id: string }; value: null }
  /** Freezes the state for an archive that is read in pieces; forgotten when nobody reads for a minute. */
  snapshotBegin: { args: object; value: SnapshotHandle }
  /** Bytes of the frozen archive from an offset on; empty at its end. */
  snapshotRead: { args: { readonly id: string; readonly offset: number }; value: Uint8Array }
  /** Takes the next bytes of an archive that is to be restored; offset 0 begins, and drops what was begun. */
  restoreWrite: {
    args: { readonly id: string; readonly offset: number; readonly data: Uint8Array }
    value: null
  }
  /** All bytes are there: verify the archive in a scratch store, then replace the state by it. */
  /** Tells all agents of the datacenter; any server does. `lamportTime` is set where it is fired. */
  fireEvent: { args: { readonly event: UserEvent }; value: null }
  /** Has a server write where nodes are, with what others tell it; any server does. */
  updateCoordinates: { args: { readonly updates: readonly NodeCoordinate[] }; value: null }
  restoreEnd: { args: { readonly id: string; readonly size: number }; value: null }
}

/** A frozen archive. Its index is that of the last command in it. */
export interface SnapshotHandle extends ReadMeta {
  readonly id: string
}

/** The names of the actions. */
export type ActionKind = keyof ActionTable
/** An action. */
export type Action = { [K in ActionKind]: { readonly kind: K } & ActionTable[K]['args'] }[ActionKind]
/** What an action of kind K gives. */
export type ActionValue<K extends ActionKind> = ActionTable[K]['value']

/** A member of a gossip pool as the API shows it. `status`: 0 none, 1 alive, 2 leaving, 3 left, 4 failed. */
export interface MemberView {
  readonly name: string
  readonly ip: string
  readonly port: number
  readonly tags: Readonly<Record<string, string>>
  readonly status: number
  readonly protocolMin: number
  readonly protocolMax: number
  readonly protocolCur: number
  readonly delegateMin: number
  readonly delegateMax: number
  readonly delegateCur: number
}

/** The names of the questions to servers. */
export type ServerQueryKind = keyof ServerQueryTable

/** The Raft configuration for people. */
export interface RaftConfigurationView {
  readonly servers: readonly {
    readonly id: string
    readonly node: string
    readonly address: string
    readonly isLeader: boolean
    readonly isVoter: boolean
    readonly protocolVersion: string
    /** Last index known to be on that server; 0 if unknown. */
    readonly lastIndex: number
  }[]
  readonly index: number
  /** Names the cluster that this server belongs to; '' while it has no name. */
  readonly clusterId: string
}

/** Health of the servers. */
export interface AutopilotHealthView {
  readonly healthy: boolean
  readonly failureTolerance: number
  /** Failures that could be borne one after the other, each healthy learner being promoted in time. */
  readonly optimisticFailureTolerance: number
  readonly servers: readonly {
    readonly id: string
    readonly name: string
    readonly address: string
    readonly serfStatus: 'alive' | 'leaving' | 'left' | 'failed' | 'none'
    readonly version: string
    readonly isLeader: boolean
    readonly lastContactMs: number
    readonly lastTerm: number
    readonly lastIndex: number
    readonly healthy: boolean
    readonly isVoter: boolean
    /** Wall time, ms. */
    readonly stableSinceWallMs: number
    /** It never votes. */
    readonly isReadReplica: boolean
    /** Its redundancy zone, '' if it has none. */
    readonly zone: string
    /** The node's meta data in the catalog. */
    readonly meta: TextMap
  }[]
}
