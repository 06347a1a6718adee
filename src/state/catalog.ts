// Storing and removing nodes, services and checks, with the indexes and topics that each touches.
// What may be stored is decided in register.ts.
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  CheckInfo,
  Indexes,
  NodeInfo,
  ServiceInfo,
} from '../model/catalog.ts'
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
  // Whoever registers a service again and again names its node each time.
  if (base?.name === node.name && isSameInfo(base, node)) return
  const key = foldedKey(node.name)
  const present = tables.nodes.get(key)
  if (present !== undefined && isSameInfo(present, node)) return
  if (present !== undefined) forgetId(tables, present)
  if (node.id !== '') tables.nodeKeyById.set(fold(node.id), key)
  const createIndex = base?.createIndex ?? present?.createIndex ?? change.index
  tables.nodes.set(key, { ...node, createIndex, modifyIndex: change.index })
  touchNode(tables, change, node.name)
  touchServicesOf(tables, change, node.name)
}

function forgetId(tables: Tables, { id }: NodeInfo): void {
  if (id !== '') tables.nodeKeyById.delete(fold(id))
}

/** Stores a service on a node that exists. Its checks follow a change of its name or tags. */
export function putService(tables: Tables, change: Change, node: string, service: ServiceInfo): void {
  const known = tables.services.get(foldedKey(node, service.id))
  if (known !== undefined && isSameInfo(known, service)) return
  const createIndex = known?.createIndex ?? change.index
  const stored = storedService(service, node, { createIndex, modifyIndex: change.index })
  if (known !== undefined) takeOut(tables, known)
  insertService(tables, stored)
  change.storedService = stored
  touchTable(tables, change, 'services')
  change.topics.add(nodeTopic(node))
  touchPresent(tables, change, service.service)
  touchDestination(change, stored)
  if (known !== undefined) {
    touchService(tables, change, known.service)
    touchLost(tables, change, known, stored)
    refreshChecks(tables, change, stored)
  }
}

/** Field by field: objects that are made alike are smaller and quicker than copies. */
function storedService(
  service: ServiceInfo,
  node: string,
  { createIndex, modifyIndex }: Indexes,
): CatalogService {
  return {
    id: service.id,
    service: service.service,
    kind: service.kind,
    tags: service.tags,
    address: service.address,
    port: service.port,
    socketPath: service.socketPath,
    taggedAddresses: service.taggedAddresses,
    meta: service.meta,
    weights: service.weights,
    enableTagOverride: service.enableTagOverride,
    proxy: service.proxy,
    connect: service.connect,
    node,
    createIndex,
    modifyIndex,
  }
}

/** Puts a service into the tables, as it is. */
export function insertService(tables: Tables, service: CatalogService): void {
  const { node, id } = service
  tables.services.set(foldedKey(node, id), service)
  tables.servicesByName.set(foldedKey(service.service, node, id), service)
  tables.serviceNames.note(service.service)
  const destination = destinationOf(service)
  if (destination !== null) tables.servicesByDestination.set(foldedKey(destination, node, id), service)
}

/** What a service stands in front of: as a proxy another one, without need of a proxy itself; else null. */
function destinationOf({
  kind,
  service,
  proxy,
  connect,
}: Pick<ServiceInfo, 'kind' | 'service' | 'proxy' | 'connect'>): string | null {
  if (kind === 'connect-proxy') {
    const destination = proxy?.['DestinationServiceName']
    return typeof destination === 'string' ? destination : null
  }
  return connect?.['Native'] === true ? service : null
}

/** Takes a service out of all tables but the first. */
function takeOut(tables: Tables, { service, node, id, ...rest }: CatalogService): void {
  tables.servicesByName.delete(foldedKey(service, node, id))
  tables.serviceNames.note(service)
  const destination = destinationOf({ service, ...rest })
  if (destination !== null) tables.servicesByDestination.delete(foldedKey(destination, node, id))
}

/** A service goes, or becomes another: what it stood in front of until now may have lost something. */
function touchLost(
  tables: Tables,
  change: Change,
  known: CatalogService,
  stored: CatalogService | null,
): void {
  const destination = destinationOf(known)
  const after = stored === null ? null : destinationOf(stored)
  if (destination === null || (after !== null && fold(after) === fold(destination))) return
  tables.marks.serviceExtinction = change.index
  change.topics.add(connectTopic(destination))
}

function touchDestination(change: Change, service: ServiceInfo): void {
  const destination = destinationOf(service)
  if (destination !== null) change.topics.add(connectTopic(destination))
}

/** Stores a check on a node that exists; its service, if it names one, exists too. */
export function putCheck(tables: Tables, change: Change, node: string, check: CheckInfo): void {
  const key = foldedKey(node, check.checkId)
  const known = tables.checks.get(key)
  const service = serviceAt(tables, change, node, check.serviceId)
  const stored = storedCheck(check, node, service, {
    createIndex: known?.createIndex ?? change.index,
    modifyIndex: change.index,
  })
  if (known !== undefined && isSameInfo(known, stored)) return
  if (known !== undefined) {
    tables.checksByService.delete(foldedKey(node, known.serviceId, known.checkId))
    touchCheck(tables, change, known)
  }
  tables.checks.set(key, stored)
  tables.checksByService.set(foldedKey(node, stored.serviceId, stored.checkId), stored)
  touchCheck(tables, change, stored)
  if (stored.status === 'critical') endSessionsOfCheck(tables, change, stored)
}

/** The service that a check is about; the one that was stored last needs no search. */
function serviceAt(tables: Tables, change: Change, node: string, id: string): CatalogService | undefined {
  if (id === '') return undefined
  const last = change.storedService
  if (last !== null && last.id === id && last.node === node) return last
  return tables.services.get(foldedKey(node, id))
}

/** Field by field: objects that are made alike are smaller and quicker than copies. */
function storedCheck(
  check: CheckInfo,
  node: string,
  service: CatalogService | undefined,
  { createIndex, modifyIndex }: Indexes,
): CatalogCheck {
  return {
    node,
    checkId: check.checkId,
    name: check.name,
    status: check.status,
    notes: check.notes,
    output: check.output,
    // The same text, held once.
    serviceId: service?.id === check.serviceId ? service.id : check.serviceId,
    serviceName: service?.service ?? '',
    serviceTags: service?.tags ?? noTags,
    type: check.type,
    definition: check.definition,
    createIndex,
    modifyIndex,
  }
}

const noTags: readonly string[] = []

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
  forgetId(tables, node)
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
  takeOut(tables, service)
  change.storedService = null
  touchLost(tables, change, service, null)
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

/** True if the stored record holds this information, whatever its indexes and the spelling of its node. */
function isSameInfo<T extends object>(stored: T & Indexes, info: T): boolean {
  for (const name in info) {
    if (name === 'createIndex' || name === 'modifyIndex' || name === 'node') continue
    if (!isSameValue(stored[name], info[name])) return false
  }
  return true
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

/** Raises the index of a service of which there are instances; once per change is enough. */
function touchPresent(tables: Tables, change: Change, name: string): void {
  const key = foldedKey(name)
  if (change.touchedService === key) return
  change.touchedService = key
  change.topics.add(serviceTopic(name))
  tables.serviceIndexes.set(key, change.index)
}

/** Raises a service's index, or notes its extinction when no instance is left. */
function touchService(tables: Tables, change: Change, name: string): void {
  const key = foldedKey(name)
  change.touchedService = ''
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
    const service = serviceAt(tables, change, check.node, check.serviceId)
    if (service === undefined || service.service !== check.serviceName) {
      touchService(tables, change, check.serviceName)
    } else {
      touchPresent(tables, change, check.serviceName)
    }
    if (service !== undefined) touchDestination(change, service)
  }
}
