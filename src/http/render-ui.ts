// What the reference's web interface asks for: nodes with all they have, and services in one line each.
import type { CheckStatus, ServiceHealth } from '../model/catalog.ts'
import type { NodeDump } from '../model/query.ts'
import { quote, renderList, textList, textListOrNull, textMap } from './json.ts'
import { type Translation, renderCheck, renderService } from './render.ts'

/** `/v1/internal/ui/nodes`. */
export function renderNodeDumps(dumps: readonly NodeDump[], translation: Translation): string {
  return renderList(dumps, (dump) => renderNodeDump(dump, translation))
}

/** `/v1/internal/ui/node/:node`: the only one there is. */
export function renderOnlyNode(dumps: readonly NodeDump[], translation: Translation): string {
  const [dump] = dumps
  return dump === undefined ? 'null' : renderNodeDump(dump, translation)
}

function renderNodeDump({ node, services, checks }: NodeDump, translation: Translation): string {
  return (
    `{"ID":${quote(node.id)},"Node":${quote(node.name)},"Address":${quote(node.address)},` +
    `"TaggedAddresses":${textMap(node.taggedAddresses)},"Meta":${textMap(node.meta)},` +
    `"Services":${renderList(services, (service) => renderService(service, node, translation))},` +
    `"Checks":${renderList(checks, renderCheck)}}`
  )
}

/** Instances of all services, each with its checks and those of its node. */
export function instancesOf(dumps: readonly NodeDump[]): readonly ServiceHealth[] {
  return dumps.flatMap(({ node, services, checks }) => {
    if (services.length === 0) return []
    const byService = Map.groupBy(checks, (check) => check.serviceId)
    const ofNode = byService.get('') ?? []
    return services.map((service) => ({
      node,
      service,
      checks: [...ofNode, ...(byService.get(service.id) ?? [])],
    }))
  })
}

/** What is said of a service. */
interface Summary {
  kind: string
  instances: number
  readonly nodes: string[]
  readonly tags: Set<string>
  readonly proxyFor: Set<string>
  readonly sources: Set<string>
  readonly checks: Record<CheckStatus, number>
}

/** `/v1/internal/ui/services`. */
export function renderSummaries(instances: readonly ServiceHealth[]): string {
  const byName = new Map<string, Summary>()
  for (const instance of instances) {
    const { service } = instance.service
    const known = byName.get(service) ?? newSummary()
    byName.set(service, known)
    count(known, instance)
  }
  const sorted = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return renderList(sorted, ([name, summary]) => renderSummary(name, summary))
}

function newSummary(): Summary {
  return {
    kind: '',
    instances: 0,
    nodes: [],
    tags: new Set(),
    proxyFor: new Set(),
    sources: new Set(),
    checks: { passing: 0, warning: 0, critical: 0 },
  }
}

function count(summary: Summary, { node, service, checks }: ServiceHealth): void {
  summary.kind = service.kind
  summary.instances++
  summary.nodes.push(node.name)
  for (const tag of service.tags) summary.tags.add(tag)
  for (const check of checks) summary.checks[check.status]++
  const destination = service.proxy?.['DestinationServiceName']
  if (service.kind === 'connect-proxy' && typeof destination === 'string') summary.proxyFor.add(destination)
  const source = service.meta['external-source']
  if (source !== undefined && source !== '') summary.sources.add(source)
}

function renderSummary(name: string, summary: Summary): string {
  const { kind, checks } = summary
  const proxyFor = [...summary.proxyFor]
  return (
    (kind === '' ? '{' : `{"Kind":${quote(kind)},`) +
    `"Name":${quote(name)},"Tags":${textListOrNull([...summary.tags].toSorted())},` +
    `"Nodes":${textList(summary.nodes.toSorted())},"InstanceCount":${summary.instances},` +
    (proxyFor.length === 0 ? '' : `"ProxyFor":${textList(proxyFor)},`) +
    `"ChecksPassing":${checks.passing},"ChecksWarning":${checks.warning},"ChecksCritical":${checks.critical},` +
    `"ExternalSources":${textListOrNull([...summary.sources])},"GatewayConfig":{}}`
  )
}
