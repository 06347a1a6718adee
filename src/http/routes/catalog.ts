// `/v1/catalog/*`: the catalog of all nodes, and registration into it.
import { limits } from '../../model/limits.ts'
import type { CatalogNode, ServiceHealth } from '../../model/catalog.ts'
import type { Command } from '../../model/command.ts'
import { readText } from '../body.ts'
import { Refusal, refusalOf } from '../errors.ts'
import { renderList, textList } from '../json.ts'
import { decodeDeregistration, decodeRegistration } from '../registration.ts'
import type { Decoded } from '../registration.ts'
import {
  type Translation,
  renderNode,
  renderNodeDetail,
  renderNodeServices,
  renderServiceNode,
  renderServiceSummaries,
} from '../render.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { answerCatalog, nodeMetaOf, requireName } from './reads.ts'

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
      answerCatalog(call, { kind: 'nodes', nodeMeta: nodeMetaOf(call), near: '' }, renderNodes),
  },
  {
    method: 'GET',
    path: '/v1/catalog/services',
    summary: 'Names of all services, with their tags',
    parameters: [...readParameters, 'node-meta', 'filter'],
    answer: ['ServicesByName'],
    handler: (call) =>
      answerCatalog(call, { kind: 'services', nodeMeta: nodeMetaOf(call) }, renderServiceSummaries),
  },
  {
    method: 'GET',
    path: '/v1/catalog/service/:service',
    summary: 'Instances of a service',
    parameters: [...readParameters, 'tag', 'near', 'node-meta', 'filter'],
    answer: ['ServiceNodes'],
    handler: serviceNodes,
  },
  {
    method: 'GET',
    path: '/v1/catalog/node/:node',
    summary: 'A node with its services by ID; `null` if unknown',
    parameters: [...readParameters, 'filter'],
    answer: ['NodeDetail'],
    handler: (call) =>
      answerCatalog(call, { kind: 'node', node: requireName(call, 'Missing node name') }, renderNodeDetail),
  },
  {
    method: 'GET',
    path: '/v1/catalog/node-services/:node',
    summary: 'A node with its services as a list',
    parameters: [...readParameters, 'filter'],
    answer: ['NodeServices'],
    handler: (call) =>
      answerCatalog(call, { kind: 'node', node: requireName(call, 'Missing node name') }, renderNodeServices),
  },
]

function serviceNodes(call: Call): Response | Promise<Response> {
  const query = {
    kind: 'serviceNodes',
    service: requireName(call, 'Missing service name'),
    tags: call.query.all('tag'),
    nodeMeta: nodeMetaOf(call),
    near: '',
    connect: false,
  } as const
  return answerCatalog(call, query, renderInstances)
}

function renderNodes(nodes: readonly CatalogNode[], translation: Translation): string {
  return renderList(nodes, (node) => renderNode(node, translation))
}

function renderInstances(instances: readonly ServiceHealth[], translation: Translation): string {
  return renderList(instances, (instance) => renderServiceNode(instance, translation))
}

async function datacenters(call: Call): Promise<Response> {
  const result = await call.backend.datacenters()
  if (!result.ok) throw refusalOf(result.error)
  return call.reply.json(call, textList(result.value))
}

/** Registers or deregisters: the datacenter is named in the body, not in the query. */
async function register(
  call: Call,
  decode: (body: string, localDatacenter: string) => Decoded<Command>,
): Promise<Response> {
  const body = await readText(call.request, limits.bodyBytesMax)
  const decoded = decode(body, call.backend.datacenter)
  const datacenter = decoded.datacenter === call.backend.datacenter ? '' : decoded.datacenter
  const result = await call.backend.write(decoded.command, datacenter)
  if (!result.ok) throw refusalOf(result.error)
  if (result.value.kind === 'refused') throw new Refusal(500, result.value.message)
  return call.reply.json(call, 'true')
}
