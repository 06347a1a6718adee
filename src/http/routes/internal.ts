// `/v1/internal/ui/*`: what web interfaces ask for, as far as it makes sense without a mesh.
import { nodeDumpShape, serviceHealthShape } from '../../filter/catalog-shapes.ts'
import type { NodeDump, Query } from '../../model/query.ts'
import { eachOf, partsOf } from '../filters.ts'
import { instancesOf, renderNodeDumps, renderOnlyNode, renderSummaries } from '../render-ui.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { withInstances } from './filtered-services.ts'
import { behindGatewayInternal, gateways } from './gateways.ts'
import { type View, answerCatalog, requireName } from './reads.ts'

/** The endpoints. */
export const internalRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/internal/ui/nodes',
    summary: 'All nodes with their services and checks',
    parameters: [...readParameters, 'filter'],
    answer: ['NodeDumps'],
    handler: (call) => answerCatalog(call, allNodes, nodesView),
  },
  {
    method: 'GET',
    path: '/v1/internal/ui/node/:node',
    summary: 'A node with its services and checks',
    parameters: readParameters,
    answer: ['NodeDump'],
    statuses: [{ status: 404, meaning: 'There is no such node.', content: '' }],
    handler: node,
  },
  {
    method: 'GET',
    path: '/v1/internal/ui/services',
    summary: 'All services with the numbers of their instances and of their checks by state',
    parameters: [...readParameters, 'filter'],
    answer: ['ServiceSummaries'],
    handler: (call) => answerCatalog(call, allNodes, servicesView),
  },
  {
    method: 'GET',
    path: '/v1/internal/ui/gateway-services-nodes/:gateway',
    summary: 'Services behind a gateway: none, because there are no gateways',
    parameters: readParameters,
    answer: ['ServiceSummaries'],
    handler: (call) => {
      requireName(call, 'Missing gateway name')
      return answerCatalog(call, gateways, behindGatewayInternal)
    },
  },
]

const allNodes: Query & { readonly kind: 'nodeDump' } = { kind: 'nodeDump', node: '' }

const nodesView: View<readonly NodeDump[]> = {
  render: renderNodeDumps,
  filtering: eachOf(nodeDumpShape),
  isInternal: true,
}

const nodeView: View<readonly NodeDump[]> = {
  render: renderOnlyNode,
  isInternal: true,
  isMissing: (dumps) => dumps.length === 0,
}

const servicesView: View<readonly NodeDump[]> = {
  render: (dumps) => renderSummaries(instancesOf(dumps)),
  filtering: partsOf(serviceHealthShape, instancesOf, withInstances),
  isInternal: true,
}

function node(call: Call): Response | Promise<Response> {
  const name = requireName(call, 'Missing node name')
  return answerCatalog(call, { kind: 'nodeDump', node: name }, nodeView)
}
