// `/v1/catalog/*`: the catalog of all nodes, and registration into it.
import { nodeShape, serviceNodeShape, serviceShape } from '../../filter/catalog-shapes.ts'
import { limits } from '../../model/limits.ts'
import type { CatalogNode, CatalogService, ServiceHealth } from '../../model/catalog.ts'
import type { Command } from '../../model/command.ts'
import type { NodeDetail, ServiceSummary } from '../../model/query.ts'
import { readText } from '../body.ts'
import { orThrow, written } from '../errors.ts'
import { type Filtering, eachOf, partsOf } from '../filters.ts'
import { renderList, textList } from '../json.ts'
import { decodeDeregistration, decodeRegistration } from '../registration.ts'
import type { Decoded } from '../registration.ts'
import {
  type Translation,
  renderNode,
  renderNodeDetail,
  renderFilteredNodeServices,
  renderNodeServices,
  renderServiceNode,
  renderServiceSummaries,
} from '../render.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { filteredServices, filteredServicesWith } from './filtered-services.ts'
import { behindGateway, gateways } from './gateways.ts'
import { type View, answerCatalog, nearOf, nodeMetaOf, requireName } from './reads.ts'

/** The endpoints. */
export const catalogRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/catalog/register',
    summary: 'Registers a node, and with it a service and checks',
    parameters: [],
    body: 'Registration',
    answer: ['Applied'],
    handler: (call) => register(call, decodeRegistration),
  },
  {
    method: 'PUT',
    path: '/v1/catalog/deregister',
    summary: 'Removes a node with all it has, or one service, or one check',
    parameters: [],
    body: 'Deregistration',
    answer: ['Applied'],
    handler: (call) => register(call, decodeDeregistration),
  },
  {
    method: 'GET',
    path: '/v1/catalog/datacenters',
    summary: 'Known datacenters, nearest first',
    parameters: [],
    answer: ['Texts'],
    handler: datacenters,
  },
  {
    method: 'GET',
    path: '/v1/catalog/nodes',
    summary: 'All nodes',
    parameters: [...readParameters, 'near', 'node-meta', 'filter'],
    answer: ['Nodes'],
    handler: (call) =>
      answerCatalog(call, { kind: 'nodes', nodeMeta: nodeMetaOf(call), near: nearOf(call) }, nodesView),
  },
  {
    method: 'GET',
    path: '/v1/catalog/services',
    summary: 'Names of all services, with their tags',
    parameters: [...readParameters, 'node-meta', 'filter', 'cached'],
    answer: ['ServicesByName'],
    headers: ['X-Cache', 'Age'],
    handler: services,
  },
  {
    method: 'GET',
    path: '/v1/catalog/service/:service',
    summary: 'Instances of a service',
    parameters: [...readParameters, 'tag', 'near', 'node-meta', 'filter', 'cached', 'merge-central-config'],
    answer: ['ServiceNodes'],
    headers: ['X-Cache', 'Age'],
    handler: (call) => serviceNodes(call, false),
  },
  {
    method: 'GET',
    path: '/v1/catalog/connect/:service',
    summary: 'Proxies of a service, and instances of it that need none',
    parameters: [...readParameters, 'tag', 'near', 'node-meta', 'filter', 'cached', 'merge-central-config'],
    answer: ['ServiceNodes'],
    headers: ['X-Cache', 'Age'],
    handler: (call) => serviceNodes(call, true),
  },
  {
    method: 'GET',
    path: '/v1/catalog/node/:node',
    summary: 'A node with its services by ID; `null` if unknown',
    parameters: [...readParameters, 'filter'],
    answer: ['NodeDetail'],
    handler: (call) => nodeServices(call, nodeView),
  },
  {
    method: 'GET',
    path: '/v1/catalog/node-services/:node',
    summary: 'A node with its services as a list',
    parameters: [...readParameters, 'filter', 'merge-central-config'],
    answer: ['NodeServices'],
    handler: (call) =>
      nodeServices(call, call.query.get('filter') === '' ? nodeServicesView : filteredNodeServicesView),
  },
  {
    method: 'GET',
    path: '/v1/catalog/gateway-services/:gateway',
    summary: 'Services behind a gateway: `null`, because there are no gateways',
    parameters: readParameters,
    answer: ['NoGatewayServices'],
    handler: (call) => {
      requireName(call, 'Missing gateway name')
      return answerCatalog(call, gateways, behindGateway)
    },
  },
]

const nodesView: View<readonly CatalogNode[]> = {
  render: renderNodes,
  filtering: eachOf<CatalogNode>(nodeShape),
}

const servicesView: View<readonly ServiceSummary[]> = { render: renderServiceSummaries, takesCached: true }

const serviceNodesView: View<readonly ServiceHealth[]> = {
  render: renderInstances,
  filtering: eachOf(serviceNodeShape),
  takesCached: true,
}

const servicesOfNode: Filtering<NodeDetail | null> = partsOf<NodeDetail | null, CatalogService>(
  serviceShape,
  (detail) => detail?.services ?? [],
  (detail, services) => detail && { ...detail, services },
)

const nodeView: View<NodeDetail | null> = { render: renderNodeDetail, filtering: servicesOfNode }

const nodeServicesView: View<NodeDetail | null> = { render: renderNodeServices, filtering: servicesOfNode }

/** Of a node without services the list is `null`, of one without any that are meant it is empty. */
const filteredNodeServicesView: View<NodeDetail | null> = {
  render: renderFilteredNodeServices,
  filtering: servicesOfNode,
}

function services(call: Call): Response | Promise<Response> {
  const nodeMeta = nodeMetaOf(call)
  if (call.query.isEmpty || call.query.get('filter') === '') {
    return answerCatalog(call, { kind: 'services', nodeMeta }, servicesView)
  }
  // The expression is about instances, which the list of names does not have.
  const view = Object.keys(nodeMeta).length === 0 ? filteredServices : filteredServicesWith(nodeMeta)
  return answerCatalog(call, { kind: 'nodeDump', node: '' }, view)
}

function serviceNodes(call: Call, connect: boolean): Response | Promise<Response> {
  const query = {
    kind: 'serviceNodes',
    service: requireName(call, 'Missing service name'),
    tags: call.query.all('tag'),
    nodeMeta: nodeMetaOf(call),
    near: nearOf(call),
    connect,
  } as const
  return answerCatalog(call, query, serviceNodesView)
}

function nodeServices(call: Call, view: View<NodeDetail | null>): Response | Promise<Response> {
  return answerCatalog(call, { kind: 'nodeServices', node: requireName(call, 'Missing node name') }, view)
}

function renderNodes(nodes: readonly CatalogNode[], translation: Translation): string {
  return renderList(nodes, (node) => renderNode(node, translation))
}

function renderInstances(instances: readonly ServiceHealth[], translation: Translation): string {
  return renderList(instances, (instance) => renderServiceNode(instance, translation))
}

async function datacenters(call: Call): Promise<Response> {
  return call.reply.json(call, textList(orThrow(await call.backend.datacenters())))
}

/** Registers or deregisters: the datacenter is named in the body, not in the query. */
async function register(
  call: Call,
  decode: (body: string, localDatacenter: string) => Decoded<Command>,
): Promise<Response> {
  const body = await readText(call.request, limits.bodyBytesMax)
  const decoded = decode(body, call.backend.datacenter)
  const datacenter = decoded.datacenter === call.backend.datacenter ? '' : decoded.datacenter
  written(await call.backend.write(decoded.command, datacenter))
  return call.reply.json(call, 'true')
}
