// `Proxy` and `Connect` of a service: kept as given and printed back, although nothing here acts on them.
import type { Json, JsonObject } from '../model/catalog.ts'
import { type Reader, anything, bool, integer, list, text, textListReader } from './decode.ts'
import { type OrderedField, ordered } from './ordered.ts'

const meshGateway: Reader<Json> = orEmpty(
  ordered([{ name: 'Mode', reader: text('structs.MeshGatewayMode') }], {
    goType: 'structs.MeshGatewayConfig',
  }),
)

const upstream: Reader<Json> = ordered(
  [
    { name: 'DestinationType', reader: text(), aliases: ['destination_type'], isKept: true },
    { name: 'DestinationNamespace', reader: text(), aliases: ['destination_namespace'] },
    { name: 'DestinationPartition', reader: text(), aliases: ['destination_partition'] },
    { name: 'DestinationPeer', reader: text(), aliases: ['destination_peer'] },
    { name: 'DestinationName', reader: text(), aliases: ['destination_name'], isKept: true },
    { name: 'Datacenter', reader: text(), isKept: true },
    { name: 'LocalBindAddress', reader: text(), aliases: ['local_bind_address'] },
    { name: 'LocalBindPort', reader: integer(), aliases: ['local_bind_port'] },
    { name: 'LocalBindSocketPath', reader: text(), aliases: ['local_bind_socket_path'] },
    { name: 'LocalBindSocketMode', reader: text(), aliases: ['local_bind_socket_mode'] },
    { name: 'Config', reader: anything, isKept: true },
    { name: 'MeshGateway', reader: meshGateway, aliases: ['mesh_gateway'], isKept: true },
    { name: 'IngressHosts', reader: textListReader },
  ],
  { goType: 'structs.Upstream' },
)

const exposedPath: Reader<Json> = ordered(
  [
    { name: 'ListenerPort', reader: integer(), aliases: ['listener_port'] },
    { name: 'Path', reader: text() },
    { name: 'LocalPathPort', reader: integer(), aliases: ['local_path_port'] },
    { name: 'Protocol', reader: text() },
    { name: 'ParsedFromCheck', reader: bool, isKept: true },
  ],
  { goType: 'structs.ExposePath' },
)

const expose: Reader<Json> = orEmpty(
  ordered(
    [
      { name: 'Checks', reader: bool },
      { name: 'Paths', reader: list(exposedPath, '[]structs.ExposePath') },
    ],
    { goType: 'structs.ExposeConfig' },
  ),
)

const proxyFields: readonly OrderedField[] = [
  { name: 'DestinationServiceName', reader: text(), aliases: ['destination_service_name'] },
  { name: 'DestinationServiceID', reader: text(), aliases: ['destination_service_id'] },
  { name: 'LocalServiceAddress', reader: text(), aliases: ['local_service_address'] },
  { name: 'LocalServicePort', reader: integer(), aliases: ['local_service_port'] },
  { name: 'LocalServiceSocketPath', reader: text(), aliases: ['local_service_socket_path'] },
  { name: 'Mode', reader: text() },
  { name: 'Config', reader: anything },
  { name: 'Upstreams', reader: list(upstream, 'structs.Upstreams') },
  { name: 'MeshGateway', reader: meshGateway, aliases: ['mesh_gateway'], isKept: true },
  { name: 'Expose', reader: expose, isKept: true },
  { name: 'TransparentProxy', reader: anything, aliases: ['transparent_proxy'] },
  { name: 'EnvoyExtensions', reader: anything, aliases: ['envoy_extensions'] },
  { name: 'AccessLogs', reader: anything, aliases: ['access_logs'] },
]

const proxy = ordered(proxyFields, { goType: 'structs.ConnectProxyConfig' })

const connect = ordered(
  [
    { name: 'Native', reader: bool },
    { name: 'SidecarService', reader: anything, aliases: ['sidecar_service'] },
  ],
  { goType: 'structs.ServiceConnect', isOpen: true },
)

/** Reads `Proxy`; null when it says nothing, so that it equals one that was not given. */
export const proxyReader: Reader<JsonObject | null> = (value, at) => {
  const read = proxy(value, at)
  return read === null || JSON.stringify(read) === '{"MeshGateway":{},"Expose":{}}' ? null : read
}

/** Reads `Connect`; null when it says nothing. */
export const connectReader: Reader<JsonObject | null> = (value, at) => {
  const read = connect(value, at)
  return read === null || Object.keys(read).length === 0 ? null : read
}

function orEmpty(reader: Reader<JsonObject | null>): Reader<Json> {
  return (value, at) => reader(value, at) ?? {}
}
