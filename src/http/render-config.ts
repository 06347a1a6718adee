// Configuration entries as JSON text: the stored body between its kind and its indexes.
import type { Json } from '../model/catalog.ts'
import type { ConfigEntry, ExportedService } from '../model/config-entry.ts'
import { encodeJson, quote, renderList, textList } from './json.ts'

/** Fields that the reference prints in front of everything. */
const leading = ['ConnectTimeout', 'RequestTimeout']

/** An entry. */
export function renderConfigEntry(entry: ConfigEntry): string {
  const fields = Object.entries(entry.body)
  const before = fields.filter(([name]) => leading.includes(name))
  const after = fields.filter(([name]) => !leading.includes(name))
  return (
    `{${renderFields(before)}"Kind":${quote(entry.kind)},"Name":${quote(entry.name)},${renderFields(after)}` +
    `"CreateIndex":${entry.createIndex},"ModifyIndex":${entry.modifyIndex}}`
  )
}

/** A list of entries. */
export function renderConfigEntries(entries: readonly ConfigEntry[]): string {
  return renderList(entries, renderConfigEntry)
}

/** The services that are exported. */
export function renderExportedServices(services: readonly ExportedService[]): string {
  return renderList(
    services,
    ({ service, peers }) => `{"Service":${quote(service)},"Consumers":{"Peers":${textList(peers)}}}`,
  )
}

function renderFields(fields: readonly (readonly [string, Json])[]): string {
  return fields.map(([name, value]) => `${quote(name)}:${encodeJson(value)},`).join('')
}
