// Prepared queries, and what carrying one out found, as JSON text, field for field in the reference's order.
import type { ServiceHealth } from '../model/catalog.ts'
import type { PreparedAnswer, PreparedQuery, QueryService } from '../model/prepared-query.ts'
import type { ReadMeta } from '../model/query.ts'
import { inOnePiece, quote, renderList, textList, textListOrNull, textMap } from './json.ts'
import { type Translation, renderServiceHealth } from './render.ts'

/** A query. Lists and maps without anything in them are `null`, as those are that nobody gave. */
export function renderQuery(query: PreparedQuery): string {
  return queryText(query, false)
}

/** A template that drops empty tags leaves a list in any case. */
function queryText(query: PreparedQuery, hasTags: boolean): string {
  const { template } = query
  return (
    `{"ID":${quote(query.id)},"Name":${quote(query.name)},"Session":${quote(query.session)},` +
    `"Token":${quote(query.token)},"Template":{"Type":${quote(template?.type ?? '')},` +
    `"Regexp":${quote(template?.regexp ?? '')},"RemoveEmptyTags":${template?.removeEmptyTags ?? false}},` +
    `"Service":${renderService(query.service, hasTags)},` +
    `"DNS":{"TTL":${quote(query.dnsTtl)}},` +
    `"CreateIndex":${query.createIndex},"ModifyIndex":${query.modifyIndex}}`
  )
}

/** A list of queries. */
export function renderQueries(queries: readonly PreparedQuery[]): string {
  return renderList(queries, renderQuery)
}

/** How fresh an answer is, as these answers say it in their bodies. */
export interface BodyMeta extends Pick<ReadMeta, 'knownLeader' | 'lastContactMs'> {
  /** The word for its mode. */
  readonly mode: string
}

/** A query as it is carried out under the name that was asked for. */
export function renderExplained(query: PreparedQuery, meta: BodyMeta): string {
  const hasTags = query.template?.removeEmptyTags === true
  return `{"Query":${queryText(query, hasTags)},${renderMeta(meta)}}`
}

/** What carrying out a query found. */
export function renderAnswer(answer: PreparedAnswer, meta: BodyMeta, translation: Translation): string {
  const nodes = renderList(answer.nodes, (node) => renderInstance(node, translation))
  return (
    `{"Service":${quote(answer.service)},"Nodes":${nodes},"DNS":{"TTL":${quote(answer.dnsTtl)}},` +
    `"Datacenter":${quote(answer.datacenter)},"Failovers":${answer.failovers},${renderMeta(meta)}}`
  )
}

/** Instances come in another order each time, and are the same objects as long as they are the same. */
const instances = new WeakMap<ServiceHealth, string>()
/** A longer text is not kept: the output of checks can be large. */
const keptCharactersMax = 8192

function renderInstance(instance: ServiceHealth, translation: Translation): string {
  if (translation.isOn) return renderServiceHealth(instance, translation)
  const known = instances.get(instance)
  if (known !== undefined) return known
  const text = inOnePiece(renderServiceHealth(instance, translation))
  if (text.length <= keptCharactersMax) instances.set(instance, text)
  return text
}

function renderMeta({ knownLeader, lastContactMs, mode }: BodyMeta): string {
  return (
    `"Index":0,"LastContact":${lastContactMs * 1_000_000},"KnownLeader":${knownLeader},` +
    `"ConsistencyLevel":${quote(mode)}`
  )
}

function renderService(service: QueryService, hasTags: boolean): string {
  const { nearestN, datacenters } = service.failover
  const tags = hasTags ? textList(service.tags) : textListOrNull(service.tags)
  return (
    `{"Service":${quote(service.service)},` +
    `"Failover":{"NearestN":${nearestN},"Datacenters":${textListOrNull(datacenters)}},` +
    `"OnlyPassing":${service.onlyPassing},"IgnoreCheckIDs":${textListOrNull(service.ignoreCheckIds)},` +
    `"Near":${quote(service.near)},"Tags":${tags},"NodeMeta":${textMap(service.nodeMeta)},` +
    `"ServiceMeta":${textMap(service.serviceMeta)},"Connect":${service.connect}}`
  )
}
