// The configuration of one agent after all sources are merged, checked and resolved: what the agent is built from.
// Plain data. Nothing here is optional guesswork: addresses are literals, durations milliseconds, defaults filled in.
import type { GivenEntry } from '../definition/config-entry.ts'
import type { DefinitionRules } from '../definition/rules.ts'
import type { Address } from '../model/address.ts'
import type { CheckDefinition, ServiceDefinition } from '../model/definition.ts'
import type { DnsConfig } from '../model/dns-config.ts'
import type { WatchDefinition } from '../model/watch.ts'

/** Everything that an agent is told at its start. Made by `load.ts`; see docs/configuration.md for each key. */
export interface AgentConfig {
  // Identity.
  /** `node_name`, by default the machine's host name. */
  readonly nodeName: string
  /** `node_id` if it was given, else null: the agent keeps one in `dataDir/node-id`. Lower-case UUID. */
  readonly nodeId: string | null
  /** `disable_host_node_id`: true (default) makes a random id, false derives it from the machine. */
  readonly disableHostNodeId: boolean
  /** `node_meta`. */
  readonly nodeMeta: Readonly<Record<string, string>>
  /** `datacenter`, lower case. */
  readonly datacenter: string
  /** `primary_datacenter`, by default `datacenter`. */
  readonly primaryDatacenter: string

  // Role.
  readonly server: boolean
  /** `-dev`: one server in memory, pretty-printed answers, quicker gossip. */
  readonly dev: boolean
  /** A single server that elects itself: `bootstrap`, `bootstrap_expect = 1`, or `-dev`. */
  readonly bootstrap: boolean
  /** `read_replica` (`non_voting_server`): a server that keeps a copy of the state and never votes. */
  readonly readReplica: boolean
  /** Servers to wait for before the first election; 0 when `bootstrap` holds or no election is to be started. */
  readonly bootstrapExpect: number

  // Where it lives.
  /** Absolute path; null keeps everything in memory (`-dev` without a data directory). */
  readonly dataDir: string | null
  /** Absolute path of `pid_file`, or null. */
  readonly pidFile: string | null

  // Where it listens and what others are told.
  readonly bind: BindAddresses
  readonly advertise: AdvertisedAddresses
  /** HTTP listeners (`client_addr` or `addresses.http`, with `ports.http`); empty when the port is off. */
  readonly httpListen: readonly HttpListenAddress[]
  /** DNS listeners, UDP and TCP each; empty when the port is off. */
  readonly dnsListen: readonly Address[]
  readonly ports: PortNumbers
  /** `tagged_addresses`: what the configuration gave, with lan, wan, lan_ipv4, wan_ipv4 (or _ipv6) filled in. */
  readonly taggedAddresses: Readonly<Record<string, string>>

  // Finding others. `-join` and `start_join` mean the same as `-retry-join`, as in the newest reference.
  readonly joinLan: JoinConfig
  readonly joinWan: JoinConfig
  /** `rejoin_after_leave`: join the known members again even though this node left on purpose. */
  readonly rejoinAfterLeave: boolean

  // Protocol settings.
  /** Overrides of the LAN pool's timing (`gossip_lan`, `reconnect_timeout`, `-dev`). */
  readonly gossipLan: GossipTimingOverrides
  /** Overrides of the WAN pool's timing (`gossip_wan`, `reconnect_timeout_wan`). */
  readonly gossipWan: GossipTimingOverrides
  readonly performance: PerformanceConfig
  readonly raft: RaftTuning
  readonly autopilot: AutopilotSettings
  readonly kvHistory: KvHistorySettings
  /** `config_entries.bootstrap`: written by the leader where there are none. */
  readonly configEntries: readonly GivenEntry[]
  /** Null: no backups are made. */
  readonly snapshotAgent: SnapshotAgentSettings | null
  readonly limits: LimitOverrides

  // Leaving.
  /** SIGTERM leaves the cluster first. Default: true for clients, false for servers. */
  readonly leaveOnTerminate: boolean
  /** SIGINT stops without leaving. Default: true for servers, false for clients. */
  readonly skipLeaveOnInterrupt: boolean

  // Answers.
  readonly dns: DnsSettings
  readonly http: HttpSettings
  /** `translate_wan_addrs`: requests from other datacenters get WAN addresses. */
  readonly translateWanAddrs: boolean
  /** `default_query_time`, `max_query_time`: how long blocking queries wait. */
  readonly defaultQueryTimeMs: number
  readonly maxQueryTimeMs: number
  /** `discovery_max_stale`: answer catalog and health reads from any server up to this old; 0 is off. */
  readonly discoveryMaxStaleMs: number

  // Checks and sessions.
  readonly checks: CheckSettings
  /** `service`, `services`: with their checks, sidecars as services of their own. Ids are unique. */
  readonly services: readonly ServiceDefinition[]
  /** `check`, `checks`: of the node, or of a service of any origin. Ids are unique. */
  readonly checkDefinitions: readonly CheckDefinition[]
  /** `watches`. */
  readonly watches: readonly WatchDefinition[]
  /** What definitions may ask for, from files and through the API. */
  readonly definitionRules: DefinitionRules
  /** `session_ttl_min`. */
  readonly sessionTtlMinMs: number

  // Watching it.
  readonly log: LogSettings
  readonly telemetry: TelemetrySettings
  /** `enable_debug`. */
  readonly enableDebug: boolean
  /** `disable_coordinates`. */
  readonly disableCoordinates: boolean
  /** `disable_remote_exec`. */
  readonly disableRemoteExec: boolean

  // About the configuration itself.
  /** Sentences for the log at start: questionable settings that are not wrong. */
  readonly warnings: readonly string[]
  /** The command line after `agent`, so that a reload can read all sources again. */
  readonly args: readonly string[]
  /** Absolute paths of the files that were read, in order. */
  readonly files: readonly string[]
}

/** Where the agent listens for other agents. A wildcard (`0.0.0.0`, `::`) stays one here. */
export interface BindAddresses {
  readonly serfLan: Address
  /** Null for clients and when `ports.serf_wan` is off: no WAN pool. */
  readonly serfWan: Address | null
  /** RPC between agents; servers listen here, clients do not. */
  readonly rpc: Address
}

/** What others are told. Always literals that can be dialled, never a wildcard. */
export interface AdvertisedAddresses {
  /** IP for the LAN pool, RPC and the catalog. */
  readonly lan: string
  /** IP for other datacenters; equal to `lan` unless set. */
  readonly wan: string
}

/** A TCP address, or a unix socket (`unix:///path` in `addresses.http`; owner and mode from `unix_sockets`). */
export type HttpListenAddress = Address | { readonly unixPath: string; readonly mode?: number }

/** `ports`; -1 is off. */
export interface PortNumbers {
  readonly dns: number
  readonly http: number
  readonly server: number
  readonly serfLan: number
  readonly serfWan: number
}

/** Addresses to join, tried again until one answers. */
export interface JoinConfig {
  /** `host`, `host:port`, IP literals; templates are resolved. Empty: nothing to join. */
  readonly addresses: readonly string[]
  readonly intervalMs: number
  /** Attempts before the agent gives up and stops; 0 is for ever. */
  readonly attemptsMax: number
}

/** Gossip timing that the user may set, under the names of the gossip machine's own parameters. Absent: default. */
export interface GossipTimingOverrides {
  readonly probeIntervalMs?: number
  readonly probeTimeoutMs?: number
  readonly gossipIntervalMs?: number
  readonly gossipNodes?: number
  readonly retransmitMult?: number
  readonly suspicionMult?: number
  /** `reconnect_timeout(_wan)`: failed members are forgotten after this. */
  readonly reapMs?: number
}

/** `performance`. */
export interface PerformanceConfig {
  /** 1 to 10; scales election and heartbeat times. */
  readonly raftMultiplier: number
  /** A leaving server waits this long for requests to drain. */
  readonly leaveDrainMs: number
  /** Requests wait this long for a leader or a reachable server. */
  readonly rpcHoldTimeoutMs: number
}

/** `raft_*`. */
export interface RaftTuning {
  readonly snapshotThreshold: number
  readonly snapshotIntervalMs: number
  readonly trailingLogs: number
  /** False with `raft_prevote_disabled`. */
  readonly preVote: boolean
}

/** `autopilot`: the values that a new cluster starts with. */
export interface AutopilotSettings {
  readonly cleanupDeadServers: boolean
  readonly lastContactThresholdMs: number
  readonly maxTrailingLogs: number
  readonly minQuorum: number
  readonly serverStabilizationTimeMs: number
  readonly redundancyZoneTag: string
  readonly disableUpgradeMigration: boolean
  readonly upgradeVersionTag: string
}

/** `kv_history`: earlier versions of keys that are kept; 0 versions is off. */
export interface KvHistorySettings {
  readonly versionsMax: number
  readonly ageMs: number
}

/** `snapshot_agent`: the backups that the leader makes. */
export interface SnapshotAgentSettings {
  readonly intervalMs: number
  /** Backups that are kept; 0 keeps all. */
  readonly retain: number
  /** Absolute. */
  readonly directory: string
}

/** `limits`. */
export interface LimitOverrides {
  readonly httpConnectionsPerClientMax: number
  readonly rpcConnectionsPerClientMax: number
  readonly rpcHandshakeTimeoutMs: number
  /** RPC requests per second that a client agent may send; Infinity is unlimited. */
  readonly rpcRate: number
  readonly rpcBurstMax: number
  readonly rpcClientTimeoutMs: number
  readonly kvValueBytesMax: number
  readonly txnBytesMax: number
}

/** `dns_config`, `domain`, `alt_domain`, `recursors`: the fields of dns/view.ts `DnsConfig`. */
export interface DnsSettings extends DnsConfig {
  /** `use_cache`: a client agent watches what DNS asks for. */
  readonly useCache: boolean
  /** `cache_max_age`: how old an answer may be whose watch is broken; 0: as `max_stale`. */
  readonly cacheMaxAgeMs: number
  /** `max_stale`: how old a stale answer may be. */
  readonly maxStaleMs: number
}

/** `http_config`. */
export interface HttpSettings {
  readonly blockEndpoints: readonly string[]
  /** CIDR networks that may call writing endpoints; empty is all. */
  readonly allowWriteFrom: readonly string[]
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly maxHeaderBytes: number
  /** `use_cache`: requests may ask for an answer that is kept here. */
  readonly useCache: boolean
}

/** Settings of health checks. */
export interface CheckSettings {
  readonly outputBytesMax: number
  /** `check_update_interval`: output-only changes are synced this late; 0 at once. */
  readonly updateIntervalMs: number
  readonly discardOutput: boolean
  readonly enableScripts: boolean
  readonly enableLocalScripts: boolean
}

/** Levels that are logged, from the most talkative. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** `log_*`. */
export interface LogSettings {
  readonly level: LogLevel
  readonly json: boolean
  /** Absolute path of the log file, or null for none. A path that ends in `/` got `proconsul.log` appended. */
  readonly file: string | null
  /** Rotate at this size; 0 is never. */
  readonly rotateBytes: number
  readonly rotateAfterMs: number
  /** Archives kept; 0 keeps all, -1 none. */
  readonly rotateFilesMax: number
  /** Facility of syslog, or null for no syslog. */
  readonly syslogFacility: string | null
}

/** `telemetry`. */
export interface TelemetrySettings {
  readonly prefix: string
  readonly disableHostname: boolean
  readonly filterDefault: boolean
  /** `+prefix` and `-prefix`. */
  readonly prefixFilter: readonly string[]
  /** 0 is off: `/v1/agent/metrics?format=prometheus` answers 415. */
  readonly prometheusRetentionMs: number
  readonly statsdAddress: string
  readonly statsiteAddress: string
  readonly dogstatsdAddress: string
  readonly dogstatsdTags: readonly string[]
}
