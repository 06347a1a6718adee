// What the API measures and counts of its own requests, by endpoint and under the reference's names.
import type { Meter } from './backend.ts'
import type { Route } from './route.ts'
import type { Endpoint } from './routes/table.ts'

/** What of the catalog's endpoints is counted besides; the others only have their times. */
const countedByPath: ReadonlyMap<string, string> = new Map([
  ['/v1/catalog/register', 'catalog_register'],
  ['/v1/catalog/deregister', 'catalog_deregister'],
  ['/v1/catalog/datacenters', 'catalog_datacenters'],
  ['/v1/catalog/nodes', 'catalog_nodes'],
  ['/v1/catalog/services', 'catalog_services'],
  ['/v1/catalog/service/:service', 'catalog_service_nodes'],
  ['/v1/catalog/connect/:service', 'catalog_connect_service_nodes'],
  ['/v1/catalog/node/:node', 'catalog_node_services'],
  ['/v1/catalog/node-services/:node', 'catalog_node_service_list'],
  ['/v1/catalog/gateway-services/:gateway', 'catalog_gateway_services'],
])

/** What tells how a request ended: an answer, or a refusal. */
export interface Ending {
  readonly status: number
}

/** The measures of one endpoint. */
export interface Measures {
  /** An answer is there, after so long. */
  answered(ms: number, ending: Ending): void
}

/** Makes them. They are made once for each endpoint: nothing is looked up by name afterwards. */
export function createMeasures(meter: Meter, node: string, route: Route, { prefix }: Endpoint): Measures {
  // `v1_kv_` for all keys.
  const path = prefix.slice(1).replaceAll('/', '_')
  const sample = meter.sampler('api.http', { method: route.method, path })
  const counted = countedByPath.get(route.path)
  if (counted === undefined) return { answered: sample }
  const asked = meter.tally(`client.api.${counted}`, { node })
  const succeeded = meter.tally(`client.api.success.${counted}`, { node })
  const failed = meter.tally(`client.rpc.error.${counted}`, { node })
  return {
    answered(ms, { status }) {
      sample(ms)
      asked()
      if (status < 400) succeeded()
      // What the client did wrong never went anywhere.
      else if (status >= 500) failed()
    },
  }
}
