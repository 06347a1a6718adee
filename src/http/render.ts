// The catalog's nouns as JSON text, field for field in the reference's order.
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  CheckInfo,
  Indexes,
  JsonObject,
  KvEntry,
  KvVersion,
  ServiceAddress,
  ServiceHealth,
  Weights,
} from '../model/catalog.ts'
import type { MemberView, NodeDetail, ServiceSummary } from '../model/query.ts'
import { toBase64 } from './base64.ts'
import {
  encodeJson,
  inOnePiece,
  quote,
  renderList,
  renderMap,
  renderPairs,
  textList,
  textMap,
} from './json.ts'

/** Whether addresses of nodes elsewhere are replaced by their WAN ones (`translate_wan_addrs`). */
export interface Translation {
  readonly isOn: boolean
  readonly localDatacenter: string
}

/** `/v1/catalog/nodes`: a node. */
export function renderNode(node: CatalogNode, translation: Translation): string {
  return isElsewhere(node, translation) ? nodeText(node, nodeAddress(node, translation)) : knownNodes(node)
}

const knownNodes = remembered((node: CatalogNode) => nodeText(node, node.address))

function nodeText(node: CatalogNode, address: string): string {
  return (
    `{"ID":${quote(node.id)},"Node":${quote(node.name)},"Address":${quote(address)},` +
    `"Datacenter":${quote(node.datacenter)},"TaggedAddresses":${textMap(node.taggedAddresses)},` +
    `"Meta":${textMap(node.meta)},${indexes(node)}}`
  )
}

/** `/v1/catalog/node/:node`, `null` for an unknown one. */
export function renderNodeDetail(detail: NodeDetail | null, translation: Translation): string {
  if (detail === null) return 'null'
  const { node } = detail
  const pairs = detail.services.map((service) => [service.id, service] as const)
  const services = renderPairs(pairs, (service) => renderService(service, node, translation))
  return `{"Node":${renderNode(node, translation)},"Services":${services}}`
}

/** `/v1/catalog/node-services/:node`. */
export function renderNodeServices(detail: NodeDetail | null, translation: Translation): string {
  if (detail === null || detail.services.length > 0) return renderFilteredNodeServices(detail, translation)
  return `{"Node":${renderNode(detail.node, translation)},"Services":null}`
}

/** The same with an expression: the list of services is there even if none is meant. */
export function renderFilteredNodeServices(detail: NodeDetail | null, translation: Translation): string {
  if (detail === null) return '{"Node":null,"Services":null}'
  const { node } = detail
  const services = renderList(detail.services, (service) => renderService(service, node, translation))
  return `{"Node":${renderNode(node, translation)},"Services":${services}}`
}

/** `/v1/catalog/services`; summaries come in the order of their names. */
export function renderServiceSummaries(summaries: readonly ServiceSummary[]): string {
  return `{${summaries.map(knownTags).join(',')}}`
}

/** Of ten thousand services one has changed. */
const knownTags = remembered(({ service, tags }: ServiceSummary) => `${quote(service)}:${textList(tags)}`)

/** `/v1/catalog/service/:service`: an instance with its node in one object. */
export function renderServiceNode({ node, service }: ServiceHealth, translation: Translation): string {
  const at = serviceAddress(service, node, translation)
  const tagged = renderMap(service.taggedAddresses, renderServiceAddress)
  return (
    `{"ID":${quote(node.id)},"Node":${quote(node.name)},"Address":${quote(nodeAddress(node, translation))},` +
    `"Datacenter":${quote(node.datacenter)},"TaggedAddresses":${textMap(node.taggedAddresses)},` +
    `"NodeMeta":${textMap(node.meta)},"ServiceKind":${quote(service.kind)},"ServiceID":${quote(service.id)},` +
    `"ServiceName":${quote(service.service)},"ServiceTags":${textList(service.tags)},` +
    `"ServiceAddress":${quote(at.address)},` +
    (tagged === null ? '' : `"ServiceTaggedAddresses":${tagged},`) +
    `"ServiceWeights":${renderWeights(service.weights)},"ServiceMeta":${renderMap(service.meta, quote) ?? '{}'},` +
    `"ServicePort":${at.port},"ServiceSocketPath":${quote(service.socketPath)},` +
    `"ServiceEnableTagOverride":${service.enableTagOverride},"ServiceProxy":${renderProxy(service.proxy)},` +
    `"ServiceConnect":${renderConnect(service.connect)},${indexes(service)}}`
  )
}

/** `/v1/health/service/:service`: an instance with its node and checks. */
export function renderServiceHealth(health: ServiceHealth, translation: Translation): string {
  return (
    `{"Node":${renderNode(health.node, translation)},` +
    `"Service":${renderService(health.service, health.node, translation)},` +
    `"Checks":${renderList(health.checks, renderCheck)}}`
  )
}

/** A health check. */
export const renderCheck: (check: CatalogCheck) => string = remembered(
  (check) => `{${checkText(check)},${indexes(check)}}`,
)

/** The fields of a check, without braces and indexes. */
export function checkText(check: CheckInfo): string {
  return (
    `"Node":${quote(check.node)},"CheckID":${quote(check.checkId)},"Name":${quote(check.name)},` +
    `"Status":${quote(check.status)},"Notes":${quote(check.notes)},"Output":${quote(check.output)},` +
    `"ServiceID":${quote(check.serviceId)},"ServiceName":${quote(check.serviceName)},` +
    `"ServiceTags":${textList(check.serviceTags)},"Type":${quote(check.type)},` +
    `"Definition":${encodeJson(check.definition)}`
  )
}

/** A key with its value. Fields that the reference does not have are there only when they say something. */
export function renderKvEntry(entry: KvEntry): string {
  const value = entry.value.length === 0 ? 'null' : `"${toBase64(entry.value)}"`
  const session = entry.session === '' ? '' : `"Session":${quote(entry.session)},`
  return (
    `{"LockIndex":${entry.lockIndex},"Key":${quote(entry.key)},"Flags":${entry.flags},"Value":${value},` +
    `${session}${indexes(entry)}${extras(entry)}}`
  )
}

/** A version of a key: as it was from an index and a time on; `null` for its absence. */
export function renderKvVersion({ entry, index, atWallMs }: KvVersion): string {
  const text = entry === null ? 'null' : renderKvEntry(entry)
  // A key that is older than the history: nobody knows when it was written.
  const time = atWallMs === 0 ? '0001-01-01T00:00:00Z' : new Date(atWallMs).toISOString()
  return `{"Index":${index},"Time":"${time}","Entry":${text}}`
}

function extras({ fencingToken, expiresAtWallMs }: KvEntry): string {
  if (fencingToken === 0 && expiresAtWallMs === 0) return ''
  return (
    (fencingToken === 0 ? '' : `,"FencingToken":${fencingToken}`) +
    (expiresAtWallMs === 0 ? '' : `,"ExpiresAt":"${new Date(expiresAtWallMs).toISOString()}"`)
  )
}

/** A member of a pool. */
export function renderMember(member: MemberView): string {
  return (
    `{"Name":${quote(member.name)},"Addr":${quote(member.ip)},"Port":${member.port},` +
    `"Tags":${textMap(member.tags)},"Status":${member.status},"ProtocolMin":${member.protocolMin},` +
    `"ProtocolMax":${member.protocolMax},"ProtocolCur":${member.protocolCur},` +
    `"DelegateMin":${member.delegateMin},"DelegateMax":${member.delegateMax},` +
    `"DelegateCur":${member.delegateCur}}`
  )
}

/** An instance of a service as it stands on its node. */
export function renderService(service: CatalogService, node: CatalogNode, translation: Translation): string {
  if (isElsewhere(node, translation)) return serviceText(service, serviceAddress(service, node, translation))
  return knownServices(service)
}

/** A service as it is registered, whatever its node. */
export function renderServiceRecord(service: CatalogService): string {
  return knownServices(service)
}

const knownServices = remembered((service: CatalogService) => serviceText(service, service))

function serviceText(service: CatalogService, at: ServiceAddress): string {
  const tagged = renderMap(service.taggedAddresses, renderServiceAddress)
  return (
    (service.kind === '' ? '{' : `{"Kind":${quote(service.kind)},`) +
    `"ID":${quote(service.id)},"Service":${quote(service.service)},"Tags":${textList(service.tags)},` +
    `"Address":${quote(at.address)},` +
    (tagged === null ? '' : `"TaggedAddresses":${tagged},`) +
    `"Meta":${textMap(service.meta)},"Port":${at.port},` +
    (service.socketPath === '' ? '' : `"SocketPath":${quote(service.socketPath)},`) +
    `"Weights":${renderWeights(service.weights)},"EnableTagOverride":${service.enableTagOverride},` +
    `"Proxy":${renderProxy(service.proxy)},"Connect":${renderConnect(service.connect)},${indexes(service)}}`
  )
}

function renderProxy(proxy: JsonObject | null): string {
  return proxy === null ? '{"MeshGateway":{},"Expose":{}}' : encodeJson(proxy)
}

function renderConnect(connect: JsonObject | null): string {
  return connect === null ? '{}' : encodeJson(connect)
}

/** An address of a service. */
export function renderServiceAddress({ address, port }: ServiceAddress): string {
  return `{"Address":${quote(address)},"Port":${port}}`
}

/** Weights of a service. */
export function renderWeights({ passing, warning }: Weights): string {
  return `{"Passing":${passing},"Warning":${warning}}`
}

function indexes({ createIndex, modifyIndex }: Indexes): string {
  return `"CreateIndex":${createIndex},"ModifyIndex":${modifyIndex}`
}

function nodeAddress(node: CatalogNode, translation: Translation): string {
  if (!isElsewhere(node, translation)) return node.address
  return node.taggedAddresses['wan'] ?? node.address
}

function serviceAddress(
  service: CatalogService,
  node: CatalogNode,
  translation: Translation,
): ServiceAddress {
  const wan = isElsewhere(node, translation) ? service.taggedAddresses['wan'] : undefined
  if (wan === undefined || wan.address === '') return { address: service.address, port: service.port }
  return { address: wan.address, port: wan.port === 0 ? service.port : wan.port }
}

function isElsewhere(node: CatalogNode, translation: Translation): boolean {
  return translation.isOn && node.datacenter !== translation.localDatacenter
}

/** Longest text that is remembered: a check's output can be large, and is seldom read twice. */
const rememberedCharactersMax = 1024

/**
 * Remembers the text of an object that is asked for again, for as long as the object lives. The state's records never
 * change and are read over and over; a service's health is put together from their texts about twenty times faster.
 */
export function remembered<T extends object>(render: (value: T) => string): (value: T) => string {
  /** Null: it was asked for once. Most of a long list never are again, and would be held for nothing. */
  const texts = new WeakMap<T, string | null>()
  return (value) => {
    const known = texts.get(value)
    if (typeof known === 'string') return known
    const text = render(value)
    if (known === undefined) texts.set(value, null)
    else if (text.length <= rememberedCharactersMax) texts.set(value, inOnePiece(text))
    return text
  }
}
