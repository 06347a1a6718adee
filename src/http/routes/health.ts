// `/v1/health/*`: checks, and services with their health.
import { Refusal } from '../errors.ts'
import { renderList } from '../json.ts'
import { type Translation, renderCheck, renderServiceHealth } from '../render.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { answerCatalog, nodeMetaOf, requireName } from './reads.ts'
import type { CatalogCheck, ServiceHealth } from '../../model/catalog.ts'

/** The endpoints. */
export const healthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/health/node/:node',
    summary: 'Checks of a node',
    parameters: [...readParameters, 'filter'],
    answer: ['Checks'],
    handler: (call) =>
      answerCatalog(call, { kind: 'healthNode', node: requireName(call, 'Missing node name') }, renderChecks),
  },
  {
    method: 'GET',
    path: '/v1/health/checks/:service',
    summary: 'Checks of a service',
    parameters: [...readParameters, 'near', 'node-meta', 'filter'],
    answer: ['Checks'],
    handler: (call) => {
      const service = requireName(call, 'Missing service name')
      return answerCatalog(
        call,
        { kind: 'healthChecks', service, nodeMeta: nodeMetaOf(call), near: '' },
        renderChecks,
      )
    },
  },
  {
    method: 'GET',
    path: '/v1/health/service/:service',
    summary: 'Instances of a service with their nodes and checks',
    parameters: [...readParameters, 'tag', 'passing', 'near', 'node-meta', 'filter'],
    answer: ['ServiceHealth'],
    headers: ['X-Consul-Query-Backend'],
    handler: healthService,
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
        { kind: 'healthState', state, nodeMeta: nodeMetaOf(call), near: '' },
        renderChecks,
      )
    },
  },
]

/** Answers `/v1/health/service/:service`, one of the two hot endpoints. */
function healthService(call: Call): Response | Promise<Response> {
  const query = {
    kind: 'healthService',
    service: requireName(call, 'Missing service name'),
    tags: call.query.all('tag'),
    nodeMeta: nodeMetaOf(call),
    passing: isPassing(call),
    near: '',
    connect: false,
  } as const
  return answerCatalog(call, query, renderInstances)
}

function renderInstances(instances: readonly ServiceHealth[], translation: Translation): string {
  return renderList(instances, (instance) => renderServiceHealth(instance, translation))
}

function isPassing({ query }: Call): boolean {
  if (!query.has('passing')) return false
  const text = query.get('passing')
  if (text === '' || /^(?:1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false
  throw new Refusal(400, 'Invalid value for ?passing')
}

function renderChecks(checks: readonly CatalogCheck[]): string {
  return renderList(checks, renderCheck)
}
