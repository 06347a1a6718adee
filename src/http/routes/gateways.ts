// Gateways: there are none, because nothing here configures any. Asked like everything else, so that a client that waits
// for one waits, and a datacenter that cannot be reached is told.
import { serviceHealthShape } from '../../filter/catalog-shapes.ts'
import type { ConfigEntry } from '../../model/config-entry.ts'
import type { Query } from '../../model/query.ts'
import { partsOf } from '../filters.ts'
import type { View } from './reads.ts'

/** The question. */
export const gateways: Query & { readonly kind: 'configEntries' } = {
  kind: 'configEntries',
  configKind: 'ingress-gateway',
}

/** Services behind one. */
export const behindGateway: View<readonly ConfigEntry[]> = { render: () => 'null' }

/** The same, for web interfaces. */
export const behindGatewayInternal: View<readonly ConfigEntry[]> = { render: () => '[]', isInternal: true }

/** Instances that lead to a service. Expressions are read, so that a wrong one is told. */
export const gatewayInstances: View<readonly ConfigEntry[]> = {
  render: () => '[]',
  filtering: partsOf(
    serviceHealthShape,
    () => [],
    (value) => value,
  ),
  takesCached: true,
}
