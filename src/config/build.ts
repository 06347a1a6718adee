// From merged settings to the agent's configuration: reads the typed values, fills in what depends on other settings.
import type {
  AgentConfig,
  DnsSettings,
  GossipTimingOverrides,
  JoinConfig,
  LogLevel,
  LogSettings,
  PortNumbers,
} from './agent-config.ts'
import type { ServiceDefinition } from '../model/definition.ts'
import { resolveAddresses } from './addresses.ts'
import { checkValues } from './checks.ts'
import { configEntries } from './config-entries.ts'
import { definitions } from './definitions.ts'
import { absolutePath } from './path.ts'
import { readRecursor } from './recursor.ts'
import { expandTemplate, type Machine } from './template.ts'
import type { Values } from './values.ts'

/** What is known beside the settings. */
export interface Surroundings extends Machine {
  readonly hostname: string
  readonly cwd: string
  readonly args: readonly string[]
  readonly files: readonly string[]
  /** What the files defined before a reload. */
  readonly servicesBefore: readonly ServiceDefinition[]
}

/** Builds the configuration; whatever is wrong is noted in `values.problems`, and then the result means nothing. */
export function buildConfig(values: Values, around: Surroundings): AgentConfig {
  const nodeName = values.isSet('node_name') ? values.string('node_name').trim() : around.hostname
  checkValues(values)
  checkNodeName(values, nodeName)
  const ports = portNumbers(values)
  const addresses = resolveAddresses(values, ports, around)
  const dns = dnsSettings(values, nodeName, around)
  return {
    ...identity(values, nodeName),
    ...role(values),
    dataDir: dataDir(values, around),
    pidFile: values.string('pid_file') === '' ? null : absolutePath(around.cwd, values.string('pid_file')),
    ...addresses,
    ports,
    joinLan: join(values, 'lan', around),
    joinWan: join(values, 'wan', around),
    rejoinAfterLeave: values.bool('rejoin_after_leave'),
    gossipLan: gossipTiming(values, 'gossip_lan', values.number('reconnect_timeout')),
    gossipWan: gossipTiming(values, 'gossip_wan', values.number('reconnect_timeout_wan')),
    ...protocol(values),
    snapshotAgent: snapshotAgent(values, around),
    ...answers(values, dns),
    ...observation(values, around),
    warnings: values.warnings,
    args: around.args,
    files: around.files,
  }
}

function checkNodeName(values: Values, name: string): void {
  if (name === '' && values.isSet('node_name')) {
    values.refuse('node_name', 'The node name cannot be empty')
  } else if (name === '') {
    values.problem({ source: '', message: 'The machine has no host name; name this node with -node' })
  } else if (!/^[A-Za-z0-9-]{1,63}$/.test(name)) {
    values.warn(
      `The node name "${name}" cannot be found through DNS: only letters, digits and "-", at most 63, can be`,
    )
  }
}

function identity(
  values: Values,
  nodeName: string,
): Pick<
  AgentConfig,
  'nodeName' | 'nodeId' | 'disableHostNodeId' | 'nodeMeta' | 'datacenter' | 'primaryDatacenter'
> {
  const datacenter = values.string('datacenter').toLowerCase()
  const nodeId = values.string('node_id').toLowerCase()
  return {
    nodeName,
    nodeId: nodeId === '' ? null : nodeId,
    disableHostNodeId: values.bool('disable_host_node_id'),
    nodeMeta: values.map('node_meta'),
    datacenter,
    primaryDatacenter: values.string('primary_datacenter').toLowerCase() || datacenter,
  }
}

type Role = Pick<
  AgentConfig,
  | 'server'
  | 'dev'
  | 'readReplica'
  | 'bootstrap'
  | 'bootstrapExpect'
  | 'leaveOnTerminate'
  | 'skipLeaveOnInterrupt'
>

/** Both names of the setting. */
function isReadReplica(values: Values): boolean {
  return values.bool('read_replica') || values.bool('non_voting_server')
}

function role(values: Values): Role {
  const server = values.bool('server')
  const expect = values.number('bootstrap_expect')
  const readReplica = server && isReadReplica(values)
  const bootstrap = server && !readReplica && (values.dev || values.bool('bootstrap') || expect === 1)
  return {
    server,
    dev: values.dev,
    bootstrap,
    readReplica,
    bootstrapExpect: bootstrap || readReplica ? 0 : expect,
    leaveOnTerminate: values.isSet('leave_on_terminate') ? values.bool('leave_on_terminate') : !server,
    skipLeaveOnInterrupt: values.isSet('skip_leave_on_interrupt')
      ? values.bool('skip_leave_on_interrupt')
      : server,
  }
}

function dataDir(values: Values, { cwd }: Surroundings): string | null {
  const path = values.string('data_dir')
  if (path === '') return null
  if (!values.dev) return absolutePath(cwd, path)
  values.warn('data_dir has no effect with -dev, which keeps everything in memory')
  return null
}

function snapshotAgent(values: Values, around: Surroundings): AgentConfig['snapshotAgent'] {
  if (!values.bool('snapshot_agent.enabled')) return null
  if (!values.dev && !values.bool('server')) {
    values.warn('snapshot_agent has no effect on a client: the servers make the backups')
    return null
  }
  const path = values.string('snapshot_agent.local_path')
  const parent = values.dev ? '' : values.string('data_dir')
  if (path === '' && parent === '') {
    values.refuse('snapshot_agent.enabled', 'Without a data directory snapshot_agent.local_path is required')
  }
  return {
    intervalMs: values.number('snapshot_agent.interval'),
    retain: values.number('snapshot_agent.retain'),
    directory: absolutePath(around.cwd, path === '' ? `${parent}/backups` : path),
  }
}

function portNumbers(values: Values): PortNumbers {
  const port = (key: 'dns' | 'http' | 'server' | 'serf_lan' | 'serf_wan'): number => {
    const number = values.number(`ports.${key}`)
    return number <= 0 ? -1 : number
  }
  return {
    dns: port('dns'),
    http: port('http'),
    server: port('server'),
    serfLan: port('serf_lan'),
    serfWan: port('serf_wan'),
  }
}

function join(values: Values, pool: 'lan' | 'wan', machine: Machine): JoinConfig {
  const isLan = pool === 'lan'
  const keys = isLan
    ? (['start_join', 'retry_join'] as const)
    : (['start_join_wan', 'retry_join_wan'] as const)
  const addresses = keys.flatMap((key) =>
    values.list(key).flatMap((text) => joinAddresses(values, key, text, machine)),
  )
  if (!isLan && addresses.length > 0 && !values.bool('server')) {
    const key = values.isSet('start_join_wan') ? 'start_join_wan' : 'retry_join_wan'
    values.refuse(key, `${key} is for servers: this agent is a client, and clients are not in the WAN pool`)
  }
  return {
    addresses,
    intervalMs: values.number(isLan ? 'retry_interval' : 'retry_interval_wan'),
    attemptsMax: values.number(isLan ? 'retry_max' : 'retry_max_wan'),
  }
}

function joinAddresses(
  values: Values,
  key: 'start_join' | 'retry_join' | 'start_join_wan' | 'retry_join_wan',
  text: string,
  machine: Machine,
): readonly string[] {
  if (/(^|\s)provider=/.test(text)) {
    values.refuse(
      key,
      `${key} cannot find addresses through a cloud provider yet ("${text}"); give addresses`,
    )
    return []
  }
  const expanded = expandTemplate(text, machine)
  if (expanded.ok) return expanded.value.split(/\s+/).filter((word) => word !== '')
  values.refuse(key, `Cannot expand "${text}" for ${key}: ${expanded.error}`)
  return []
}

function gossipTiming(
  values: Values,
  pool: 'gossip_lan' | 'gossip_wan',
  reapMs: number,
): GossipTimingOverrides {
  return {
    probeIntervalMs: values.number(`${pool}.probe_interval`),
    probeTimeoutMs: values.number(`${pool}.probe_timeout`),
    gossipIntervalMs: values.number(`${pool}.gossip_interval`),
    gossipNodes: values.number(`${pool}.gossip_nodes`),
    retransmitMult: values.number(`${pool}.retransmit_mult`),
    suspicionMult: values.number(`${pool}.suspicion_mult`),
    reapMs,
  }
}

function protocol(
  values: Values,
): Pick<AgentConfig, 'performance' | 'raft' | 'autopilot' | 'kvHistory' | 'configEntries' | 'limits'> {
  const rate = values.number('limits.rpc_rate')
  return {
    performance: {
      raftMultiplier: values.number('performance.raft_multiplier'),
      leaveDrainMs: values.number('performance.leave_drain_time'),
      rpcHoldTimeoutMs: values.number('performance.rpc_hold_timeout'),
    },
    raft: {
      snapshotThreshold: values.number('raft_snapshot_threshold'),
      snapshotIntervalMs: values.number('raft_snapshot_interval'),
      trailingLogs: values.number('raft_trailing_logs'),
      preVote: !values.bool('raft_prevote_disabled'),
    },
    autopilot: {
      cleanupDeadServers: values.bool('autopilot.cleanup_dead_servers'),
      lastContactThresholdMs: values.number('autopilot.last_contact_threshold'),
      maxTrailingLogs: values.number('autopilot.max_trailing_logs'),
      minQuorum: values.number('autopilot.min_quorum'),
      serverStabilizationTimeMs: values.number('autopilot.server_stabilization_time'),
      redundancyZoneTag: values.string('autopilot.redundancy_zone_tag'),
      disableUpgradeMigration: values.bool('autopilot.disable_upgrade_migration'),
      upgradeVersionTag: values.string('autopilot.upgrade_version_tag'),
    },
    kvHistory: {
      versionsMax: values.number('kv_history.versions'),
      ageMs: values.number('kv_history.age'),
    },
    configEntries: configEntries(values),
    limits: {
      httpConnectionsPerClientMax: values.number('limits.http_max_conns_per_client'),
      rpcConnectionsPerClientMax: values.number('limits.rpc_max_conns_per_client'),
      rpcHandshakeTimeoutMs: values.number('limits.rpc_handshake_timeout'),
      rpcRate: rate < 0 ? Infinity : rate,
      rpcBurstMax: values.number('limits.rpc_max_burst'),
      rpcClientTimeoutMs: values.number('limits.rpc_client_timeout'),
      kvValueBytesMax: values.number('limits.kv_max_value_size'),
      txnBytesMax: values.number('limits.txn_max_req_len'),
    },
  }
}

type Answers = Pick<
  AgentConfig,
  'dns' | 'http' | 'translateWanAddrs' | 'defaultQueryTimeMs' | 'maxQueryTimeMs' | 'discoveryMaxStaleMs'
>

function answers(values: Values, dns: DnsSettings): Answers {
  return {
    dns,
    http: {
      blockEndpoints: values.list('http_config.block_endpoints'),
      allowWriteFrom: values.list('http_config.allow_write_http_from'),
      responseHeaders: values.map('http_config.response_headers'),
      maxHeaderBytes: values.number('http_config.max_header_bytes'),
      useCache: values.bool('http_config.use_cache'),
    },
    translateWanAddrs: values.bool('translate_wan_addrs'),
    defaultQueryTimeMs: values.number('default_query_time'),
    maxQueryTimeMs: values.number('max_query_time'),
    discoveryMaxStaleMs: values.number('discovery_max_stale'),
  }
}

function zone(text: string): string {
  const bare = text.toLowerCase().replace(/^\.+|\.+$/g, '')
  return bare === '' ? '' : `${bare}.`
}

function dnsSettings(values: Values, nodeName: string, machine: Machine): DnsSettings {
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  return {
    domain: zone(values.string('domain')),
    altDomain: zone(values.string('alt_domain')),
    nodeName,
    allowStale: values.bool('dns_config.allow_stale'),
    maxStaleMs: values.number('dns_config.max_stale'),
    useCache: values.bool('dns_config.use_cache'),
    cacheMaxAgeMs: values.number('dns_config.cache_max_age'),
    nodeTtlSeconds: seconds(values.number('dns_config.node_ttl')),
    serviceTtlSeconds: Object.fromEntries(
      Object.entries(values.durations('dns_config.service_ttl')).map(([name, ms]) => [name, seconds(ms)]),
    ),
    enableTruncate: values.bool('dns_config.enable_truncate'),
    onlyPassing: values.bool('dns_config.only_passing'),
    disableCompression: values.bool('dns_config.disable_compression'),
    udpAnswerLimit: values.number('dns_config.udp_answer_limit'),
    aRecordLimit: values.number('dns_config.a_record_limit'),
    nodeMetaTxt: values.bool('dns_config.enable_additional_node_meta_txt'),
    soa: {
      refresh: values.number('dns_config.soa.refresh'),
      retry: values.number('dns_config.soa.retry'),
      expire: values.number('dns_config.soa.expire'),
      minTtl: values.number('dns_config.soa.min_ttl'),
    },
    recursors: recursors(values, machine),
    recursorTimeoutMs: values.number('dns_config.recursor_timeout'),
    recursorStrategy: values.string('dns_config.recursor_strategy') === 'random' ? 'random' : 'sequential',
    translateWanAddrs: values.bool('translate_wan_addrs'),
  }
}

/** Upstream DNS servers as `ip:port` or `name:port`, without doubles. */
function recursors(values: Values, machine: Machine): readonly string[] {
  const found = new Set<string>()
  for (const text of values.list('recursors')) {
    const expanded = expandTemplate(text, machine)
    const recursor = readRecursor(expanded.ok ? expanded.value : text)
    if (recursor.ok) found.add(recursor.value)
    else values.refuse('recursors', recursor.error)
  }
  return [...found]
}

type Observation = Pick<
  AgentConfig,
  | 'checks'
  | 'services'
  | 'watches'
  | 'checkDefinitions'
  | 'definitionRules'
  | 'sessionTtlMinMs'
  | 'log'
  | 'telemetry'
  | 'enableDebug'
  | 'disableCoordinates'
  | 'disableRemoteExec'
>

function observation(values: Values, around: Surroundings): Observation {
  return {
    checks: {
      outputBytesMax: values.number('check_output_max_size'),
      updateIntervalMs: values.number('check_update_interval'),
      discardOutput: values.bool('discard_check_output'),
      enableScripts: values.bool('enable_script_checks'),
      enableLocalScripts: values.bool('enable_local_script_checks'),
    },
    ...definitions(values, around.servicesBefore),
    sessionTtlMinMs: values.number('session_ttl_min'),
    log: logSettings(values, around),
    telemetry: {
      prefix: values.string('telemetry.metrics_prefix'),
      disableHostname: values.bool('telemetry.disable_hostname'),
      filterDefault: values.bool('telemetry.filter_default'),
      prefixFilter: values.list('telemetry.prefix_filter'),
      prometheusRetentionMs: values.number('telemetry.prometheus_retention_time'),
      statsdAddress: values.string('telemetry.statsd_address'),
      statsiteAddress: values.string('telemetry.statsite_address'),
      dogstatsdAddress: values.string('telemetry.dogstatsd_addr'),
      dogstatsdTags: values.list('telemetry.dogstatsd_tags'),
    },
    enableDebug: values.bool('enable_debug'),
    disableCoordinates: values.bool('disable_coordinates'),
    disableRemoteExec: values.bool('disable_remote_exec'),
  }
}

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

function logSettings(values: Values, { cwd }: Surroundings): LogSettings {
  const file = values.string('log_file')
  const level = values.string('log_level').toLowerCase()
  return {
    level: levels.find((name) => name.startsWith(level.slice(0, 3))) ?? 'info',
    json: values.bool('log_json'),
    file: file === '' ? null : absolutePath(cwd, file.endsWith('/') ? `${file}proconsul.log` : file),
    rotateBytes: values.number('log_rotate_bytes'),
    rotateAfterMs: values.number('log_rotate_duration'),
    rotateFilesMax: values.number('log_rotate_max_files'),
    syslogFacility: values.bool('enable_syslog') ? values.string('syslog_facility') : null,
  }
}
