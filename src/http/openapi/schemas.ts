// The shapes of the API's bodies, by the names that routes call them. Answers of the tests are held against them.
import { txnCatalogVerbs, txnKvVerbs } from '../../model/transaction.ts'
import {
  type Schema,
  anyObject,
  base64,
  bool,
  integer,
  list,
  map,
  nullable,
  object,
  oneOf,
  ref,
  request,
  text,
  textMap,
  time,
  uint64,
} from './schema.ts'
import { type InternalSchemaName, internalSchemas } from './internal-schemas.ts'
import { type LocalSchemaName, localSchemas } from './local-schemas.ts'
import { type PoolSchemaName, poolSchemas } from './pool-schemas.ts'
import { type OperatorSchemaName, operatorSchemas } from './operator-schemas.ts'
import { type QuerySchemaName, querySchemas } from './query-schemas.ts'

const indexes = {
  CreateIndex: uint64('Index of the log entry that created it.'),
  ModifyIndex: uint64('Index of the log entry that changed it last.'),
}

const serviceFields = {
  'Kind?': text(),
  ID: text(),
  Service: text(),
  Tags: nullable(list(text())),
  Address: text(),
  'TaggedAddresses?': map(ref('ServiceAddress')),
  Meta: textMap,
  Port: integer(),
  'SocketPath?': text(),
  Weights: ref('Weights'),
  EnableTagOverride: bool(),
  Proxy: anyObject,
  Connect: anyObject,
  ...indexes,
}

const givenService = request({
  Kind: text(),
  ID: text('The name if absent.'),
  Service: text('Name of the service.'),
  Tags: nullable(list(text())),
  Address: text('The node’s own if absent.'),
  Port: nullable(integer()),
  SocketPath: text(),
  TaggedAddresses: map(ref('ServiceAddress')),
  Meta: textMap,
  Weights: ref('Weights'),
  EnableTagOverride: bool(),
  Proxy: anyObject,
  Connect: anyObject,
  CreateIndex: uint64('Not used.'),
  ModifyIndex: uint64('In transactions: the index that `cas` and `delete-cas` expect.'),
})

const givenCheck = request({
  Node: text(),
  CheckID: text('The name if absent.'),
  Name: text(),
  Status: oneOf('passing', 'warning', 'critical', ''),
  Notes: text(),
  Output: text(),
  ServiceID: text('The service it is about; the node itself if absent.'),
  ServiceName: text(),
  ServiceTags: nullable(list(text())),
  Type: text(),
  Definition: anyObject,
  CreateIndex: uint64('Not used.'),
  ModifyIndex: uint64('In transactions: the index that `cas` and `delete-cas` expect.'),
})

const givenNode = {
  ID: text('UUID.'),
  Node: text('Name.'),
  Address: text(),
  Datacenter: text(),
  TaggedAddresses: textMap,
}

type CatalogSchemaName =
  | 'Node'
  | 'Nodes'
  | 'ServiceAddress'
  | 'Weights'
  | 'Service'
  | 'ServicesByName'
  | 'ServiceNode'
  | 'ServiceNodes'
  | 'NodeDetail'
  | 'NodeServices'
  | 'Check'
  | 'Checks'
  | 'ServiceHealth'
  | 'Registration'
  | 'Deregistration'

const catalogSchemas: Readonly<Record<CatalogSchemaName, Schema>> = {
  Node: object({ ...givenNode, Meta: textMap, ...indexes }),
  Nodes: list(ref('Node')),
  ServiceAddress: request({ Address: text(), Port: integer() }),
  Weights: request({ Passing: integer(), Warning: integer() }),
  Service: object(serviceFields, 'An instance of a service.'),
  ServicesByName: {
    ...map(list(text())),
    description: 'Names of services with the tags of all their instances.',
  },
  ServiceNode: object({
    ...givenNode,
    NodeMeta: textMap,
    ServiceKind: text(),
    ServiceID: text(),
    ServiceName: text(),
    ServiceTags: list(text()),
    ServiceAddress: text(),
    'ServiceTaggedAddresses?': map(ref('ServiceAddress')),
    ServiceWeights: ref('Weights'),
    ServiceMeta: textMap,
    ServicePort: integer(),
    ServiceSocketPath: text(),
    ServiceEnableTagOverride: bool(),
    ServiceProxy: anyObject,
    ServiceConnect: anyObject,
    ...indexes,
  }),
  ServiceNodes: list(ref('ServiceNode')),
  NodeDetail: nullable(object({ Node: ref('Node'), Services: map(ref('Service')) })),
  NodeServices: object({ Node: nullable(ref('Node')), Services: nullable(list(ref('Service'))) }),
  Check: object({
    Node: text(),
    CheckID: text(),
    Name: text(),
    Status: oneOf('passing', 'warning', 'critical'),
    Notes: text(),
    Output: text(),
    ServiceID: text(),
    ServiceName: text(),
    ServiceTags: nullable(list(text())),
    Type: text(),
    Definition: anyObject,
    ...indexes,
  }),
  Checks: list(ref('Check')),
  ServiceHealth: list(object({ Node: ref('Node'), Service: ref('Service'), Checks: list(ref('Check')) })),
  Registration: request({
    ...givenNode,
    NodeMeta: textMap,
    Service: nullable(givenService),
    Check: nullable(givenCheck),
    Checks: nullable(list(nullable(givenCheck))),
    SkipNodeUpdate: bool('Leave the node’s own record alone if it is known.'),
  }),
  Deregistration: request({
    Datacenter: text(),
    Node: text(),
    ServiceID: text('Removes this service alone.'),
    CheckID: text('Removes this check alone.'),
  }),
}

const catalogVerb = oneOf(...txnCatalogVerbs)

type StoreSchemaName =
  | 'KvPair'
  | 'KvPairs'
  | 'KvVersions'
  | 'SessionRequest'
  | 'SessionId'
  | 'Sessions'
  | 'TxnOperations'
  | 'TxnOutcome'
  | 'ConfigEntry'
  | 'ConfigEntries'
  | 'ExportedServices'
  | 'Nothing'

const storeSchemas: Readonly<Record<StoreSchemaName, Schema>> = {
  KvPair: object({
    LockIndex: uint64('How often the lock was newly acquired.'),
    Key: text(),
    Flags: uint64('Opaque to the store.'),
    Value: nullable(base64('`null` when it is empty.')),
    'Session?': text('Holder of the lock.'),
    ...indexes,
    'FencingToken?': uint64('Of the lock that is held: grows with every acquisition.'),
    'ExpiresAt?': time('From when on the key deletes itself.'),
  }),
  KvPairs: list(ref('KvPair')),
  KvVersions: list(
    object({
      Index: uint64('Index of the log entry that made this version.'),
      Time: time('When it was made.'),
      Entry: nullable(ref('KvPair')),
    }),
  ),
  SessionRequest: request(
    {
      LockDelay: { description: 'A duration as text; a number below 1000 counts seconds, else nanoseconds.' },
      Node: text('The agent’s own if absent.'),
      Name: text(),
      Checks: nullable(list(text('Older name of NodeChecks.'))),
      NodeChecks: nullable(list(text('IDs of checks; `["serfHealth"]` if absent.'))),
      ServiceChecks: nullable(list(request({ ID: text(), Namespace: text() }, { isOpen: true }))),
      Behavior: oneOf('', 'release', 'delete'),
      TTL: text('A duration of 10s to 24h, or none.'),
    },
    { isOpen: true },
  ),
  SessionId: object({ ID: text('UUID.') }),
  Sessions: list(
    object({
      ID: text(),
      Name: text(),
      Node: text(),
      LockDelay: integer('Nanoseconds.'),
      Behavior: oneOf('release', 'delete'),
      TTL: text(),
      NodeChecks: list(text()),
      ServiceChecks: nullable(list(object({ ID: text(), Namespace: text() }))),
      ...indexes,
    }),
  ),
  ConfigEntry: {
    type: 'object',
    description: 'An entry: `Kind`, `Name` and the fields of its kind (docs/guides/config-entries.md).',
    properties: { Kind: text(), Name: text(), Meta: textMap, ...indexes },
    required: ['Kind'],
    additionalProperties: true,
  },
  ConfigEntries: list(ref('ConfigEntry')),
  ExportedServices: list(
    object({ Service: text(), Consumers: object({ Peers: list(text('Name of a cluster.')) }) }),
  ),
  Nothing: object({}),
  TxnOperations: nullable(
    list(
      request(
        {
          KV: request({
            Verb: oneOf(...txnKvVerbs),
            Key: text(),
            Value: base64(),
            Flags: uint64(),
            Index: uint64('What `cas`, `delete-cas` and `check-index` expect.'),
            Session: text(),
            Namespace: text('Not used.'),
          }),
          Node: request({
            Verb: catalogVerb,
            Node: request({
              ...givenNode,
              Meta: textMap,
              CreateIndex: uint64('Not used.'),
              ModifyIndex: uint64('The index that `cas` and `delete-cas` expect.'),
            }),
          }),
          Service: request({ Verb: catalogVerb, Node: text(), Service: givenService }),
          Check: request({ Verb: catalogVerb, Check: givenCheck }),
          Session: request({ Verb: oneOf('delete'), Session: request({ ID: text() }, { isOpen: true }) }),
        },
        { description: 'One of the fields.' },
      ),
    ),
  ),
  TxnOutcome: object({
    Results: nullable(
      list(
        request(
          { KV: ref('KvPair'), Node: ref('Node'), Service: ref('Service'), Check: ref('Check') },
          { description: 'One of the fields. Writes of keys do not repeat the value.' },
        ),
      ),
    ),
    Errors: nullable(list(object({ OpIndex: integer('Counts from 0.'), What: text() }))),
    'Index?': uint64(),
    'LastContact?': integer('Nanoseconds. This field and the next ones only where nothing is written.'),
    'KnownLeader?': bool(),
    'ConsistencyLevel?': text(),
  }),
}

type AgentSchemaName =
  | 'Watches'
  | 'Applied'
  | 'Text'
  | 'Texts'
  | 'Members'
  | 'AgentSelf'
  | 'AgentVersion'
  | 'Metrics'
  | 'Host'
  | 'OpenApi'

const agentSchemas: Readonly<Record<AgentSchemaName, Schema>> = {
  Applied: bool('Whether it was done.'),
  Text: text(),
  Texts: list(text()),
  Members: list(
    object({
      Name: text(),
      Addr: text(),
      Port: integer(),
      Tags: textMap,
      Status: { type: 'integer', description: '0 none, 1 alive, 2 leaving, 3 left, 4 failed.' },
      ProtocolMin: integer(),
      ProtocolMax: integer(),
      ProtocolCur: integer(),
      DelegateMin: integer(),
      DelegateMax: integer(),
      DelegateCur: integer(),
    }),
  ),
  AgentSelf: anyObject,
  AgentVersion: object({ SHA: text(), BuildDate: text(), HumanVersion: text(), FIPS: text() }),
  Metrics: anyObject,
  Host: anyObject,
  Watches: request({
    watches: list(
      request({
        type: oneOf('kv', 'kvPrefix', 'service', 'services', 'nodes', 'checks', 'event'),
        key: text('Of `kv`.'),
        prefix: text('Of `kvPrefix`.'),
        service: text('Of `service`.'),
        passing: bool('Of `service`: only instances of which every check passes.'),
        tags: list(text('Of `service`.')),
        state: oneOf('any', 'passing', 'warning', 'critical'),
        name: text('Of `event`; empty for all.'),
      }),
    ),
    resume: nullable(text('Token of an earlier stream with the same watches: go on there.')),
  }),
  OpenApi: { ...anyObject, description: 'This document.' },
}

/** Names of the shapes. */
export type SchemaName =
  | AgentSchemaName
  | CatalogSchemaName
  | StoreSchemaName
  | OperatorSchemaName
  | PoolSchemaName
  | LocalSchemaName
  | QuerySchemaName
  | InternalSchemaName

/** All shapes. */
export const schemas: Readonly<Record<SchemaName, Schema>> = {
  ...agentSchemas,
  ...catalogSchemas,
  ...storeSchemas,
  ...operatorSchemas,
  ...poolSchemas,
  ...localSchemas,
  ...querySchemas,
  ...internalSchemas,
}
