// What services of the mesh's kinds must say of their proxy. The rules and sentences are the reference's.
import type { Json, JsonObject, ServiceInfo } from '../model/catalog.ts'
import { isObject } from './decode.ts'

/** A service as far as these rules read it. */
export type ProxyService = Pick<ServiceInfo, 'kind' | 'port' | 'socketPath' | 'proxy' | 'connect'>

/** What the catalog already refuses of a proxy. */
export function proxyFaults({ kind, port, socketPath, proxy }: ProxyService): readonly string[] {
  if (kind !== 'connect-proxy') return []
  const faults: string[] = []
  if (textOf(proxy, 'DestinationServiceName') === '') {
    faults.push('Proxy.DestinationServiceName must be non-empty for Connect proxy services')
  }
  if (port === 0 && socketPath === '') faults.push('Port must be set for a Connect proxy')
  return faults
}

/** What the agent refuses of services of the mesh's kinds. */
export function kindFaults(service: ProxyService): readonly string[] {
  const { kind, proxy, connect } = service
  if (kind === 'connect-proxy') {
    const native =
      connect?.['Native'] === true ? ['A Proxy cannot also be Connect Native, only typical services'] : []
    return [...proxyFaults(service), ...native, ...upstreamFaults(listOf(proxy, 'Upstreams'))]
  }
  return gatewayKinds.has(kind) ? gatewayFaults(service) : []
}

const gatewayKinds: ReadonlySet<string> = new Set([
  'mesh-gateway',
  'terminating-gateway',
  'ingress-gateway',
  'api-gateway',
])

function gatewayFaults({ kind, port, proxy }: ProxyService): readonly string[] {
  const faults: string[] = []
  const needsPort = kind === 'mesh-gateway' || kind === 'terminating-gateway'
  if (needsPort && port === 0) faults.push(`Port must be non-zero for a ${kind}`)
  for (const name of [
    'DestinationServiceName',
    'DestinationServiceID',
    'LocalServiceAddress',
    'LocalServicePort',
    'Upstreams',
  ]) {
    if (Object.hasOwn(proxy ?? {}, name)) {
      faults.push(`The Proxy.${name} configuration is invalid for a ${kind}`)
    }
  }
  return faults
}

function upstreamFaults(upstreams: readonly Json[]): readonly string[] {
  const faults: string[] = []
  const names = new Set<string>()
  const places = new Set<string>()
  for (const upstream of upstreams) {
    const given = isObject(upstream) ? upstream : {}
    const own = upstreamFault(given)
    if (own !== null) {
      faults.push(own)
      continue
    }
    const name = identityOf(given)
    if (names.has(name)) faults.push(`upstreams cannot contain duplicates of ${name}`)
    names.add(name)
    const place = `${textOf(given, 'LocalBindAddress') || '127.0.0.1'}:${numberOf(given, 'LocalBindPort')}`
    if (places.has(place) && faults.length === 0) {
      const what = 'upstreams cannot contain duplicates by local bind address and port'
      faults.push(`${what}; "${place}" is specified twice`)
    }
    places.add(place)
  }
  return faults
}

function upstreamFault(upstream: JsonObject): string | null {
  const type = textOf(upstream, 'DestinationType')
  if (type !== '' && type !== 'service' && type !== 'prepared_query') {
    return `unknown upstream destination type: ${JSON.stringify(type)}`
  }
  if (textOf(upstream, 'DestinationName') === '') return 'upstream destination name cannot be empty'
  const isBound = numberOf(upstream, 'LocalBindPort') !== 0 || textOf(upstream, 'LocalBindSocketPath') !== ''
  return isBound ? null : 'upstream local bind port cannot be zero'
}

function identityOf(upstream: JsonObject): string {
  const quoted = (name: string): string => JSON.stringify(textOf(upstream, name))
  const type = JSON.stringify(textOf(upstream, 'DestinationType') || 'service')
  const parts = [`type=${type}`, `name=${quoted('DestinationName')}`, 'namespace=""']
  return `[${[...parts, `datacenter=${quoted('Datacenter')}`].join(', ')}]`
}

/** The proxy with what the agent fills in. */
export function completeProxy(proxy: JsonObject): JsonObject {
  const upstreams = listOf(proxy, 'Upstreams')
  if (upstreams.length === 0) return proxy
  return { ...proxy, Upstreams: upstreams.map((each) => (isObject(each) ? completeUpstream(each) : each)) }
}

function completeUpstream(upstream: JsonObject): JsonObject {
  return { ...upstream, DestinationType: textOf(upstream, 'DestinationType') || 'service' }
}

function textOf(object: JsonObject | null, name: string): string {
  const value = object?.[name]
  return typeof value === 'string' ? value : ''
}

function numberOf(object: JsonObject | null, name: string): number {
  const value = object?.[name]
  return typeof value === 'number' ? value : 0
}

function listOf(object: JsonObject | null, name: string): readonly Json[] {
  const value = object?.[name]
  return Array.isArray(value) ? value : []
}
