// Storing and removing nodes, services and checks, with the indexes and topics that each touches.
// What may be stored is decided in register.ts.
import type { CatalogNode, CatalogService, CheckInfo, NodeInfo, ServiceInfo } from '../model/catalog.ts'
import { deleteCoordinate } from './coordinates.ts'
import { isSameValue } from '../lib/same-value.ts'
import { fold, foldedKey } from './keys.ts'
import { entriesUnder, hasUnder, valuesUnder } from './ordered-map.ts'
import { endSessionsOfCheck, endSessionsOfNode } from './sessions.ts'
import type { Change, Tables } from './tables.ts'
import { connectTopic, nodeTopic, serviceTopic, tableTopic } from './topics.ts'

/** A node by name, whatever its case. */
export function nodeByName(tables: Tables, name: string): CatalogNode | undefined {
  return tables.nodes.get(foldedKey(name))
}

/** A node by its ID; '' finds none. */
export function nodeById(tables: Tables, id: string): CatalogNode | undefined {
  const key = id === '' ? undefined : tables.nodeKeyById.get(fold(id))
  return key === undefined ? undefined : tables.nodes.get(key)
}

/** Stores a node under its name. `base` is the record it continues, which keeps its createIndex. */
export function putNode(tables: Tables, change: Change, node: NodeInfo, base: CatalogNode | undefined): void {
  const key = foldedKey(node.name)
  const present = tables.nodes.get(key)
  if (present !== undefined && isSameInfo(present, node)) return
  if (present !== undefined && present.id !== '') tables.nodeKeyById.delete(fold(present.id))
  if (node.id !== '') tables.nodeKeyById.set(fold(node.id), key)
  const createIndex = base?.createIndex ?? present?.createIndex ?? change.index
  tables.nodes.set(key, { ...node, createIndex, modifyIndex: change.index })
  touchNode(tables, change, node.name)
  touchServicesOf(tables, change, node.name)
}

/** Stores a service on a node that exists. Its checks follow a change of its name or tags. */
export function putService(tables: Tables, change: Change, node: string, service: ServiceInfo): void {
  const key = foldedKey(node, service.id)
  const known = tables.services.get(key)
  if (known !== undefined && isSameInfo(known, { ...service, node: known.node })) return
  const createIndex = known?.createIndex ?? change.index
  const stored: CatalogService = { ...service, node, createIndex, modifyIndex: change.index }
  if (known !== undefined) removeService(tables, change, known)
  insertService(tables, stored)
  touchTable(tables, change, 'services')
  change.topics.add(nodeTopic(node))
  touchService(tables, change, service.service)
  touchDestination(change, stored)
  if (known !== undefined) {
    touchService(tables, change, known.service)
    refreshChecks(tables, change, stored)
  }
}

/** Puts a service into the tables, as it is. */
export function insertService(tables: Tables, service: CatalogService): void {
  const { node, id } = service
  tables.services.set(foldedKey(node, id), service)
  tables.servicesByName.set(foldedKey(service.service, node, id), service)
  const destination = destinationOf(service)
  if (destination !== null) tables.servicesByDestination.set(foldedKey(destination, node, id), service)
}

/** What a service stands in front of: as a proxy another one, without need of a proxy itself; else null. */
function destinationOf({ kind, service, proxy, connect }: ServiceInfo): string | null {
  if (kind === 'connect-proxy') {
    const destination = proxy?.['DestinationServiceName']
    return typeof destination === 'string' ? destination : null
  }
  return connect?.['Native'] === true ? service : null
}

/** Takes a service out of all tables but the first. Where it stood in front of another, that one has lost something. */
function removeService(tables: Tables, change: Change, service: CatalogService): void {
  tables.servicesByName.delete(foldedKey(service.service, service.node, service.id))
  const destination = destinationOf(service)
  if (destination === null) return
  tables.servicesByDestination.delete(foldedKey(destination, service.node, service.id))
  tables.marks.serviceExtinction = change.index
  touchDestination(change, service)
}

function touchDestination(change: Change, service: ServiceInfo): void {
  const destination = destinationOf(service)
  if (destination !== null) change.topics.add(connectTopic(destination))
}

/** Stores a check on a node that exists; its service, if it names one, exists too. */
export function putCheck(tables: Tables, change: Change, node: string, check: CheckInfo): void {
  const key = foldedKey(node, check.checkId)
  const known = tables.checks.get(key)
  const info: CheckInfo = { ...check, ...serviceOf(tables, node, check.serviceId), node }
  if (known !== undefined && isSameInfo(known, { ...info, node: known.node })) return
  if (known !== undefined) {
    tables.checksByService.delete(foldedKey(node, known.serviceId, known.checkId))
    touchCheck(tables, change, known)
  }
  const stored = { ...info, createIndex: known?.createIndex ?? change.index, modifyIndex: change.index }
  tables.checks.set(key, stored)
  tables.checksByService.set(foldedKey(node, stored.serviceId, stored.checkId), stored)
  touchCheck(tables, change, stored)
  if (stored.status === 'critical') endSessionsOfCheck(tables, change, stored)
}

/** What a check carries of its service. */
function serviceOf(tables: Tables, node: string, id: string): Pick<CheckInfo, 'serviceName' | 'serviceTags'> {
  const service = id === '' ? undefined : tables.services.get(foldedKey(node, id))
  return { serviceName: service?.service ?? '', serviceTags: service?.tags ?? [] }
}

/** Removes a node with its services and checks; nothing happens if it is unknown. */
export function deleteNode(tables: Tables, change: Change, name: string): void {
  const node = nodeByName(tables, name)
  if (node === undefined) return
  for (const service of valuesUnder(tables.services, foldedKey(name))) {
    deleteService(tables, change, name, service.id)
  }
  for (const check of valuesUnder(tables.checks, foldedKey(name))) {
    deleteCheck(tables, change, name, check.checkId)
  }
  endSessionsOfNode(tables, change, name)
  if (node.id !== '') tables.nodeKeyById.delete(fold(node.id))
  tables.nodes.delete(foldedKey(name))
  deleteCoordinate(tables, change, name)
  touchNode(tables, change, name)
}

/** Removes a service with its checks; nothing happens if it is unknown. */
export function deleteService(tables: Tables, change: Change, node: string, id: string): void {
  const service = tables.services.get(foldedKey(node, id))
  if (service === undefined) return
  for (const check of valuesUnder(tables.checksByService, foldedKey(node, id))) {
    deleteCheck(tables, change, node, check.checkId)
  }
  tables.services.delete(foldedKey(node, id))
  removeService(tables, change, service)
  touchTable(tables, change, 'services')
  change.topics.add(nodeTopic(node))
  touchService(tables, change, service.service)
}

/** Removes a check; nothing happens if it is unknown. */
export function deleteCheck(tables: Tables, change: Change, node: string, checkId: string): void {
  const check = tables.checks.get(foldedKey(node, checkId))
  if (check === undefined) return
  tables.checks.delete(foldedKey(node, checkId))
  tables.checksByService.delete(foldedKey(node, check.serviceId, checkId))
  touchCheck(tables, change, check)
  endSessionsOfCheck(tables, change, check)
}

/** True if the stored record holds this information, whatever its indexes. */
function isSameInfo(
  stored: { readonly createIndex: number; readonly modifyIndex: number },
  info: object,
): boolean {
  const { createIndex, modifyIndex } = stored
  return isSameValue(stored, { ...info, createIndex, modifyIndex })
}

/** Gives a service's checks its present name and tags. */
function refreshChecks(tables: Tables, change: Change, service: CatalogService): void {
  for (const check of valuesUnder(tables.checksByService, foldedKey(service.node, service.id))) {
    putCheck(tables, change, service.node, check)
  }
}

function touchTable(tables: Tables, change: Change, table: 'nodes' | 'services' | 'checks'): void {
  tables.marks[table] = change.index
  change.topics.add(tableTopic(table))
}

function touchNode(tables: Tables, change: Change, name: string): void {
  touchTable(tables, change, 'nodes')
  change.topics.add(nodeTopic(name))
}

/** Raises a service's index, or notes its extinction when no instance is left. */
function touchService(tables: Tables, change: Change, name: string): void {
  const key = foldedKey(name)
  change.topics.add(serviceTopic(name))
  if (hasUnder(tables.servicesByName, key)) {
    tables.serviceIndexes.set(key, change.index)
  } else if (tables.serviceIndexes.delete(key)) {
    tables.marks.serviceExtinction = change.index
  }
}

function touchServicesOf(tables: Tables, change: Change, node: string): void {
  for (const [, service] of entriesUnder(tables.services, foldedKey(node))) {
    touchService(tables, change, service.service)
    touchDestination(change, service)
  }
}

/** A check of a service concerns that service; a check of a node concerns all services on it. */
function touchCheck(tables: Tables, change: Change, check: CheckInfo): void {
  touchTable(tables, change, 'checks')
  change.topics.add(nodeTopic(check.node))
  if (check.serviceId === '') touchServicesOf(tables, change, check.node)
  else {
    touchService(tables, change, check.serviceName)
    const service = tables.services.get(foldedKey(check.node, check.serviceId))
    if (service !== undefined) touchDestination(change, service)
  }
}
