// How prepared queries, coordinates and configuration entries look in CBOR: as they are in model/, read strictly.
import type { ConfigEntry } from '../model/config-entry.ts'
import type { Coordinate, NodeCoordinate } from '../model/coordinate.ts'
import type {
  PreparedQuery,
  PreparedQueryInfo,
  PreparedSearch,
  QueryFailover,
  QueryService,
  QueryTemplate,
} from '../model/prepared-query.ts'
import { jsonObject } from './catalog-shapes.ts'
import {
  count,
  finite,
  flag,
  list,
  literal,
  map,
  nullable,
  pick,
  record,
  text,
  union,
  type Shape,
} from './shapes.ts'

const indexes = { createIndex: count, modifyIndex: count }

const templateFields = { type: literal('name_prefix_match'), regexp: text, removeEmptyTags: flag }
const failoverFields = { nearestN: count, datacenters: list(text) }
const serviceFields = {
  service: text,
  failover: record<QueryFailover>(failoverFields),
  onlyPassing: flag,
  ignoreCheckIds: list(text),
  near: text,
  tags: list(text),
  nodeMeta: map(text),
  serviceMeta: map(text),
  connect: flag,
}
const queryFields = {
  id: text,
  name: text,
  session: text,
  token: text,
  template: nullable(record<QueryTemplate>(templateFields)),
  service: record<QueryService>(serviceFields),
  dnsTtl: text,
}

/** A prepared query as it is given. */
export const queryInfo: Shape<PreparedQueryInfo> = record<PreparedQueryInfo>(queryFields)
/** A prepared query as stored. */
export const storedQuery: Shape<PreparedQuery> = record<PreparedQuery>({ ...queryFields, ...indexes })

/** What a server is asked to search. */
export const preparedSearch: Shape<PreparedSearch> = union<PreparedSearch>({
  named: record<Extract<PreparedSearch, { readonly kind: 'named' }>>({
    kind: literal('named'),
    nameOrId: text,
    limit: count,
    sourceIp: text,
    near: text,
    connect: flag,
    agentNode: text,
    agentDatacenter: text,
  }),
  filled: record<Extract<PreparedSearch, { readonly kind: 'filled' }>>({
    kind: literal('filled'),
    service: record<QueryService>(serviceFields),
    dnsTtl: text,
    limit: count,
  }),
})

/** The form of a prepared query that CBOR carries. */
export function packQueryInfo(query: PreparedQueryInfo): object {
  const failover = pick(failoverFields, query.service.failover)
  return {
    ...pick(queryFields, query),
    template: query.template === null ? null : pick(templateFields, query.template),
    service: { ...pick(serviceFields, query.service), failover },
  }
}

/** The form of a prepared query as stored. */
export function packStoredQuery(query: PreparedQuery): object {
  const { createIndex, modifyIndex } = query
  return { ...packQueryInfo(query), createIndex, modifyIndex }
}

const coordinateFields = { vec: list(finite), error: finite, adjustment: finite, height: finite }

/** Where a node is. */
export const nodeCoordinate: Shape<NodeCoordinate> = record<NodeCoordinate>({
  node: text,
  coordinate: record<Coordinate>(coordinateFields),
})

/** The form of a node's coordinate that CBOR carries. */
export function packCoordinate({ node, coordinate }: NodeCoordinate): object {
  return { node, coordinate: pick(coordinateFields, coordinate) }
}

const entryFields = { kind: text, name: text, body: jsonObject, ...indexes }

/** A configuration entry as stored. */
export const configEntry: Shape<ConfigEntry> = record<ConfigEntry>(entryFields)

/** The form of a configuration entry that CBOR carries. */
export function packConfigEntry(entry: ConfigEntry): object {
  return pick(entryFields, entry)
}
