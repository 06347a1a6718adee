// One of each that the codec carries, with every field set to something that is not its default.
import type { KvEntry, KvVersion } from '../../../src/model/catalog.ts'
import type { TxnCommand } from '../../../src/model/command.ts'
import type { ConfigEntry } from '../../../src/model/config-entry.ts'
import type { NodeCoordinate } from '../../../src/model/coordinate.ts'
import type { PreparedQuery } from '../../../src/model/prepared-query.ts'
import type { AutopilotConfig, StoredAutopilotConfig } from '../../../src/model/operator.ts'
import type { Session } from '../../../src/model/session.ts'
import type { Marks, StateRecord } from '../../../src/model/state-record.ts'
import type { TxnKvVerb, TxnOutcome } from '../../../src/model/transaction.ts'
import { check, node, service } from '../state/fixtures.ts'

const indexes = { createIndex: 3, modifyIndex: 4 }

/** A locked key with the largest flags. */
export const entry: KvEntry = {
  key: 'k',
  value: new Uint8Array([1, 2]),
  flags: 2n ** 64n - 1n,
  lockIndex: 1,
  session: 's1',
  fencingToken: 4,
  expiresAtWallMs: 1_800_000_000_000,
  ...indexes,
}

/** Two versions of a key, and its absence. */
export const versions: readonly KvVersion[] = [
  { entry, index: 4, atWallMs: 1 },
  { entry: null, index: 5, atWallMs: 2 },
  { entry: { ...entry, fencingToken: 0, expiresAtWallMs: 0 }, index: 6, atWallMs: 3 },
]

/** A session. */
export const storedSession: Session = {
  id: 's1',
  name: 'one',
  node: 'n1',
  lockDelayNanos: 15e9,
  behavior: 'delete',
  ttl: '15s',
  ttlMs: 15_000,
  nodeChecks: ['serfHealth'],
  serviceChecks: [{ id: 'c', namespace: 'default' }],
  ...indexes,
}

/** Settings of autopilot. */
export const autopilot: AutopilotConfig = {
  cleanupDeadServers: true,
  lastContactThresholdNanos: 200e6,
  maxTrailingLogs: 250,
  minQuorum: 3,
  serverStabilizationTimeNanos: 10e9,
  redundancyZoneTag: 'zone',
  disableUpgradeMigration: true,
  upgradeVersionTag: 'v',
}
/** Settings of autopilot as stored. */
export const storedAutopilot: StoredAutopilotConfig = { ...autopilot, ...indexes }

const verbs: readonly TxnKvVerb[] = [
  'set',
  'cas',
  'lock',
  'unlock',
  'get',
  'get-or-empty',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
  'delete',
  'delete-tree',
  'delete-cas',
]

/** A transaction with every verb. */
export const txn: TxnCommand = {
  kind: 'txn',
  operations: [
    ...verbs.map((verb) => {
      const { key, value, flags } = entry
      return { kind: 'kv', verb, key, value, flags, index: 9, session: 's1' } as const
    }),
    { kind: 'node', verb: 'cas', node: node('n1'), index: 1 },
    { kind: 'service', verb: 'delete-cas', node: 'n1', service: service('web'), index: 2 },
    { kind: 'check', verb: 'set', check: check('c', 'passing'), index: 3 },
    { kind: 'session', verb: 'delete', session: 's1' },
  ],
}

/** Results of every kind. */
export const outcome: TxnOutcome = {
  results: [
    { kind: 'kv', entry, hasValue: true },
    { kind: 'kv', entry: { ...entry, value: new Uint8Array() }, hasValue: false },
    { kind: 'node', node: { ...node('n1'), ...indexes } },
    { kind: 'service', service: { ...service('web'), node: 'n1', ...indexes } },
    { kind: 'check', check: { ...check('c', 'passing'), ...indexes } },
  ],
  errors: [],
}

const marks: Marks = {
  lastIndex: 1,
  nodes: 2,
  services: 3,
  checks: 4,
  kv: 5,
  serviceExtinction: 6,
  tombstoneFloor: 7,
  sessions: 8,
  indexOffset: 9,
  restoredIndex: 10,
  wallMs: 11,
  behaviour: 2,
  clusterId: 'c',
  kvHistoryVersionsMax: 12,
  kvHistoryAgeMs: 13,
  preparedQueries: 14,
  coordinates: 15,
  configEntries: 16,
}

/** A prepared query. */
export const preparedQuery: PreparedQuery = {
  id: 'q1',
  name: 'geo-',
  session: 's1',
  token: 't',
  template: { type: 'name_prefix_match', regexp: '^geo-(.*)$', removeEmptyTags: true },
  service: {
    service: '${match(1)}',
    failover: { nearestN: 2, datacenters: ['dc2'] },
    onlyPassing: true,
    ignoreCheckIds: ['c'],
    near: '_agent',
    tags: ['a', '!b'],
    nodeMeta: { rack: '1' },
    serviceMeta: { v: '2' },
    connect: true,
  },
  dnsTtl: '10s',
  ...indexes,
}

/** Where a node is. */
export const nodeCoordinate: NodeCoordinate = {
  node: 'n1',
  coordinate: { vec: [0.1, -0.25, 3, 0, 0, 0, 0, 0], error: 1.5, adjustment: -0.001, height: 0.00001 },
}

/** A configuration entry. */
export const configEntry: ConfigEntry = {
  kind: 'service-defaults',
  name: 'web',
  body: { Protocol: 'http', MeshGateway: {}, List: [1, null, true] },
  ...indexes,
}

/** Records of every kind that an archive may hold. */
export const records: readonly StateRecord[] = [
  { kind: 'marks', marks },
  { kind: 'node', node: { ...node('n1'), ...indexes } },
  { kind: 'service', service: { ...service('web'), node: 'n1', ...indexes } },
  { kind: 'check', check: { ...check('c', 'passing'), ...indexes } },
  { kind: 'serviceIndex', service: 'web', index: 4 },
  { kind: 'kv', entry },
  { kind: 'kv', entry: { ...entry, fencingToken: 0, expiresAtWallMs: 0 } },
  { kind: 'tombstone', key: 'k', index: 3 },
  { kind: 'session', session: storedSession },
  { kind: 'lockDelay', key: 'k', untilWallMs: 5 },
  ...versions.map((version) => ({ kind: 'kvVersion', key: 'k', version }) as const),
  { kind: 'autopilot', config: storedAutopilot },
  { kind: 'preparedQuery', query: preparedQuery },
  { kind: 'preparedQuery', query: { ...preparedQuery, template: null } },
  { kind: 'coordinate', coordinate: nodeCoordinate },
  { kind: 'configEntry', entry: configEntry },
]
