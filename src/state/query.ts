// Answers to questions about the state, each with the index that a waiter must see exceeded.
// Each question has its own index rule, stated where it is answered.
import type {
  CatalogCheck,
  CatalogNode,
  CatalogService,
  KvEntry,
  ServiceHealth,
  TextMap,
} from '../model/catalog.ts'
import type {
  NodeDump,
  Query,
  QueryKind,
  QueryTable,
  QueryValue,
  ServiceSelector,
  ServiceSummary,
} from '../model/query.ts'
import { summariesOf } from '../model/service-summary.ts'
import { nodesAt, servicesAt } from './by-address.ts'
import { nodeByName } from './catalog.ts'
import { changesIndex, kvChanges } from './changes.ts'
import { configEntriesOf } from './config-entries.ts'
import { sortByDistance } from './coordinates.ts'
import { exportedServices } from './exported-services.ts'
import { versionsOf } from './history.ts'
import { fold, foldedKey } from './keys.ts'
import { valuesUnder } from './ordered-map.ts'
import { resolveQuery } from './prepared-queries.ts'
import type { Tables } from './tables.ts'
import { newestTombstoneUnder } from './tombstones.ts'
import { readTransaction } from './transaction.ts'
import { usageOf } from './usage.ts'

/** Shorter beginnings of an ID find no node. */
const idPrefixMin = 2

/** An answer and its index, which may be 0 when nothing was ever written that concerns it. */
export interface Answer<T> {
  readonly index: number
  readonly value: T
}

type Evaluators = {
  readonly [K in QueryKind]: (tables: Tables, args: QueryTable[K]['args']) => Answer<QueryTable[K]['value']>
}

/** Answers a question. Values are shared with the state and must not be changed. */
export function answerQuery<Q extends Query>(tables: Tables, query: Q): Answer<QueryValue<Q['kind']>> {
  const evaluate = evaluators[query.kind] as (tables: Tables, args: Q) => Answer<QueryValue<Q['kind']>>
  const answer = evaluate(tables, query)
  // After a restore nobody's index may seem newer than what is there.
  const { restoredIndex } = tables.marks
  return answer.index >= restoredIndex ? answer : { ...answer, index: restoredIndex }
}

const evaluators: Evaluators = {
  nodes: (tables, args) => ({
    index: tables.marks.nodes,
    value: sortByDistance(
      tables,
      args.near,
      tables.nodes.valuesArray().filter((node) => hasMeta(node, args.nodeMeta)),
      (node) => node.name,
    ),
  }),
  node: (tables, args) => {
    const node = nodeByName(tables, args.node)
    return {
      index: Math.max(tables.marks.nodes, tables.marks.services),
      value:
        node === undefined ? null : { node, services: valuesUnder(tables.services, foldedKey(args.node)) },
    }
  },
  nodeServices: (tables, args) => {
    const node = nodeByName(tables, args.node) ?? nodeByIdPrefix(tables, args.node)
    return {
      index: Math.max(tables.marks.nodes, tables.marks.services),
      value:
        node === undefined ? null : { node, services: valuesUnder(tables.services, foldedKey(node.name)) },
    }
  },
  nodeDump: (tables, args) => ({
    index: Math.max(tables.marks.nodes, tables.marks.services, tables.marks.checks),
    value: dumpNodes(tables, args.node),
  }),
  nodesByAddress: (tables, args) => ({
    index: tables.marks.nodes,
    value: nodesAt(tables, args.ip),
  }),
  servicesByAddress: (tables, args) => ({
    index: Math.max(tables.marks.nodes, tables.marks.services, tables.marks.checks),
    value: healthOf(tables, servicesAt(tables, args.ip)),
  }),
  services: (tables, args) => ({
    index: isEmpty(args.nodeMeta)
      ? tables.marks.services
      : Math.max(tables.marks.nodes, tables.marks.services),
    value: summaries(tables, args.nodeMeta),
  }),
  serviceNodes: (tables, args) => ({
    index: serviceIndex(tables, args),
    value: nearest(tables, args.near, healthOf(tables, instances(tables, args))),
  }),
  healthNode: (tables, args) => ({
    index: tables.marks.checks,
    value: valuesUnder(tables.checks, foldedKey(args.node)),
  }),
  healthChecks: (tables, args) => ({
    index: isEmpty(args.nodeMeta) ? tables.marks.checks : Math.max(tables.marks.nodes, tables.marks.checks),
    value: nearestChecks(
      tables,
      args.near,
      instances(tables, { ...args, tags: [], connect: false }).flatMap((service) =>
        checksOf(tables, service, service.id),
      ),
    ),
  }),
  healthService: (tables, args) => ({
    index: serviceIndex(tables, args),
    value: nearest(
      tables,
      args.near,
      healthOf(tables, instances(tables, args)).filter((found) => !args.passing || isPassing(found)),
    ),
  }),
  healthState: (tables, args) => ({
    index: isEmpty(args.nodeMeta) ? tables.marks.checks : Math.max(tables.marks.nodes, tables.marks.checks),
    value: nearestChecks(tables, args.near, checksInState(tables, args)),
  }),
  kvGet: (tables, args) => {
    const entry = tables.kvByKey.get(args.key) ?? null
    return { index: entry?.modifyIndex ?? tables.marks.kv, value: entry }
  },
  kvList: (tables, args) => {
    const value = valuesUnder(tables.kv, args.prefix)
    return { index: prefixIndex(tables, args.prefix, value), value }
  },
  kvKeys: (tables, args) => {
    const entries = valuesUnder(tables.kv, args.prefix)
    return { index: prefixIndex(tables, args.prefix, entries), value: cutKeys(entries, args) }
  },
  kvChanges: (tables, args) => {
    const value = kvChanges(tables, args)
    return { index: changesIndex(tables, args, value), value }
  },
  kvHistory: (tables, args) => {
    const versions = versionsOf(tables, args.key)
    return {
      index: versions.at(-1)?.index ?? tables.kvByKey.get(args.key)?.modifyIndex ?? tables.marks.kv,
      value: tables.marks.kvHistoryVersionsMax === 0 ? null : versions,
    }
  },
  session: (tables, args) => ({
    index: tables.marks.sessions,
    value: tables.sessions.get(fold(args.id)) ?? null,
  }),
  sessions: (tables) => ({ index: tables.marks.sessions, value: tables.sessions.valuesArray() }),
  sessionsOfNode: (tables, args) => ({
    index: tables.marks.sessions,
    value: valuesUnder(tables.sessionsByNode, foldedKey(args.node)),
  }),
  txn: (tables, args) => ({
    index: tables.marks.lastIndex,
    value: readTransaction(tables, args.operations),
  }),
  preparedQueries: (tables) => ({
    index: tables.marks.preparedQueries,
    value: tables.preparedQueries.valuesArray(),
  }),
  preparedQuery: (tables, args) => ({
    index: tables.marks.preparedQueries,
    value: tables.preparedQueries.get(fold(args.id)) ?? null,
  }),
  preparedQueryResolve: (tables, args) => ({
    index: tables.marks.preparedQueries,
    value: resolveQuery(tables, args.nameOrId),
  }),
  coordinates: (tables) => ({
    index: tables.marks.coordinates,
    value: tables.coordinates.valuesArray(),
  }),
  coordinatesOfNode: (tables, args) => ({
    index: tables.marks.coordinates,
    value: valuesUnder(tables.coordinates, foldedKey(args.node)),
  }),
  configEntries: (tables, args) => ({
    index: tables.marks.configEntries,
    value: configEntriesOf(tables, args.configKind),
  }),
  configEntry: (tables, args) => ({
    index: tables.marks.configEntries,
    value: tables.configEntries.get(foldedKey(args.configKind, args.name)) ?? null,
  }),
  // What the catalog has counts as long as a wildcard stands for it.
  exportedServices: (tables) => {
    const { services, usesCatalog } = exportedServices(tables)
    const { marks } = tables
    return {
      index: usesCatalog ? Math.max(marks.configEntries, marks.services) : marks.configEntries,
      value: services,
    }
  },
  autopilotConfig: (tables) => {
    const value = tables.single.autopilot
    return { index: value?.modifyIndex ?? 0, value }
  },
  usage: (tables) => {
    const { nodes, services, kv, sessions } = tables.marks
    return { index: Math.max(nodes, services, kv, sessions), value: usageOf(tables) }
  },
}

/** The index of a service's instances; without any, when a service last became extinct. */
function serviceIndex(tables: Tables, { service, connect }: ServiceSelector): number {
  if (connect) return connectIndex(tables, service)
  return tables.serviceIndexes.get(foldedKey(service)) ?? tables.marks.serviceExtinction
}

/** That of the services that stand in front; when one of those goes it counts as an extinction. */
function connectIndex(tables: Tables, destination: string): number {
  let index = tables.marks.serviceExtinction
  for (const { service } of valuesUnder(tables.servicesByDestination, foldedKey(destination))) {
    index = Math.max(index, tables.serviceIndexes.get(foldedKey(service)) ?? 0)
  }
  return index
}

function nearest(tables: Tables, near: string, found: readonly ServiceHealth[]): readonly ServiceHealth[] {
  return sortByDistance(tables, near, found, ({ node }) => node.name)
}

function nearestChecks(
  tables: Tables,
  near: string,
  found: readonly CatalogCheck[],
): readonly CatalogCheck[] {
  return sortByDistance(tables, near, found, ({ node }) => node)
}

/** The only node whose ID begins like this; none if several do. */
function nodeByIdPrefix(tables: Tables, prefix: string): CatalogNode | undefined {
  if (prefix.length < idPrefixMin) return undefined
  const keys = valuesUnder(tables.nodeKeyById, fold(prefix))
  const [key] = keys
  return key === undefined || keys.length > 1 ? undefined : tables.nodes.get(key)
}

function dumpNodes(tables: Tables, name: string): readonly NodeDump[] {
  const node = nodeByName(tables, name)
  const nodes = name === '' ? tables.nodes.valuesArray() : node === undefined ? [] : [node]
  return nodes.map((each) => ({
    node: each,
    services: valuesUnder(tables.services, foldedKey(each.name)),
    checks: valuesUnder(tables.checks, foldedKey(each.name)),
  }))
}

/** The newest change under a prefix, deletions included; of the whole table if nothing is known there. */
function prefixIndex(tables: Tables, prefix: string, entries: readonly KvEntry[]): number {
  if (prefix === '') return tables.marks.kv
  let newest = newestTombstoneUnder(tables, prefix)
  for (const { modifyIndex } of entries) if (modifyIndex > newest) newest = modifyIndex
  return newest === 0 ? tables.marks.kv : Math.max(newest, tables.marks.tombstoneFloor)
}

function cutKeys(
  entries: readonly KvEntry[],
  { prefix, separator }: { readonly prefix: string; readonly separator: string },
): readonly string[] {
  const keys: string[] = []
  for (const { key } of entries) {
    const at = separator === '' ? -1 : key.indexOf(separator, prefix.length)
    const cut = at === -1 ? key : key.slice(0, at + separator.length)
    if (keys[keys.length - 1] !== cut) keys.push(cut)
  }
  return keys
}

function instances(tables: Tables, select: ServiceSelector): readonly CatalogService[] {
  const wanted = select.tags.map(fold)
  const table = select.connect ? tables.servicesByDestination : tables.servicesByName
  return valuesUnder(table, foldedKey(select.service)).filter(
    (service) => hasTags(service, wanted) && isOnNodeWith(tables, service.node, select.nodeMeta),
  )
}

function hasTags(service: CatalogService, wanted: readonly string[]): boolean {
  return wanted.every((tag) => service.tags.some((own) => fold(own) === tag))
}

function hasMeta(node: CatalogNode, wanted: TextMap): boolean {
  return Object.keys(wanted).every((key) => Object.hasOwn(node.meta, key) && node.meta[key] === wanted[key])
}

function isOnNodeWith(tables: Tables, name: string, wanted: TextMap): boolean {
  if (isEmpty(wanted)) return true
  const node = nodeByName(tables, name)
  return node !== undefined && hasMeta(node, wanted)
}

function isEmpty(map: object): boolean {
  return Object.keys(map).length === 0
}

function healthOf(tables: Tables, services: readonly CatalogService[]): readonly ServiceHealth[] {
  const found: ServiceHealth[] = []
  for (const service of services) {
    const node = nodeByName(tables, service.node)
    if (node === undefined) continue
    const checks = [...checksOf(tables, service, ''), ...checksOf(tables, service, service.id)]
    found.push({ node, service, checks })
  }
  return found
}

function checksOf(tables: Tables, service: CatalogService, serviceId: string): readonly CatalogCheck[] {
  return valuesUnder(tables.checksByService, foldedKey(service.node, serviceId))
}

function isPassing(health: ServiceHealth): boolean {
  return health.checks.every((check) => check.status === 'passing')
}

function checksInState(
  tables: Tables,
  args: { readonly state: string; readonly nodeMeta: TextMap },
): readonly CatalogCheck[] {
  const isWanted = (check: CatalogCheck): boolean => args.state === 'any' || check.status === args.state
  return tables.checks
    .valuesArray()
    .filter((check) => isWanted(check) && isOnNodeWith(tables, check.node, args.nodeMeta))
}

function summaries(tables: Tables, nodeMeta: TextMap): readonly ServiceSummary[] {
  if (isEmpty(nodeMeta)) return tables.serviceNames.list(tables.servicesByName)
  const services = tables.servicesByName.valuesArray()
  return summariesOf(services.filter(({ node }) => isOnNodeWith(tables, node, nodeMeta)))
}
