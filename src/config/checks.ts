// Rules that a single setting or a pair of them must keep; each broken one is noted with its source.
import { limits } from '../model/limits.ts'
import { formatDurationMs, parseDurationMs } from '../lib/durations.ts'
import type { Setting } from './setting.ts'
import { isObject, type Values } from './values.ts'
import type { JsonValue } from './json.ts'
import { settings, type KeysOf, type SettingKey } from './settings.ts'

/** Checks everything that does not need addresses resolved. */
export function checkValues(values: Values): void {
  checkSupport(values)
  checkIdentity(values)
  checkRole(values)
  checkNumbers(values)
  checkMeta(values)
  checkWords(values)
}

/** Refuses settings of features that are not there yet, unless they are switched off; names those without effect. */
function checkSupport(values: Values): void {
  for (const [key, setting] of settings) {
    if (setting.support === undefined || !values.isSet(key as SettingKey)) continue
    const value = values.raw(key as SettingKey)
    if (setting.support === 'idle') {
      if (!isDefault(setting, value)) {
        values.warn(`${values.source(key as SettingKey)}: ${key} has no effect: ${setting.doc}`)
      }
      continue
    }
    if (isOff(value)) continue
    const flag = setting.flag === undefined ? '' : ` (-${setting.flag})`
    values.refuse(
      key as SettingKey,
      `${key}${flag} is not supported yet: ${setting.doc.replace(/\.$/, '')}; remove the setting or switch it off`,
    )
  }
}

/** True for what would hold without being said. */
function isDefault({ type, default: usual }: Setting, value: JsonValue): boolean {
  if (usual === undefined) return isOff(value)
  return value === (type === 'duration' ? parseDurationMs(String(usual)) : usual)
}

/** True for values that ask for nothing: false, '', [], {}, a port that is off, a block with `enabled = false`. */
function isOff(value: JsonValue): boolean {
  if (typeof value === 'number') return value <= 0
  if (Array.isArray(value)) return value.every(isOff)
  if (!isObject(value)) return value === null || value === false || value === ''
  return 'enabled' in value ? isOff(value['enabled'] ?? null) : Object.values(value).every(isOff)
}

function checkIdentity(values: Values): void {
  const datacenter = values.string('datacenter').toLowerCase()
  if (!/^[a-z0-9_-]+$/.test(datacenter)) {
    const found = datacenter === '' ? 'empty' : `"${datacenter}"`
    values.refuse('datacenter', `The datacenter's name cannot be ${found}; use only [a-z0-9-_]`)
  }
  const name = values.string('node_name')
  if (name.length > limits.nameBytesMax) {
    values.refuse(
      'node_name',
      `The node name has ${name.length} characters; ${limits.nameBytesMax} are allowed`,
    )
  }
  const id = values.string('node_id')
  if (id !== '' && !/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id)) {
    values.refuse(
      'node_id',
      `The node id must be a UUID such as "6f4c1a52-9f3e-4f0a-8a1b-2d9d3a6f7c11", not "${id}"`,
    )
  }
  if (!values.dev && values.string('data_dir') === '') {
    values.problem({
      source: values.source('data_dir'),
      message:
        'data_dir cannot be empty: say with -data-dir where to keep the state, or use -dev to keep none',
    })
  }
}

function checkRole(values: Values): void {
  const expect = values.number('bootstrap_expect')
  const bootstrap = values.bool('bootstrap')
  const server = values.bool('server')
  if (bootstrap && !server)
    values.refuse('bootstrap', "'bootstrap = true' requires 'server = true' (-server)")
  checkReadReplica(values)
  if (expect < 0)
    values.refuse('bootstrap_expect', `bootstrap_expect cannot be ${expect}: it is a number of servers`)
  if (expect <= 0) return
  if (values.dev)
    values.refuse('bootstrap_expect', "'bootstrap_expect > 0' cannot be used together with -dev")
  if (!server) values.refuse('bootstrap_expect', "'bootstrap_expect > 0' requires 'server = true' (-server)")
  if (bootstrap) {
    values.refuse('bootstrap_expect', "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive")
  }
  if (expect === 1) values.warn('bootstrap_expect is 1: this is the same as bootstrap mode')
  else if (expect === 2) values.warn('bootstrap_expect is 2: two servers tolerate no failure; use 3 or 5')
  else if (expect % 2 === 0) {
    values.warn(`bootstrap_expect is ${expect}: an even number tolerates no more failures than one less`)
  }
}

/** A read replica of nothing cannot be: it waits for the servers that vote. */
function checkReadReplica(values: Values): void {
  const key = values.bool('read_replica') ? 'read_replica' : 'non_voting_server'
  if (!values.bool(key)) return
  if (!values.bool('server')) values.refuse(key, `'${key} = true' requires 'server = true' (-server)`)
  if (values.bool('bootstrap') || values.dev)
    values.refuse(key, `'${key} = true' and 'bootstrap = true' or -dev are mutually exclusive`)
  if (values.number('bootstrap_expect') > 0)
    values.warn(
      `${key} is set: bootstrap_expect has no effect, a read replica waits for the servers that vote`,
    )
}

type NumberKey = KeysOf<'int' | 'port' | 'float' | 'duration'>

/** Least and greatest value of numbers; durations in milliseconds. */
const ranges: readonly (readonly [NumberKey, number, number])[] = [
  ['performance.raft_multiplier', 1, 10],
  ['performance.leave_drain_time', 0, 3_600_000],
  ['performance.rpc_hold_timeout', 0, 3_600_000],
  ['reconnect_timeout', 8 * 3_600_000, Infinity],
  ['reconnect_timeout_wan', 8 * 3_600_000, Infinity],
  ['autopilot.max_trailing_logs', 0, Infinity],
  ['autopilot.min_quorum', 0, Infinity],
  ['autopilot.last_contact_threshold', 1, 2400 * 3_600_000],
  ['autopilot.server_stabilization_time', 0, 2400 * 3_600_000],
  ['kv_history.age', 1000, Infinity],
  ['kv_history.versions', 0, 1000],
  ['gossip_lan.gossip_interval', 10, 60_000],
  ['gossip_lan.gossip_nodes', 1, 100],
  ['gossip_lan.probe_interval', 10, 600_000],
  ['gossip_lan.probe_timeout', 10, 600_000],
  ['gossip_lan.retransmit_mult', 1, 100],
  ['gossip_lan.suspicion_mult', 1, 100],
  ['gossip_wan.gossip_interval', 10, 60_000],
  ['gossip_wan.gossip_nodes', 1, 100],
  ['gossip_wan.probe_interval', 10, 600_000],
  ['gossip_wan.probe_timeout', 10, 600_000],
  ['gossip_wan.retransmit_mult', 1, 100],
  ['gossip_wan.suspicion_mult', 1, 100],
  ['retry_interval', 1, Infinity],
  ['retry_interval_wan', 1, Infinity],
  ['retry_max', 0, Infinity],
  ['retry_max_wan', 0, Infinity],
  ['limits.http_max_conns_per_client', 0, Infinity],
  ['limits.rpc_max_conns_per_client', 0, Infinity],
  ['limits.kv_max_value_size', 1, limits.entryBytesMax],
  ['limits.txn_max_req_len', 1, limits.entryBytesMax],
  ['raft_snapshot_threshold', 1, Infinity],
  ['raft_trailing_logs', 1, Infinity],
  ['raft_snapshot_interval', 1000, Infinity],
  ['snapshot_agent.interval', 1000, Infinity],
  ['snapshot_agent.retain', 0, Infinity],
  ['check_output_max_size', 1, Infinity],
  ['check_update_interval', 0, Infinity],
  ['ports.sidecar_min_port', 1, 65_535],
  ['ports.sidecar_max_port', 1, 65_535],
  ['default_query_time', 1, Infinity],
  ['max_query_time', 1, Infinity],
  ['dns_config.udp_answer_limit', 0, Infinity],
  ['dns_config.a_record_limit', 0, Infinity],
  ['protocol', 2, 3],
  ['raft_protocol', 3, 3],
]

function checkNumbers(values: Values): void {
  for (const [key, least, most] of ranges) {
    const value = values.number(key)
    if (value >= least && value <= most) continue
    const isDuration = settings.get(key)?.type === 'duration'
    const show = (n: number): string => (isDuration ? formatDurationMs(n) : String(n))
    const bounds =
      most === Infinity
        ? `at least ${show(least)}`
        : least === most
          ? show(least)
          : `between ${show(least)} and ${show(most)}`
    values.refuse(key, `${key} cannot be ${show(value)}: it must be ${bounds}`)
  }
  for (const key of settings.keys()) checkPort(values, key as SettingKey)
  checkProbe(values, 'gossip_lan')
  checkProbe(values, 'gossip_wan')
}

function checkPort(values: Values, key: SettingKey): void {
  if (settings.get(key)?.type !== 'port') return
  const port = values.number(key as KeysOf<'port'>)
  if (port > 65_535) values.refuse(key, `${key} cannot be ${port}: a port is at most 65535, and -1 means off`)
  const isNeeded = key === 'ports.serf_lan' || (key === 'ports.server' && values.bool('server'))
  if (isNeeded && port <= 0)
    values.refuse(key, `${key} cannot be switched off: agents talk to each other there`)
}

function checkProbe(values: Values, pool: 'gossip_lan' | 'gossip_wan'): void {
  const timeoutMs = values.number(`${pool}.probe_timeout`)
  const intervalMs = values.number(`${pool}.probe_interval`)
  if (timeoutMs <= intervalMs) return
  const message = `${pool}.probe_timeout ${formatDurationMs(timeoutMs)} must not be above ${pool}.probe_interval`
  values.refuse(`${pool}.probe_timeout`, `${message}, which is ${formatDurationMs(intervalMs)}`)
}

/** Limits of metadata pairs, as the catalog has them. */
const meta = { pairsMax: 64, keyLengthMax: 128, valueLengthMax: 512 } as const

function checkMeta(values: Values): void {
  const pairs = Object.entries(values.map('node_meta'))
  if (pairs.length > meta.pairsMax) {
    values.refuse('node_meta', `node_meta has ${pairs.length} pairs; ${meta.pairsMax} are allowed`)
  }
  for (const [key, value] of pairs) {
    const fault = metaFault(key, value)
    if (fault !== undefined) values.refuse('node_meta', `node_meta cannot hold "${key}": ${fault}`)
  }
}

function metaFault(key: string, value: string): string | undefined {
  if (key === '') return 'the key is empty'
  if (key.startsWith('consul-')) return "keys that begin with 'consul-' are reserved"
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'a key has only letters, digits, "-" and "_"'
  if (key.length > meta.keyLengthMax) return `a key has at most ${meta.keyLengthMax} characters`
  if (value.length > meta.valueLengthMax) return `a value has at most ${meta.valueLengthMax} characters`
  return undefined
}

function checkWords(values: Values): void {
  const level = values.string('log_level')
  if (!/^(trace|debug|info|warn|error|err)$/i.test(level)) {
    values.refuse('log_level', `log_level must be trace, debug, info, warn or error, not "${level}"`)
  }
  const strategy = values.string('dns_config.recursor_strategy')
  if (strategy !== 'sequential' && strategy !== 'random') {
    values.refuse(
      'dns_config.recursor_strategy',
      `dns_config.recursor_strategy must be "sequential" or "random", not "${strategy}"`,
    )
  }
  for (const key of ['domain', 'alt_domain'] as const) checkZone(values, key)
}

function checkZone(values: Values, key: 'domain' | 'alt_domain'): void {
  const zone = values.string(key)
  if (zone === '' && key === 'alt_domain') return
  if (
    !/^\.?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$/.test(
      zone,
    )
  ) {
    values.refuse(key, `${key} must be a DNS zone such as "consul.", not "${zone}"`)
  }
  const words = ['service', 'connect', 'node', 'query', 'addr', values.string('datacenter')]
  const [first = ''] = zone.replace(/^\./, '').toLowerCase().split('.')
  if (key === 'alt_domain' && words.some((word) => word.toLowerCase() === first)) {
    values.refuse(
      key,
      `alt_domain cannot start with {${words.join(',')}}: names of it would be taken for others`,
    )
  }
}
