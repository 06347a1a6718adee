// What a transaction gave as JSON text. Services and checks print lists that are empty as `null` here, and only here.
import type { CatalogService } from '../model/catalog.ts'
import type { ReadMeta } from '../model/query.ts'
import type { TxnError, TxnOutcome, TxnResult } from '../model/transaction.ts'
import { quote, renderList } from './json.ts'
import { renderCheck, renderKvEntry, renderNode, renderServiceRecord } from './render.ts'

/** The answer of a transaction; `meta` is that of one that only reads. */
export function renderTxn({ results, errors }: TxnOutcome, meta: ReadMeta | null): string {
  const failed = errors.length > 0
  const tail =
    meta === null
      ? ''
      : `,"Index":0,"LastContact":${meta.lastContactMs * 1e6},"KnownLeader":${meta.knownLeader},` +
        '"ConsistencyLevel":""'
  return (
    `{"Results":${failed ? 'null' : renderList(results, renderResult)},` +
    `"Errors":${failed ? renderList(errors, renderError) : 'null'}${tail}}`
  )
}

function renderResult(result: TxnResult): string {
  switch (result.kind) {
    case 'kv':
      return `{"KV":${renderKvEntry(result.hasValue ? result.entry : { ...result.entry, value: noBytes })}}`
    case 'node':
      return `{"Node":${renderNode(result.node, untranslated)}}`
    case 'service':
      return `{"Service":${renderTxnService(result.service)}}`
    case 'check':
      return `{"Check":${renderCheck(result.check).replace(',"ServiceTags":[],', ',"ServiceTags":null,')}}`
    default:
      return result satisfies never
  }
}

function renderTxnService(service: CatalogService): string {
  const text = renderServiceRecord(service)
  return service.tags.length === 0 ? text.replace(',"Tags":[],', ',"Tags":null,') : text
}

function renderError({ operation, message }: TxnError): string {
  return `{"OpIndex":${operation},"What":${quote(message)}}`
}

const noBytes = new Uint8Array(0)
const untranslated = { isOn: false, localDatacenter: '' }
