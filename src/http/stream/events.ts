// Changes as Server-Sent Events.
import type { CatalogCheck, CatalogNode, KvEntry, ServiceHealth } from '../../model/catalog.ts'
import type { KvChanges, ReadReply, ServiceSummary } from '../../model/query.ts'
import { quote, renderList } from '../json.ts'
import {
  type Translation,
  renderCheck,
  renderKvEntry,
  renderNode,
  renderServiceHealth,
  renderServiceSummaries,
} from '../render.ts'
import type { WatchSpec } from './request.ts'

/** One change of one watch. */
export interface Change {
  /** Everything up to here was told when this was, if no further change has the same index. */
  readonly index: number
  /** Makes the event's data, one line of JSON. */
  readonly data: () => string
}

/** An event. `id` null: the last one stays in force. */
export function eventText(event: string, id: string | null, data: string): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${data}\n\n`
}

/** The JSON of a value, made once for all streams that tell it. */
export type TextOf = <T>(value: T, render: (value: T, translation: Translation) => string) => string

/** The changes of keys in the order of the log. `isPresent`: what is there now, so that deletions say nothing. */
export function keyChanges(
  { number, spec }: { readonly number: number; readonly spec: WatchSpec },
  reply: ReadReply<KvChanges>,
  { isPresent, textOf }: { readonly isPresent: boolean; readonly textOf: TextOf },
): readonly Change[] {
  const { entries, deleted } = reply.value
  const change = (key: string, index: number, value: () => string): Change => ({
    index,
    data: () =>
      `{"watch":${number},"type":"${spec.type}","key":${quote(key)},"index":${index},"value":${value()}}`,
  })
  const written = entries.map((entry: KvEntry) =>
    change(entry.key, entry.modifyIndex, () => textOf(entry, renderKvEntry)),
  )
  if (isPresent) {
    const isAbsent = spec.type === 'kv' && entries.length === 0
    return isAbsent ? [change(spec.key, reply.index, absent)] : written.sort(byIndex)
  }
  return [...written, ...deleted.map(({ key, index }) => change(key, index, absent))].sort(byIndex)
}

const absent = (): string => 'null'

function byIndex(a: Change, b: Change): number {
  return a.index - b.index
}

/** The value of a watch of the catalog, as the endpoints for it print it. */
export function catalogValue(spec: WatchSpec, value: unknown, textOf: TextOf): string {
  switch (spec.type) {
    case 'service':
      return textOf(value as readonly ServiceHealth[], renderInstances)
    case 'services':
      return textOf(value as readonly ServiceSummary[], renderServiceSummaries)
    case 'nodes':
      return textOf(value as readonly CatalogNode[], renderNodes)
    default:
      return textOf(value as readonly CatalogCheck[], renderChecks)
  }
}

function renderInstances(instances: readonly ServiceHealth[], translation: Translation): string {
  return renderList(instances, (each) => renderServiceHealth(each, translation))
}

function renderNodes(nodes: readonly CatalogNode[], translation: Translation): string {
  return renderList(nodes, (each) => renderNode(each, translation))
}

function renderChecks(checks: readonly CatalogCheck[]): string {
  return renderList(checks, renderCheck)
}

/** The data of a change of the catalog. */
export function catalogData(number: number, spec: WatchSpec, index: number, value: string): string {
  const name = spec.type === 'service' ? `"service":${quote(spec.service)},` : ''
  return `{"watch":${number},"type":"${spec.type}",${name}"index":${index},"value":${value}}`
}
