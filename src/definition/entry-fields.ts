// The fields of configuration entries, by kind: names, types, and when they are shown. The decoder, the body as stored
// and the documentation follow this one table. Order is that of the reference's answers.

/** A type of a single value. */
export type EntryScalar =
  | 'text'
  | 'flag'
  | 'integer'
  | 'number'
  | 'duration'
  | 'texts'
  | 'integers'
  | 'textMap'
  | 'json'

/**
 * When a field stands in the stored body: `always`; `filled`, if it is not empty; `given`, if the client gave it, empty or
 * not.
 */
export type EntryPresence = 'always' | 'filled' | 'given'

/** One field. */
export type EntryField =
  | { readonly type: EntryScalar; readonly presence: EntryPresence }
  /** `object`: one; `list`: a list of such; `map`: such by name. */
  | {
      readonly type: 'object' | 'list' | 'map'
      readonly presence: EntryPresence
      readonly fields: EntryFields
    }

/** Fields by their names. */
export type EntryFields = Readonly<Record<string, EntryField>>

/** Kinds that can be written. */
export type EntryKind =
  | 'service-defaults'
  | 'proxy-defaults'
  | 'service-router'
  | 'service-splitter'
  | 'service-resolver'
  | 'ingress-gateway'
  | 'terminating-gateway'
  | 'exported-services'

function filled(type: EntryScalar): EntryField {
  return { type, presence: 'filled' }
}

function always(type: EntryScalar): EntryField {
  return { type, presence: 'always' }
}

function given(fields: EntryFields): EntryField {
  return { type: 'object', presence: 'given', fields }
}

function struct(fields: EntryFields): EntryField {
  return { type: 'object', presence: 'always', fields }
}

function list(fields: EntryFields, presence: EntryPresence = 'filled'): EntryField {
  return { type: 'list', presence, fields }
}

function map(fields: EntryFields): EntryField {
  return { type: 'map', presence: 'filled', fields }
}

const meshGateway = struct({ Mode: filled('text') })

const expose = struct({
  Checks: filled('flag'),
  Paths: list({
    ListenerPort: filled('integer'),
    Path: filled('text'),
    LocalPathPort: filled('integer'),
    Protocol: filled('text'),
    ParsedFromCheck: always('flag'),
  }),
})

const transparentProxy = given({ OutboundListenerPort: filled('integer'), DialedDirectly: filled('flag') })

const extensions = list({
  Name: always('text'),
  Required: always('flag'),
  Arguments: always('json'),
  ConsulVersion: filled('text'),
  EnvoyVersion: filled('text'),
})

const upstream: EntryFields = {
  Name: filled('text'),
  Peer: filled('text'),
  EnvoyListenerJSON: filled('text'),
  EnvoyClusterJSON: filled('text'),
  Protocol: filled('text'),
  ConnectTimeoutMs: filled('integer'),
  Limits: given({
    MaxConnections: filled('integer'),
    MaxPendingRequests: filled('integer'),
    MaxConcurrentRequests: filled('integer'),
  }),
  PassiveHealthCheck: given({
    Interval: filled('duration'),
    MaxFailures: filled('integer'),
    EnforcingConsecutive5xx: filled('integer'),
    MaxEjectionPercent: filled('integer'),
    BaseEjectionTime: filled('duration'),
  }),
  MeshGateway: given({ Mode: filled('text') }),
  BalanceOutboundConnections: filled('text'),
}

const headerEdits = given({ Add: filled('textMap'), Set: filled('textMap'), Remove: filled('texts') })
const edits: EntryFields = { RequestHeaders: headerEdits, ResponseHeaders: headerEdits }
const accessLogs = given({
  Enabled: filled('flag'),
  DisableListenerLogs: filled('flag'),
  Type: filled('text'),
  Path: filled('text'),
  JSONFormat: filled('text'),
  TextFormat: filled('text'),
})

const routeMatch = given({
  HTTP: given({
    PathExact: filled('text'),
    PathPrefix: filled('text'),
    PathRegex: filled('text'),
    Header: list({
      Name: always('text'),
      Present: filled('flag'),
      Exact: filled('text'),
      Prefix: filled('text'),
      Suffix: filled('text'),
      Regex: filled('text'),
      Invert: filled('flag'),
    }),
    QueryParam: list({
      Name: always('text'),
      Present: filled('flag'),
      Exact: filled('text'),
      Regex: filled('text'),
    }),
    Methods: filled('texts'),
  }),
})

const routeDestination = given({
  RequestTimeout: filled('duration'),
  IdleTimeout: filled('duration'),
  Service: filled('text'),
  ServiceSubset: filled('text'),
  Namespace: filled('text'),
  PrefixRewrite: filled('text'),
  NumRetries: filled('integer'),
  RetryOnConnectFailure: filled('flag'),
  RetryOn: filled('texts'),
  RetryOnStatusCodes: filled('integers'),
  ...edits,
})

const target: EntryFields = {
  Service: filled('text'),
  ServiceSubset: filled('text'),
  Namespace: filled('text'),
  Datacenter: filled('text'),
  Peer: filled('text'),
}

const loadBalancer = given({
  Policy: filled('text'),
  RingHashConfig: given({ MinimumRingSize: filled('integer'), MaximumRingSize: filled('integer') }),
  LeastRequestConfig: given({ ChoiceCount: filled('integer') }),
  HashPolicies: list({
    Field: filled('text'),
    FieldValue: filled('text'),
    CookieConfig: given({ Session: filled('flag'), TTL: filled('duration'), Path: filled('text') }),
    SourceIP: filled('flag'),
    Terminal: filled('flag'),
  }),
})

const gatewayTls = struct({
  Enabled: always('flag'),
  TLSMinVersion: filled('text'),
  TLSMaxVersion: filled('text'),
  CipherSuites: filled('texts'),
})

/** Fields beside `Kind`, `Name`, `Meta` and the indexes. */
export const entryFields: Readonly<Record<EntryKind, EntryFields>> = {
  'service-defaults': {
    Protocol: always('text'),
    Mode: filled('text'),
    TransparentProxy: transparentProxy,
    MutualTLSMode: filled('text'),
    MeshGateway: meshGateway,
    Expose: expose,
    ExternalSNI: filled('text'),
    UpstreamConfig: given({ Overrides: list(upstream), Defaults: given(upstream) }),
    Destination: given({ Addresses: filled('texts'), Port: filled('integer') }),
    MaxInboundConnections: filled('integer'),
    LocalConnectTimeoutMs: filled('integer'),
    LocalRequestTimeoutMs: filled('integer'),
    BalanceInboundConnections: filled('text'),
    EnvoyExtensions: extensions,
  },
  'proxy-defaults': {
    Config: always('json'),
    Mode: filled('text'),
    TransparentProxy: transparentProxy,
    MutualTLSMode: filled('text'),
    MeshGateway: meshGateway,
    Expose: expose,
    AccessLogs: accessLogs,
    EnvoyExtensions: extensions,
  },
  'service-router': { Routes: list({ Match: routeMatch, Destination: routeDestination }, 'always') },
  'service-splitter': {
    Splits: list(
      {
        Weight: always('number'),
        Service: filled('text'),
        ServiceSubset: filled('text'),
        Namespace: filled('text'),
        ...edits,
      },
      'always',
    ),
  },
  'service-resolver': {
    DefaultSubset: filled('text'),
    Subsets: map({ Filter: filled('text'), OnlyPassing: filled('flag') }),
    Redirect: given(target),
    Failover: map({
      Service: filled('text'),
      ServiceSubset: filled('text'),
      Namespace: filled('text'),
      Datacenters: filled('texts'),
      Targets: list(target),
    }),
    ConnectTimeout: filled('duration'),
    RequestTimeout: filled('duration'),
    LoadBalancer: loadBalancer,
  },
  'ingress-gateway': {
    TLS: gatewayTls,
    Listeners: list(
      {
        Port: always('integer'),
        Protocol: always('text'),
        Services: list(
          { Name: always('text'), Hosts: always('texts'), Namespace: filled('text'), ...edits },
          'always',
        ),
      },
      'always',
    ),
  },
  'terminating-gateway': {
    Services: list(
      {
        Name: filled('text'),
        Namespace: filled('text'),
        CAFile: filled('text'),
        CertFile: filled('text'),
        KeyFile: filled('text'),
        SNI: filled('text'),
      },
      'always',
    ),
  },
  'exported-services': {
    Services: list(
      {
        Name: always('text'),
        Namespace: filled('text'),
        Consumers: list(
          { Partition: filled('text'), Peer: filled('text'), SamenessGroup: filled('text') },
          'always',
        ),
      },
      'always',
    ),
  },
}

/** True for a kind that can be written. */
export function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(entryFields, kind)
}
