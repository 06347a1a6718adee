// The shapes of the bodies about an agent's own services and checks.
import {
  type Schema,
  anyObject,
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
} from './schema.ts'

/** Their names. */
export type LocalSchemaName =
  | 'LocalService'
  | 'LocalServices'
  | 'HashedService'
  | 'LocalChecks'
  | 'LocalHealth'
  | 'LocalHealths'
  | 'HealthReason'
  | 'ServiceDefinition'
  | 'CheckDefinition'
  | 'CheckUpdate'
  | 'AgentToken'

const service = {
  'Kind?': text(),
  ID: text(),
  Service: text(),
  Tags: list(text()),
  Meta: map(text()),
  Port: integer(),
  Address: text(),
  'SocketPath?': text(),
  'TaggedAddresses?': map(ref('ServiceAddress')),
  Weights: ref('Weights'),
  EnableTagOverride: bool(),
  'Proxy?': anyObject,
  'Connect?': anyObject,
}

/** A duration in text, or a number of nanoseconds; anything else counts as not given. */
const duration: Schema = { description: 'A duration such as `10s`, or nanoseconds.' }

const definedCheck = {
  Name: text("`Service '<name>' check` if absent, for a check of a service."),
  ID: text('`service:<id>`, or `service:<id>:<n>` of several; for a check by itself its name.'),
  CheckID: text('The same as `ID`.'),
  Notes: text(),
  Status: text('What it says before its first run: `critical` if absent.'),
  Token: text(),
  ServiceID: text('The service that it is about; of the node if absent.'),
  service_id: text(),
  Args: nullable(list(text('A program and its arguments.'))),
  ScriptArgs: nullable(list(text())),
  script_args: nullable(list(text())),
  DockerContainerID: text('The container in which `Args` run.'),
  docker_container_id: text(),
  Shell: text(),
  HTTP: text('URL.'),
  Method: text('`GET` if absent.'),
  Header: nullable(map(nullable(list(text())))),
  Body: text(),
  DisableRedirects: bool(),
  TCP: text('`host:port`.'),
  TCPUseTLS: bool(),
  UDP: text('`host:port`.'),
  GRPC: text('`host:port` or `host:port/service`.'),
  GRPCUseTLS: bool(),
  H2PING: text('`host:port`.'),
  H2PingUseTLS: bool('True if absent.'),
  OSService: text('A unit of the system’s service manager.'),
  AliasNode: text(),
  AliasService: text(),
  TTL: duration,
  Interval: duration,
  Timeout: duration,
  TLSServerName: text(),
  TLSSkipVerify: bool(),
  tls_skip_verify: bool(),
  OutputMaxSize: integer('Bytes of output that are kept; at most what the agent allows.'),
  SuccessBeforePassing: integer(),
  FailuresBeforeWarning: integer(),
  FailuresBeforeCritical: integer(),
  DeregisterCriticalServiceAfter: duration,
  deregister_critical_service_after: duration,
}

const definedService = {
  Name: text(),
  ID: text('The name if absent.'),
  Kind: text(),
  Tags: nullable(list(text())),
  Address: text('The node’s own if absent.'),
  TaggedAddresses: nullable(map(ref('ServiceAddress'))),
  tagged_addresses: nullable(map(ref('ServiceAddress'))),
  Meta: textMap,
  Port: integer(),
  SocketPath: text('Instead of `Port`.'),
  Check: nullable(request(definedCheck)),
  Checks: nullable(list(nullable(request(definedCheck)))),
  Weights: nullable(ref('Weights')),
  Token: text(),
  EnableTagOverride: bool('Another may change the tags in the catalog.'),
  enable_tag_override: bool(),
  Proxy: nullable(anyObject),
  Connect: nullable(
    request(
      { Native: bool(), SidecarService: nullable(anyObject), sidecar_service: nullable(anyObject) },
      { isOpen: true },
    ),
  ),
}

/** By their names. */
export const localSchemas: Readonly<Record<LocalSchemaName, Schema>> = {
  LocalService: object(service),
  LocalServices: map(ref('LocalService')),
  HashedService: object({ ...service, ContentHash: text('For `hash`.') }),
  LocalChecks: map(ref('Check')),
  LocalHealth: object({
    AggregatedStatus: oneOf('passing', 'warning', 'critical', 'maintenance'),
    Service: nullable(ref('LocalService')),
    Checks: nullable(ref('Checks')),
  }),
  LocalHealths: list(ref('LocalHealth')),
  HealthReason: text('Why there is none, where text was asked for.'),
  ServiceDefinition: nullable(request(definedService)),
  CheckDefinition: nullable(request(definedCheck)),
  CheckUpdate: nullable(request({ Status: text('`passing`, `warning` or `critical`.'), Output: text() })),
  AgentToken: request({ Token: text() }),
}
