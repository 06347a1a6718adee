// Questions as keys, so that those who ask the same share one evaluation, one wait, one request to another agent.
import type { NearSelector, Query, QueryKind, QueryTable, ServiceSelector } from '../model/query.ts'

type Keys = { readonly [K in QueryKind]: (args: QueryTable[K]['args']) => string | null }

/** The same text for the same question, another for any other; null for those that are never shared. */
export function queryKey(query: Query): string | null {
  const parts = partsOf[query.kind] as (args: Query) => string | null
  const key = parts(query)
  return key === null ? null : `${query.kind} ${key}`
}

const partsOf: Keys = {
  nodes: (args) => `${map(args.nodeMeta)}${near(args)}`,
  node: (args) => args.node,
  nodeServices: (args) => args.node,
  nodeDump: (args) => args.node,
  nodesByAddress: (args) => args.ip,
  servicesByAddress: (args) => args.ip,
  services: (args) => map(args.nodeMeta),
  serviceNodes: (args) => selector(args),
  healthNode: (args) => args.node,
  healthChecks: (args) => `${map(args.nodeMeta)}${near(args)}${args.service}`,
  healthService: (args) => `${args.passing ? '+' : '-'}${selector(args)}`,
  healthState: (args) => `${map(args.nodeMeta)}${near(args)}${args.state}`,
  kvGet: (args) => args.key,
  kvList: (args) => args.prefix,
  kvKeys: (args) => `${JSON.stringify(args.separator)}${args.prefix}`,
  kvHistory: (args) => args.key,
  kvChanges: (args) => `${args.isPrefix ? '+' : '-'}${args.since} ${args.key}`,
  session: (args) => args.id,
  sessions: () => '',
  sessionsOfNode: (args) => args.node,
  txn: () => null,
  preparedQueries: () => '',
  preparedQuery: (args) => args.id,
  preparedQueryResolve: (args) => args.nameOrId,
  coordinates: () => '',
  coordinatesOfNode: (args) => args.node,
  configEntries: (args) => args.configKind,
  configEntry: (args) => `${JSON.stringify(args.configKind)}${args.name}`,
  exportedServices: () => '',
  autopilotConfig: () => '',
  usage: () => '',
}

function selector(args: ServiceSelector & NearSelector): string {
  return `${args.connect ? 'c' : ''}${list(args.tags)}${map(args.nodeMeta)}${near(args)}${args.service}`
}

function near(args: NearSelector): string {
  return args.near === '' ? '{}' : `${JSON.stringify([args.near])}`
}

/** Ends in a bracket, so that what follows cannot be mistaken for a part of it. */
function list(items: readonly string[]): string {
  return items.length === 0 ? '[]' : JSON.stringify(items)
}

function map(pairs: Readonly<Record<string, string>>): string {
  const names = Object.keys(pairs)
  if (names.length === 0) return '{}'
  return JSON.stringify(names.sort().map((name) => [name, pairs[name]]))
}
