// What the agent's own services and checks are printed as: near to the catalog's, and not the same.
import type { CheckInfo, Json, JsonObject, ServiceInfo } from '../model/catalog.ts'
import { encodeJson, quote, renderMap, renderPairs, textList, textListOrNull } from './json.ts'
import { checkText, remembered, renderServiceAddress, renderWeights } from './render.ts'

/** The services as an object by ID. */
export function renderLocalServices(services: readonly ServiceInfo[]): string {
  return renderPairs(
    services.map((service) => [service.id, service] as const),
    renderLocalService,
  )
}

/** The checks as an object by ID. */
export function renderLocalChecks(checks: readonly CheckInfo[]): string {
  return renderPairs(
    checks.map((check) => [check.checkId, check] as const),
    renderLocalCheck,
  )
}

/** A service of this agent. */
export const renderLocalService: (service: ServiceInfo) => string = remembered((service) => {
  const { head, tail } = serviceParts(service)
  return `{${head}${tail}}`
})

/** The same with the hash of what it says. */
export function renderHashedService(service: ServiceInfo): string {
  const { head, tail } = serviceParts(service)
  return `{${head},"ContentHash":"${contentHash(service)}"${tail}}`
}

/** The fields in front of the hash, and those behind it. */
function serviceParts(service: ServiceInfo): { readonly head: string; readonly tail: string } {
  const { kind, proxy, connect } = service
  const tagged = renderMap(service.taggedAddresses, renderServiceAddress)
  return {
    head:
      (kind === '' ? '' : `"Kind":${quote(kind)},`) +
      `"ID":${quote(service.id)},"Service":${quote(service.service)},"Tags":${textList(service.tags)},` +
      `"Meta":${renderMap(service.meta, quote) ?? '{}'},"Port":${service.port},` +
      `"Address":${quote(service.address)},` +
      (service.socketPath === '' ? '' : `"SocketPath":${quote(service.socketPath)},`) +
      (tagged === null ? '' : `"TaggedAddresses":${tagged},`) +
      `"Weights":${renderWeights(service.weights)},"EnableTagOverride":${service.enableTagOverride}`,
    tail:
      (proxyKinds.has(kind) ? `,"Proxy":${renderProxy(proxy)}` : '') +
      (connect?.['Native'] === true ? ',"Connect":{"Native":true}' : ''),
  }
}

/** Kinds of which the proxy is shown. */
const proxyKinds: ReadonlySet<string> = new Set([
  'connect-proxy',
  'mesh-gateway',
  'terminating-gateway',
  'ingress-gateway',
  'api-gateway',
])

function renderProxy(proxy: JsonObject | null): string {
  if (proxy === null) return '{"MeshGateway":{},"Expose":{}}'
  const upstreams = proxy['Upstreams']
  if (!Array.isArray(upstreams)) return encodeJson(proxy)
  return encodeJson({ ...proxy, Upstreams: upstreams.map(withoutEmpty) })
}

/** The catalog keeps fields of upstreams that are empty; the agent does not print them. */
function withoutEmpty(upstream: Json): Json {
  if (typeof upstream !== 'object' || upstream === null || Array.isArray(upstream)) return upstream
  return Object.fromEntries(Object.entries(upstream).filter(([, value]) => value !== '' && value !== null))
}

/** A check of this agent: it has no indexes. */
export const renderLocalCheck: (check: CheckInfo) => string = remembered(
  (check) => `{${checkText(check)},${noIndexes}}`,
)

const noIndexes = '"CreateIndex":0,"ModifyIndex":0'

/** A check as aggregated health shows it: without its type and definition, as with the reference. */
export function renderHealthCheck(check: CheckInfo): string {
  return (
    `{"Node":${quote(check.node)},"CheckID":${quote(check.checkId)},"Name":${quote(check.name)},` +
    `"Status":${quote(check.status)},"Notes":${quote(check.notes)},"Output":${quote(check.output)},` +
    `"ServiceID":${quote(check.serviceId)},"ServiceName":${quote(check.serviceName)},` +
    `"ServiceTags":${textListOrNull(check.serviceTags)},"Type":"","Definition":${noDefinition},${noIndexes}}`
  )
}

const noDefinition = encodeJson({
  Interval: '0s',
  Timeout: '0s',
  DeregisterCriticalServiceAfter: '0s',
  HTTP: '',
  Header: null,
  Method: '',
  Body: '',
  TLSSkipVerify: false,
  TCP: '',
})

/** What a service says as 16 hexadecimal digits; two services that say the same have the same. */
export const contentHash: (service: ServiceInfo) => string = remembered((service) =>
  hashOf(renderLocalService(service)),
)

/** Two sums of 32 bits in the manner of FNV-1a, over UTF-16 units. */
function hashOf(text: string): string {
  let a = 0x811c9dc5
  let b = 0xc9dc5118
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit ^ (a >>> 15), 0x01000197)
  }
  return hex(a) + hex(b)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
