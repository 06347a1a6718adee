// How the nouns of the catalog look in CBOR: as they are in model/, read strictly.
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  CheckInfo,
  CheckStatus,
  Indexes,
  JsonObject,
  Json,
  KvEntry,
  NodeInfo,
  ServiceAddress,
  ServiceInfo,
  Weights,
} from '../model/catalog.ts'
import {
  bytes,
  count,
  finite,
  flag,
  list,
  map,
  misfit,
  nullable,
  oneOf,
  packUint64,
  pick,
  record,
  text,
  uint64,
  type Shape,
} from './shapes.ts'

const json: Shape<Json> = (value) => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return finite(value)
  return Array.isArray(value) ? jsonList(value) : jsonObject(value)
}

const jsonList: Shape<readonly Json[]> = list((value) => json(value))

/** A JSON object. */
export const jsonObject: Shape<JsonObject> = map((value) => json(value))

const nodeFields = {
  id: text,
  name: text,
  address: text,
  datacenter: text,
  taggedAddresses: map(text),
  meta: map(text),
}

const serviceFields = {
  id: text,
  service: text,
  kind: text,
  tags: list(text),
  address: text,
  port: finite,
  socketPath: text,
  taggedAddresses: map(record<ServiceAddress>({ address: text, port: finite })),
  meta: map(text),
  weights: record<Weights>({ passing: finite, warning: finite }),
  enableTagOverride: flag,
  proxy: nullable(jsonObject),
  connect: nullable(jsonObject),
}

const checkFields = {
  node: text,
  checkId: text,
  name: text,
  status: oneOf<CheckStatus>('passing', 'warning', 'critical'),
  notes: text,
  output: text,
  serviceId: text,
  serviceName: text,
  serviceTags: list(text),
  type: text,
  definition: jsonObject,
}

const indexes = { createIndex: count, modifyIndex: count }

/** A node as registered. */
export const nodeInfo: Shape<NodeInfo> = record<NodeInfo>(nodeFields)
/** A service as registered. */
export const serviceInfo: Shape<ServiceInfo> = record<ServiceInfo>(serviceFields)
/** A check as registered. */
export const checkInfo: Shape<CheckInfo> = record<CheckInfo>(checkFields)
/** A node as stored. */
export const catalogNode: Shape<CatalogNode> = record<CatalogNode>({ ...nodeFields, ...indexes })
/** A service as stored. */
export const catalogService: Shape<CatalogService> = record<CatalogService>({
  ...serviceFields,
  ...indexes,
  node: text,
})
/** A check as stored. */
export const catalogCheck: Shape<CatalogCheck> = record<CatalogCheck>({ ...checkFields, ...indexes })

/** The form of a node that CBOR carries: its own fields and no others, or it could not be read again. */
export function packNode(node: NodeInfo): object {
  return pick(nodeFields, node)
}

/** The form of a service that CBOR carries. */
export function packService(service: ServiceInfo): object {
  const taggedAddresses: Record<string, ServiceAddress> = {}
  for (const [tag, { address, port }] of Object.entries(service.taggedAddresses)) {
    taggedAddresses[tag] = { address, port }
  }
  const { passing, warning } = service.weights
  return { ...pick(serviceFields, service), taggedAddresses, weights: { passing, warning } }
}

/** The form of a check that CBOR carries. */
export function packCheck(check: CheckInfo): object {
  return pick(checkFields, check)
}

/** The form of a node as stored. Equal nodes give equal bytes, whatever the order of their fields in memory. */
export function packStoredNode(node: CatalogNode): object {
  return { ...packNode(node), ...packIndexes(node) }
}

/** The form of a service as stored. */
export function packStoredService(service: CatalogService): object {
  return { ...packService(service), ...packIndexes(service), node: service.node }
}

/** The form of a check as stored. */
export function packStoredCheck(check: CatalogCheck): object {
  return { ...packCheck(check), ...packIndexes(check) }
}

function packIndexes({ createIndex, modifyIndex }: Indexes): Indexes {
  return { createIndex, modifyIndex }
}

/** A KV entry as stored, in either form that `packKvEntry` makes; the shorter one is as old as the log. */
export const kvEntry: Shape<KvEntry> = (value) => {
  if (!Array.isArray(value) || (value.length !== 7 && value.length !== 9)) return misfit('a KV entry')
  const [
    key,
    data,
    flags,
    lockIndex,
    session,
    createIndex,
    modifyIndex,
    fencingToken = 0,
    expiresAtWallMs = 0,
  ] = value as readonly unknown[]
  return {
    key: text(key),
    value: bytes(data),
    flags: uint64(flags),
    lockIndex: count(lockIndex),
    session: text(session),
    createIndex: count(createIndex),
    modifyIndex: count(modifyIndex),
    fencingToken: count(fencingToken),
    expiresAtWallMs: count(expiresAtWallMs),
  }
}

/** The form of a KV entry that CBOR carries: its fields by position; the last two only if one of them is set. */
export function packKvEntry(entry: KvEntry): readonly unknown[] {
  const { key, value, flags, lockIndex, session, createIndex, modifyIndex } = entry
  const { fencingToken, expiresAtWallMs } = entry
  const first = [key, value, packUint64(flags), lockIndex, session, createIndex, modifyIndex]
  return fencingToken === 0 && expiresAtWallMs === 0 ? first : [...first, fencingToken, expiresAtWallMs]
}
