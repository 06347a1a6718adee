// The JSON bodies of the HTTP API in the reference's field names: what the client reads.
import type { JsonObject, TextMap } from '../../model/catalog.ts'
import type { TxnCatalogVerb, TxnKvVerb } from '../../model/transaction.ts'

/** A member of a gossip pool (`/v1/agent/members`). `Status`: 0 none, 1 alive, 2 leaving, 3 left, 4 failed. */
export interface MemberShape {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Tags: TextMap
  readonly Status: number
  readonly ProtocolMin: number
  readonly ProtocolMax: number
  readonly ProtocolCur: number
  readonly DelegateMin: number
  readonly DelegateMax: number
  readonly DelegateCur: number
}

/** What an agent says of itself (`/v1/agent/self`). */
export interface AgentSelfShape {
  readonly Config: {
    readonly Datacenter: string
    readonly NodeName: string
    readonly NodeID: string
    readonly Revision: string
    readonly Server: boolean
    readonly Version: string
    readonly [key: string]: unknown
  }
  readonly DebugConfig: JsonObject
  readonly Coord: JsonObject | null
  readonly Member: MemberShape
  /** Section name to fields, all values text. */
  readonly Stats: Readonly<Record<string, TextMap>>
  readonly Meta: TextMap
}

/** `/v1/agent/version`. */
export interface AgentVersionShape {
  readonly SHA: string
  readonly BuildDate: string
  readonly HumanVersion: string
  readonly FIPS: string
}

/** A node of the catalog. */
export interface NodeShape {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: TextMap
  readonly Meta: TextMap
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** An address with a port, of a service. */
export interface ServiceAddressShape {
  readonly Address: string
  readonly Port: number
}

/** DNS SRV weights by health. */
export interface WeightsShape {
  readonly Passing: number
  readonly Warning: number
}

/** A service instance as its node has it (`/v1/catalog/node`, `/v1/health/service`). */
export interface NodeServiceShape {
  readonly Kind?: string
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly TaggedAddresses?: Readonly<Record<string, ServiceAddressShape>>
  readonly Meta: TextMap
  readonly Port: number
  readonly SocketPath?: string
  readonly Weights: WeightsShape
  readonly EnableTagOverride: boolean
  readonly Proxy: JsonObject
  readonly Connect: JsonObject
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** A service instance with its node in one object (`/v1/catalog/service`). */
export interface ServiceNodeShape {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: TextMap
  readonly NodeMeta: TextMap
  readonly ServiceKind: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly ServiceAddress: string
  readonly ServiceTaggedAddresses?: Readonly<Record<string, ServiceAddressShape>>
  readonly ServiceWeights: WeightsShape
  readonly ServiceMeta: TextMap
  readonly ServicePort: number
  readonly ServiceSocketPath: string
  readonly ServiceEnableTagOverride: boolean
  readonly ServiceProxy: JsonObject
  readonly ServiceConnect: JsonObject
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** `/v1/catalog/node/:node`. */
export interface CatalogNodeShape {
  readonly Node: NodeShape
  /** By service ID. */
  readonly Services: Readonly<Record<string, NodeServiceShape>>
}

/** `/v1/catalog/node-services/:node`; both null for an unknown node. */
export interface NodeServicesShape {
  readonly Node: NodeShape | null
  readonly Services: readonly NodeServiceShape[] | null
}

/** A health check. */
export interface CheckShape {
  readonly Node: string
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Notes: string
  readonly Output: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly Type: string
  readonly Definition: JsonObject
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** A service instance with its node and checks (`/v1/health/service`). */
export interface ServiceHealthShape {
  readonly Node: NodeShape
  readonly Service: NodeServiceShape
  readonly Checks: readonly CheckShape[]
}

/** A node with all it has (`/v1/internal/ui/nodes`). */
export interface NodeDumpShape extends Pick<
  NodeShape,
  'ID' | 'Node' | 'Address' | 'TaggedAddresses' | 'Meta'
> {
  readonly Services: readonly NodeServiceShape[]
  readonly Checks: readonly CheckShape[]
}

/** A service in one line (`/v1/internal/ui/services`). */
export interface ServiceSummaryShape {
  readonly Kind?: string
  readonly Name: string
  readonly Tags: readonly string[] | null
  readonly Nodes: readonly string[]
  readonly InstanceCount: number
  readonly ProxyFor?: readonly string[]
  /** Checks of all instances and of their nodes. */
  readonly ChecksPassing: number
  readonly ChecksWarning: number
  readonly ChecksCritical: number
  readonly ExternalSources: readonly string[] | null
}

/** A key of the KV store. `Value` is base64, null when empty. `Flags` can exceed 2^53: the client reads it as bigint. */
export interface KvPairShape {
  readonly LockIndex: number
  readonly Key: string
  readonly Flags: bigint
  readonly Value: string | null
  readonly Session?: string
  /** Of the lock that is held: grows with every acquisition. Absent when none is held. */
  readonly FencingToken?: number
  /** When the key is deleted by itself, RFC 3339; absent when it stays. */
  readonly ExpiresAt?: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** A value that a key had (`?history`). */
export interface KvVersionShape {
  /** The key as it was from `Index` on; null stands for its absence. */
  readonly Entry: KvPairShape | null
  readonly Index: number
  /** RFC 3339; the year 1 when it is not known. */
  readonly Time: string
}

/** A session as it is asked for; what is left out takes its default. */
export interface SessionRequestShape {
  readonly Name?: string
  readonly Node?: string
  /** A duration such as `15s`, or nanoseconds. */
  readonly LockDelay?: string | number
  readonly Behavior?: 'release' | 'delete'
  /** A duration such as `15s`. */
  readonly TTL?: string
  readonly NodeChecks?: readonly string[]
  readonly ServiceChecks?: readonly SessionServiceCheckShape[]
}

/** A check of a service that a session depends on. */
export interface SessionServiceCheckShape {
  readonly ID: string
  readonly Namespace?: string
}

/** A session. `LockDelay` is in nanoseconds. */
export interface SessionShape {
  readonly ID: string
  readonly Name: string
  readonly Node: string
  readonly LockDelay: number
  readonly Behavior: string
  readonly TTL: string
  readonly NodeChecks: readonly string[]
  readonly ServiceChecks: readonly SessionServiceCheckShape[] | null
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** One operation of a transaction: one of the fields is there. */
export interface TxnOperationShape {
  readonly KV?: {
    readonly Verb: TxnKvVerb
    readonly Key: string
    /** base64; see `toBase64`. */
    readonly Value?: string
    readonly Flags?: bigint
    readonly Index?: number
    readonly Session?: string
  }
  readonly Node?: { readonly Verb: TxnCatalogVerb; readonly Node: JsonObject }
  readonly Service?: { readonly Verb: TxnCatalogVerb; readonly Node: string; readonly Service: JsonObject }
  readonly Check?: { readonly Verb: TxnCatalogVerb; readonly Check: JsonObject }
  readonly Session?: { readonly Verb: 'delete'; readonly Session: { readonly ID: string } }
}

/** What a transaction gave: results, or the errors for which nothing was changed. */
export interface TxnOutcomeShape {
  readonly Results: readonly TxnResultShape[] | null
  readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[] | null
}

/** What one operation gave: one of the fields is there. */
export interface TxnResultShape {
  readonly KV?: KvPairShape
  readonly Node?: NodeShape
  readonly Service?: NodeServiceShape
  readonly Check?: CheckShape
}

/** An event that a user has sent. `Payload` is base64. */
export interface EventShape {
  readonly ID: string
  readonly Name: string
  readonly Payload: string | null
  readonly NodeFilter: string
  readonly ServiceFilter: string
  readonly TagFilter: string
  readonly Version: number
  readonly LTime: number
}

/** Where somebody is in the network; a distance is a round-trip time in seconds. */
export interface CoordinateShape {
  /** Eight numbers. */
  readonly Vec: readonly number[]
  readonly Error: number
  readonly Adjustment: number
  readonly Height: number
}

/** A node's place. */
export interface NodeCoordinateShape {
  readonly Node: string
  readonly Segment: string
  readonly Coord: CoordinateShape
}

/** Where the servers of a datacenter are in the WAN pool. */
export interface DatacenterCoordinatesShape {
  readonly Datacenter: string
  readonly AreaID: string
  readonly Coordinates: readonly NodeCoordinateShape[]
}

/** `/v1/operator/autopilot/configuration`. Times are durations such as `200ms`. */
export interface AutopilotConfigShape {
  readonly CleanupDeadServers: boolean
  readonly LastContactThreshold: string
  readonly MaxTrailingLogs: number
  readonly MinQuorum: number
  readonly ServerStabilizationTime: string
  readonly RedundancyZoneTag: string
  readonly DisableUpgradeMigration: boolean
  readonly UpgradeVersionTag: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** `/v1/operator/autopilot/state`. */
export interface AutopilotStateShape {
  readonly Healthy: boolean
  readonly FailureTolerance: number
  readonly OptimisticFailureTolerance: number
  /** By ID. */
  readonly Servers: Readonly<Record<string, AutopilotServerShape>>
  readonly Leader: string
  readonly Voters: readonly string[]
  readonly ReadReplicas?: readonly string[]
  readonly RedundancyZones?: Readonly<Record<string, JsonObject>>
}

/** A server as autopilot sees it. */
export interface AutopilotServerShape {
  readonly ID: string
  readonly Name: string
  readonly Address: string
  readonly NodeStatus: string
  readonly Version: string
  readonly LastContact: string
  readonly LastTerm: number
  readonly LastIndex: number
  readonly Healthy: boolean
  readonly StableSince: string
  readonly RedundancyZone?: string
  readonly ReadReplica?: boolean
  readonly Status: string
  readonly Meta: TextMap
  readonly NodeType: string
}

/** `/v1/operator/usage`. */
export interface UsageShape {
  /** By datacenter. */
  readonly Usage: Readonly<Record<string, DatacenterUsageShape>>
  readonly Index: number
}

/** What the catalog of a datacenter holds. */
export interface DatacenterUsageShape {
  readonly Nodes: number
  readonly Services: number
  readonly ServiceInstances: number
  readonly ConnectServiceInstances: Readonly<Record<string, number>>
  readonly BillableServiceInstances: number
  readonly KVCount?: number
  readonly Sessions?: number
}

/** `/v1/operator/raft/configuration`. */
export interface RaftConfigurationShape {
  readonly Servers: readonly RaftServerShape[]
  readonly Index: number
}

/** A server of the Raft configuration. */
export interface RaftServerShape {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Leader: boolean
  readonly ProtocolVersion: string
  readonly Voter: boolean
  readonly LastIndex: number
}

/** `/v1/operator/autopilot/health`. */
export interface AutopilotHealthShape {
  readonly Healthy: boolean
  readonly FailureTolerance: number
  readonly Servers: readonly ServerHealthShape[]
}

/** A server's health. `LastContact` is a duration in text, `StableSince` RFC 3339. */
export interface ServerHealthShape {
  readonly ID: string
  readonly Name: string
  readonly Address: string
  readonly SerfStatus: string
  readonly Version: string
  readonly Leader: boolean
  readonly LastContact: string
  readonly LastTerm: number
  readonly LastIndex: number
  readonly Healthy: boolean
  readonly Voter: boolean
  readonly StableSince: string
}

/** `/v1/agent/metrics`. */
export interface MetricsShape {
  readonly Timestamp: string
  readonly Gauges: readonly { readonly Name: string; readonly Value: number; readonly Labels: TextMap }[]
  readonly Points: readonly { readonly Name: string; readonly Points: readonly number[] }[]
  readonly Counters: readonly SampledShape[]
  readonly Samples: readonly SampledShape[]
}

/** A counter or sample of `/v1/agent/metrics`. */
export interface SampledShape {
  readonly Name: string
  readonly Count: number
  readonly Rate: number
  readonly Sum: number
  readonly Min: number
  readonly Max: number
  readonly Mean: number
  readonly Stddev: number
  readonly Labels: TextMap
}

/** Body of `/v1/catalog/register`. */
export interface RegistrationShape {
  readonly ID?: string
  readonly Node: string
  readonly Address?: string
  readonly Datacenter?: string
  readonly TaggedAddresses?: TextMap
  readonly NodeMeta?: TextMap
  readonly Service?: JsonObject
  readonly Check?: JsonObject
  readonly Checks?: readonly JsonObject[]
  readonly SkipNodeUpdate?: boolean
}

/** Body of `/v1/catalog/deregister`. */
export interface DeregistrationShape {
  readonly Datacenter?: string
  readonly Node: string
  readonly ServiceID?: string
  readonly CheckID?: string
}

/** A configuration entry (`/v1/config`): with the fields of its kind. */
export interface ConfigEntryShape {
  readonly Kind: string
  readonly Name: string
  readonly Meta?: TextMap
  readonly CreateIndex: number
  readonly ModifyIndex: number
  readonly [field: string]: unknown
}

/** A configuration entry to be written; fields in the spelling of answers or in snake case. */
export interface ConfigEntryRequestShape {
  readonly Kind: string
  readonly Name?: string
  readonly [field: string]: unknown
}

/** A service that is exported (`/v1/exported-services`). */
export interface ExportedServiceShape {
  readonly Service: string
  readonly Consumers: { readonly Peers: readonly string[] }
}
