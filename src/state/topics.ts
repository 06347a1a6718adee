// Names of what can change and be waited for. A waiter lists topics; a change lists topics; watch.ts brings them together.
import type { Query, QueryKind, QueryTable, ServiceSelector } from '../model/query.ts'
import { fold } from './keys.ts'

/** Topics that have changed, gathered while a command is applied. */
export interface Topics {
  add(topic: string): void
  /** Each once. */
  list(): readonly string[]
}

/** No topics yet. */
export function createTopics(): Topics {
  return new TopicList()
}

/** Nearly all commands change one key: one topic must cost next to nothing. */
class TopicList implements Topics {
  readonly #topics: string[] = []

  add(topic: string): void {
    this.#topics.push(topic)
  }

  list(): readonly string[] {
    return this.#topics.length < 2 ? this.#topics : [...new Set(this.#topics)]
  }
}

/** A whole table. */
export function tableTopic(
  table:
    | 'nodes'
    | 'services'
    | 'checks'
    | 'sessions'
    | 'expiry'
    | 'autopilot'
    | 'queries'
    | 'coordinates'
    | 'config',
): string {
  return `t:${table}`
}

/** All that belongs to a node: its record, services and checks. */
export function nodeTopic(name: string): string {
  return `n:${fold(name)}`
}

/** All that belongs to a service: its instances, their nodes and checks. */
export function serviceTopic(name: string): string {
  return `s:${fold(name)}`
}

/** What stands in front of a service: proxies for it, and instances of it that need none. */
export function connectTopic(name: string): string {
  return `c:${fold(name)}`
}

/** A prepared query. */
export function preparedQueryTopic(id: string): string {
  return `q:${fold(id)}`
}

/** The coordinate of a node. */
export function coordinateTopic(node: string): string {
  return `o:${fold(node)}`
}

/** The configuration entries of a kind, or one of them. */
export function configTopic(kind: string, name?: string): string {
  return name === undefined ? `e:${kind}` : `e:${kind}/${fold(name)}`
}

/** One session. */
export function sessionTopic(id: string): string {
  return `x:${fold(id)}`
}

/** The sessions of a node. */
export function nodeSessionsTopic(node: string): string {
  return `xn:${fold(node)}`
}

/** One key of the KV store. */
export function keyTopic(key: string): string {
  return `k:${key}`
}

/** The key that a topic names, if it is one of a key. */
export function keyOfTopic(topic: string): string | undefined {
  return topic.startsWith('k:') ? topic.slice(2) : undefined
}

/** All keys that begin with a prefix. Only waited for, never listed by a change. */
export function prefixTopic(prefix: string): string {
  return `p:${prefix}`
}

/** All keys that begin with a prefix are gone. Only listed by a change, never waited for. */
export function treeTopic(prefix: string): string {
  return `d:${prefix}`
}

/** The prefix whose keys are gone, if a topic says so. */
export function treeOfTopic(topic: string): string | undefined {
  return topic.startsWith('d:') ? topic.slice(2) : undefined
}

/** True if a change that lists `changed` concerns a waiter for `topic`. */
export function matches(topic: string, changed: string): boolean {
  const tree = treeOfTopic(changed)
  if (tree !== undefined) return isInTree(topic, tree)
  if (topic.startsWith('p:')) return changed.startsWith('k:') && changed.startsWith(topic.slice(2), 2)
  return topic === changed
}

function isInTree(topic: string, tree: string): boolean {
  const text = topic.slice(2)
  if (topic.startsWith('p:')) return text.startsWith(tree) || tree.startsWith(text)
  return topic.startsWith('k:') && text.startsWith(tree)
}

type TopicsByKind = { readonly [K in QueryKind]: (args: QueryTable[K]['args']) => readonly string[] }

/** What must change before the answer to a question can change. */
export function topicsOf(query: Query): readonly string[] {
  const list = topicsByKind[query.kind] as (args: Query) => readonly string[]
  return list(query)
}

const topicsByKind: TopicsByKind = {
  nodes: () => [tableTopic('nodes')],
  node: (args) => [nodeTopic(args.node)],
  // The node may be found by its ID.
  nodeServices: (args) => [nodeTopic(args.node), tableTopic('nodes'), tableTopic('services')],
  nodeDump: (args) =>
    args.node === ''
      ? [tableTopic('nodes'), tableTopic('services'), tableTopic('checks')]
      : [nodeTopic(args.node)],
  nodesByAddress: () => [tableTopic('nodes')],
  servicesByAddress: () => [tableTopic('nodes'), tableTopic('services'), tableTopic('checks')],
  services: (args) => withNodes(tableTopic('services'), args.nodeMeta),
  serviceNodes: instancesTopic,
  healthNode: (args) => [nodeTopic(args.node)],
  healthChecks: (args) => [serviceTopic(args.service)],
  healthService: instancesTopic,
  healthState: (args) => withNodes(tableTopic('checks'), args.nodeMeta),
  kvGet: (args) => [keyTopic(args.key)],
  kvList: (args) => [prefixTopic(args.prefix)],
  kvKeys: (args) => [prefixTopic(args.prefix)],
  kvChanges: (args) => [args.isPrefix ? prefixTopic(args.key) : keyTopic(args.key)],
  kvHistory: (args) => [keyTopic(args.key)],
  session: (args) => [sessionTopic(args.id)],
  sessions: () => [tableTopic('sessions')],
  sessionsOfNode: (args) => [nodeSessionsTopic(args.node)],
  // Nobody waits for a transaction: it has no index of its own.
  txn: () => [],
  preparedQueries: () => [tableTopic('queries')],
  preparedQuery: (args) => [preparedQueryTopic(args.id)],
  preparedQueryResolve: () => [tableTopic('queries')],
  coordinates: () => [tableTopic('coordinates')],
  coordinatesOfNode: (args) => [coordinateTopic(args.node)],
  configEntries: ({ configKind }) => [configKind === '' ? tableTopic('config') : configTopic(configKind)],
  configEntry: (args) => [configTopic(args.configKind, args.name)],
  exportedServices: () => [configTopic('exported-services'), tableTopic('services')],
  autopilotConfig: () => [tableTopic('autopilot')],
  usage: () => [tableTopic('nodes'), tableTopic('services'), tableTopic('sessions'), prefixTopic('')],
}

function instancesTopic(args: ServiceSelector): readonly string[] {
  return [args.connect ? connectTopic(args.service) : serviceTopic(args.service)]
}

/** Filters on node meta data make the answer depend on the nodes as well. */
function withNodes(topic: string, nodeMeta: object): readonly string[] {
  return Object.keys(nodeMeta).length === 0 ? [topic] : [topic, tableTopic('nodes')]
}
