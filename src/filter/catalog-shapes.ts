// What expressions can select in the catalog, under the reference's names. What it leaves out of its selectors (indexes,
// check definitions, opaque settings of proxies) is left out here too.
import type {
  CatalogCheck,
  CatalogNode,
  CheckInfo,
  Json,
  JsonObject,
  NodeInfo,
  ServiceAddress,
  ServiceHealth,
  ServiceInfo,
  TextMap,
  Weights,
} from '../model/catalog.ts'
import type { ConfigEntry, ExportedService } from '../model/config-entry.ts'
import type { MemberView, NodeDump } from '../model/query.ts'
import {
  type Field,
  type StructShape,
  listOf,
  mapOf,
  struct,
  text,
  textMap,
  texts,
  truth,
  whole,
  within,
} from './shape.ts'

const addressShape: StructShape<ServiceAddress> = struct({
  Address: text((at) => at.address),
  Port: whole((at) => at.port),
})

const weightsShape: StructShape<Weights> = struct({
  Passing: whole((weights) => weights.passing),
  Warning: whole((weights) => weights.warning),
})

const meshGatewayShape: StructShape<JsonObject> = struct({ Mode: text(textAt('Mode')) })

const upstreamShape: StructShape<JsonObject> = struct({
  DestinationType: text(textAt('DestinationType')),
  DestinationNamespace: text(textAt('DestinationNamespace')),
  DestinationName: text(textAt('DestinationName')),
  Datacenter: text(textAt('Datacenter')),
  LocalBindAddress: text(textAt('LocalBindAddress')),
  LocalBindPort: whole(wholeAt('LocalBindPort')),
  MeshGateway: within(meshGatewayShape, objectAt('MeshGateway')),
})

const exposedPathShape: StructShape<JsonObject> = struct({
  ListenerPort: whole(wholeAt('ListenerPort')),
  LocalPathPort: whole(wholeAt('LocalPathPort')),
  ParsedFromCheck: truth(truthAt('ParsedFromCheck')),
  Path: text(textAt('Path')),
  Protocol: text(textAt('Protocol')),
})

const exposeShape: StructShape<JsonObject> = struct({
  Checks: truth(truthAt('Checks')),
  Paths: listOf(exposedPathShape, objectsAt('Paths')),
})

const proxyShape: StructShape<JsonObject> = struct({
  DestinationServiceID: text(textAt('DestinationServiceID')),
  DestinationServiceName: text(textAt('DestinationServiceName')),
  Expose: within(exposeShape, objectAt('Expose')),
  LocalServiceAddress: text(textAt('LocalServiceAddress')),
  LocalServicePort: whole(wholeAt('LocalServicePort')),
  LocalServiceSocketPath: text(textAt('LocalServiceSocketPath')),
  MeshGateway: within(meshGatewayShape, objectAt('MeshGateway')),
  Mode: text(textAt('Mode')),
  Upstreams: listOf(upstreamShape, objectsAt('Upstreams')),
})

const connectShape: StructShape<JsonObject> = struct({ Native: truth(truthAt('Native')) })

const nothing: JsonObject = {}

/** A node. */
export const nodeShape: StructShape<NodeInfo> = struct({
  Address: text((node) => node.address),
  Datacenter: text((node) => node.datacenter),
  ID: text((node) => node.id),
  Meta: textMap((node) => node.meta),
  Node: text((node) => node.name),
  TaggedAddresses: textMap((node) => node.taggedAddresses),
})

/** An instance of a service as its node has it. */
export const serviceShape: StructShape<ServiceInfo> = struct({
  Address: text((service) => service.address),
  Connect: within(connectShape, (service) => service.connect ?? nothing),
  EnableTagOverride: truth((service) => service.enableTagOverride),
  ID: text((service) => service.id),
  Kind: text((service) => service.kind),
  Meta: textMap((service) => service.meta),
  Port: whole((service) => service.port),
  Proxy: within(proxyShape, (service) => service.proxy ?? nothing),
  Service: text((service) => service.service),
  SocketPath: text((service) => service.socketPath),
  TaggedAddresses: mapOf(addressShape, (service) => service.taggedAddresses),
  Tags: texts((service) => service.tags),
  Weights: within(weightsShape, (service) => service.weights),
})

/** A check. */
export const checkShape: StructShape<CheckInfo> = struct({
  CheckID: text((check) => check.checkId),
  Name: text((check) => check.name),
  Node: text((check) => check.node),
  Notes: text((check) => check.notes),
  Output: text((check) => check.output),
  ServiceID: text((check) => check.serviceId),
  ServiceName: text((check) => check.serviceName),
  ServiceTags: texts((check) => check.serviceTags),
  Status: text((check) => check.status),
  Type: text((check) => check.type),
})

/** An instance of a service with its node and its checks, each under its name. */
export const serviceHealthShape: StructShape<ServiceHealth> = struct({
  Checks: listOf<ServiceHealth, CatalogCheck>(checkShape, (health) => health.checks),
  Node: within<ServiceHealth, CatalogNode>(nodeShape, (health) => health.node),
  Service: within<ServiceHealth, ServiceInfo>(serviceShape, (health) => health.service),
})

/** An instance of a service and its node, in one. */
export const serviceNodeShape: StructShape<ServiceHealth> = struct({
  ...fieldsOf(nodeShape, (health: ServiceHealth) => health.node, {
    Address: 'Address',
    Datacenter: 'Datacenter',
    ID: 'ID',
    Meta: 'NodeMeta',
    Node: 'Node',
    TaggedAddresses: 'TaggedAddresses',
  }),
  ...fieldsOf(serviceShape, (health: ServiceHealth) => health.service, {
    Address: 'ServiceAddress',
    Connect: 'ServiceConnect',
    EnableTagOverride: 'ServiceEnableTagOverride',
    ID: 'ServiceID',
    Kind: 'ServiceKind',
    Meta: 'ServiceMeta',
    Port: 'ServicePort',
    Proxy: 'ServiceProxy',
    Service: 'ServiceName',
    SocketPath: 'ServiceSocketPath',
    TaggedAddresses: 'ServiceTaggedAddresses',
    Tags: 'ServiceTags',
    Weights: 'ServiceWeights',
  }),
})

/** A node with all it has. */
export const nodeDumpShape: StructShape<NodeDump> = struct({
  ...fieldsOf(nodeShape, (dump: NodeDump) => dump.node, {
    Address: 'Address',
    ID: 'ID',
    Meta: 'Meta',
    Node: 'Node',
    TaggedAddresses: 'TaggedAddresses',
  }),
  Checks: listOf<NodeDump, CatalogCheck>(checkShape, (dump) => dump.checks),
  Services: listOf<NodeDump, ServiceInfo>(serviceShape, (dump) => dump.services),
})

/** A configuration entry, as far as entries of all kinds have the same fields. */
export const configEntryShape: StructShape<ConfigEntry> = struct({
  Kind: text((entry) => entry.kind),
  Meta: textMap((entry) => textsOf(objectAt('Meta')(entry.body))),
  Name: text((entry) => entry.name),
  Protocol: text((entry) => textAt('Protocol')(entry.body)),
})

const consumersShape: StructShape<ExportedService> = struct({
  Partitions: texts(() => []),
  Peers: texts((exported) => exported.peers),
})

/** A service that is exported. */
export const exportedServiceShape: StructShape<ExportedService> = struct({
  Consumers: within(consumersShape, (exported) => exported),
  Service: text((exported) => exported.service),
})

/** A member of a gossip pool. */
export const memberShape: StructShape<MemberView> = struct({
  Addr: text((member) => member.ip),
  DelegateCur: whole((member) => member.delegateCur),
  DelegateMax: whole((member) => member.delegateMax),
  DelegateMin: whole((member) => member.delegateMin),
  Name: text((member) => member.name),
  Port: whole((member) => member.port),
  ProtocolCur: whole((member) => member.protocolCur),
  ProtocolMax: whole((member) => member.protocolMax),
  ProtocolMin: whole((member) => member.protocolMin),
  Status: whole((member) => member.status),
  Tags: textMap((member) => member.tags),
})

/** Fields of a part under the names that they have in the whole. */
function fieldsOf<T, V>(
  shape: StructShape<V>,
  part: (owner: T) => V,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, Field<T>>> {
  const fields: Record<string, Field<T>> = {}
  for (const [name, field] of shape.fields) {
    const shown = names[name]
    if (shown !== undefined) fields[shown] = { shape: field.shape, read: (owner) => field.read(part(owner)) }
  }
  return fields
}

function textAt(name: string): (object: JsonObject) => string {
  return (object) => {
    const value = object[name]
    return typeof value === 'string' ? value : ''
  }
}

function wholeAt(name: string): (object: JsonObject) => number {
  return (object) => {
    const value = object[name]
    return typeof value === 'number' ? value : 0
  }
}

function truthAt(name: string): (object: JsonObject) => boolean {
  return (object) => object[name] === true
}

function objectAt(name: string): (object: JsonObject) => JsonObject {
  return (object) => {
    const value = object[name] ?? null
    return isObject(value) ? value : nothing
  }
}

function objectsAt(name: string): (object: JsonObject) => readonly JsonObject[] {
  return (object) => {
    const value = object[name]
    return Array.isArray(value) ? value.filter(isObject) : []
  }
}

/** The texts of an object. */
function textsOf(object: JsonObject): TextMap {
  const texts: [string, string][] = []
  for (const [name, value] of Object.entries(object)) if (typeof value === 'string') texts.push([name, value])
  return Object.fromEntries(texts)
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
