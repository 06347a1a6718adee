// What the entry `exported-services` exports, and to whom. A wildcard in it stands for the services of the catalog.
import type { ExportedService } from '../model/config-entry.ts'
import { objectsIn, textIn } from '../model/json-parts.ts'
import { fold, foldedKey } from './keys.ts'
import { compareText } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/** Services that are exported, by name; `usesCatalog` says whether the services of the catalog had a part in it. */
export interface Exports {
  readonly services: readonly ExportedService[]
  readonly usesCatalog: boolean
}

/** Names each service once, with all its consumers. */
export function exportedServices(tables: Tables): Exports {
  const entry = tables.configEntries.get(foldedKey('exported-services', 'default'))
  const exports = new Map<string, { readonly service: string; readonly peers: Set<string> }>()
  const everywhere = new Set<string>()
  for (const item of objectsIn(entry?.body['Services'])) {
    const service = textIn(item['Name'])
    const known = exports.get(fold(service)) ?? { service, peers: new Set() }
    const peers = service === '*' ? everywhere : known.peers
    for (const consumer of objectsIn(item['Consumers'])) peers.add(textIn(consumer['Peer']))
    if (service !== '*') exports.set(fold(service), known)
  }
  const usesCatalog = everywhere.size > 0
  const names = usesCatalog ? catalogNames(tables) : []
  const common = [...everywhere].sort(compareText)
  const services = names
    .filter((service) => !exports.has(fold(service)))
    .map((service): ExportedService => ({ service, peers: common }))
  const isInCatalog = new Set(names.map(fold))
  for (const [key, { service, peers }] of exports) {
    const all = isInCatalog.has(key) ? [...peers, ...everywhere] : [...peers]
    services.push({ service, peers: [...new Set(all)].sort(compareText) })
  }
  return { services: services.sort((a, b) => compareText(a.service, b.service)), usesCatalog }
}

/** The service that the servers themselves are is exported only by its name; proxies and gateways are none of their own. */
function catalogNames(tables: Tables): readonly string[] {
  const names = new Map<string, string>()
  for (const { service, kind } of tables.servicesByName.values()) {
    if (kind === '' && fold(service) !== 'consul') names.set(fold(service), service)
  }
  return [...names.values()]
}
