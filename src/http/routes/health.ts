// `/v1/health/*`: checks, and services with their health.
import { checkShape, serviceHealthShape } from '../../filter/catalog-shapes.ts'
import { parseTruth } from '../../filter/literals.ts'
import type { CatalogCheck, ServiceHealth } from '../../model/catalog.ts'
import { Refusal } from '../errors.ts'
import { eachOf } from '../filters.ts'
import { renderList } from '../json.ts'
import { type Translation, renderCheck, renderServiceHealth } from '../render.ts'
import { type Call, type Parameter, type Route, readParameters } from '../route.ts'
import { gatewayInstances, gateways } from './gateways.ts'
import { type View, answerCatalog, nearOf, nodeMetaOf, requireName } from './reads.ts'

/** Parameters of the endpoints that answer with instances. */
const instanceParameters: readonly Parameter[] = [
  ...readParameters,
  'tag',
  'passing',
  'near',
  'node-meta',
  'filter',
  'cached',
  'merge-central-config',
]

/** The endpoints. */
export const healthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/health/node/:node',
    summary: 'Checks of a node',
    parameters: [...readParameters, 'filter'],
    answer: ['Checks'],
    handler: (call) =>
      answerCatalog(call, { kind: 'healthNode', node: requireName(call, 'Missing node name') }, checksView),
  },
  {
    method: 'GET',
    path: '/v1/health/checks/:service',
    summary: 'Checks of a service',
    parameters: [...readParameters, 'near', 'node-meta', 'filter'],
    answer: ['Checks'],
    handler: (call) => {
      const service = requireName(call, 'Missing service name')
      const near = nearOf(call)
      return answerCatalog(
        call,
        { kind: 'healthChecks', service, nodeMeta: nodeMetaOf(call), near },
        checksView,
      )
    },
  },
  {
    method: 'GET',
    path: '/v1/health/service/:service',
    summary: 'Instances of a service with their nodes and checks',
    parameters: instanceParameters,
    answer: ['ServiceHealth'],
    headers: ['X-Consul-Query-Backend', 'X-Cache', 'Age'],
    handler: (call) => healthService(call, false),
  },
  {
    method: 'GET',
    path: '/v1/health/connect/:service',
    summary: 'Proxies of a service, and instances of it that need none, with their nodes and checks',
    parameters: instanceParameters,
    answer: ['ServiceHealth'],
    headers: ['X-Consul-Query-Backend', 'X-Cache', 'Age'],
    handler: (call) => healthService(call, true),
  },
  {
    method: 'GET',
    path: '/v1/health/ingress/:service',
    summary: 'Gateways through which a service is reached: none, because there are no gateways',
    parameters: instanceParameters,
    answer: ['ServiceHealth'],
    headers: ['X-Cache', 'Age'],
    handler: (call) => {
      requireName(call, 'Missing service name')
      isPassing(call)
      return answerCatalog(call, gateways, gatewayInstances)
    },
  },
  {
    method: 'GET',
    path: '/v1/health/state/:state',
    summary: 'Checks in a state: passing, warning, critical, or any',
    parameters: [...readParameters, 'near', 'node-meta', 'filter'],
    answer: ['Checks'],
    handler: (call) => {
      const state = requireName(call, 'Missing check state')
      return answerCatalog(
        call,
        { kind: 'healthState', state, nodeMeta: nodeMetaOf(call), near: nearOf(call) },
        checksView,
      )
    },
  },
]

const checksView: View<readonly CatalogCheck[]> = {
  render: renderChecks,
  filtering: eachOf<CatalogCheck>(checkShape),
}

const instancesView: View<readonly ServiceHealth[]> = {
  render: renderInstances,
  filtering: eachOf(serviceHealthShape),
  takesCached: true,
  saysBackend: true,
}

/** Answers `/v1/health/service/:service`, one of the two hot endpoints, and its sibling for proxies. */
function healthService(call: Call, connect: boolean): Response | Promise<Response> {
  const query = {
    kind: 'healthService',
    service: requireName(call, 'Missing service name'),
    tags: call.query.all('tag'),
    nodeMeta: nodeMetaOf(call),
    passing: isPassing(call),
    near: nearOf(call),
    connect,
  } as const
  return answerCatalog(call, query, instancesView)
}

function renderInstances(instances: readonly ServiceHealth[], translation: Translation): string {
  return renderList(instances, (instance) => renderServiceHealth(instance, translation))
}

function isPassing({ query }: Call): boolean {
  if (!query.has('passing')) return false
  const text = query.get('passing')
  if (text === '') return true
  const passing = parseTruth(text)
  if (!passing.ok) throw new Refusal(400, 'Invalid value for ?passing')
  return passing.value
}

function renderChecks(checks: readonly CatalogCheck[]): string {
  return renderList(checks, renderCheck)
}
