// The shapes of the bodies that operators see.
import {
  type Schema,
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

const settings = {
  CleanupDeadServers: bool(),
  LastContactThreshold: text('A duration.'),
  MaxTrailingLogs: uint64(),
  MinQuorum: uint64(),
  ServerStabilizationTime: text('A duration.'),
  RedundancyZoneTag: text(),
  DisableUpgradeMigration: bool(),
  UpgradeVersionTag: text(),
}

const status = oneOf('none', 'alive', 'leaving', 'left', 'failed')

const standing = {
  LastContact: text('A duration.'),
  LastTerm: uint64(),
  LastIndex: uint64(),
  Healthy: bool(),
}

/** Their names. */
export type OperatorSchemaName =
  | 'RaftConfiguration'
  | 'Success'
  | 'AutopilotConfig'
  | 'AutopilotSettings'
  | 'AutopilotHealth'
  | 'AutopilotState'
  | 'AutopilotServer'
  | 'Usage'

/** By their names. */
export const operatorSchemas: Readonly<Record<OperatorSchemaName, Schema>> = {
  RaftConfiguration: object({
    Servers: list(
      object({
        ID: text(),
        Node: text(),
        Address: text(),
        Leader: bool(),
        ProtocolVersion: text(),
        Voter: bool(),
        LastIndex: uint64(),
      }),
    ),
    Index: uint64(),
  }),
  Success: object({ Success: bool() }),
  AutopilotConfig: object({ ...settings, CreateIndex: uint64(), ModifyIndex: uint64() }),
  AutopilotSettings: request({
    ...settings,
    LastContactThreshold: { type: ['string', 'number'], description: 'A duration, or nanoseconds.' },
    ServerStabilizationTime: { type: ['string', 'number'], description: 'A duration, or nanoseconds.' },
    CreateIndex: uint64('Not used.'),
    ModifyIndex: uint64('Not used.'),
  }),
  AutopilotHealth: object({
    Healthy: bool(),
    FailureTolerance: integer(),
    Servers: nullable(
      list(
        object({
          ID: text(),
          Name: text(),
          Address: text(),
          SerfStatus: status,
          Version: text(),
          Leader: bool(),
          ...standing,
          Voter: bool(),
          StableSince: time(),
        }),
      ),
    ),
  }),
  AutopilotState: object({
    Healthy: bool(),
    FailureTolerance: integer(),
    OptimisticFailureTolerance: integer(),
    Servers: map(ref('AutopilotServer')),
    Leader: text(),
    Voters: list(text()),
    'ReadReplicas?': list(text()),
    'RedundancyZones?': map(
      object({ Servers: list(text()), Voters: list(text()), FailureTolerance: integer() }),
    ),
  }),
  AutopilotServer: object({
    ID: text(),
    Name: text(),
    Address: text(),
    NodeStatus: status,
    Version: text(),
    ...standing,
    StableSince: time(),
    'RedundancyZone?': text(),
    ReadReplica: bool(),
    Status: oneOf('leader', 'voter', 'non-voter'),
    Meta: textMap,
    NodeType: oneOf('voter', 'read-replica', 'zone-voter', 'zone-standby'),
  }),
  Usage: object({
    Usage: map(
      object({
        Services: integer(),
        ServiceInstances: integer(),
        ConnectServiceInstances: map(integer()),
        BillableServiceInstances: integer(),
        Nodes: integer(),
        KVCount: integer(),
        Sessions: integer(),
      }),
    ),
    Index: uint64(),
    LastContact: integer('Nanoseconds.'),
    KnownLeader: bool(),
    ConsistencyLevel: text(),
    NotModified: bool(),
    Backend: integer(),
    ResultsFilteredByACLs: bool(),
  }),
}
