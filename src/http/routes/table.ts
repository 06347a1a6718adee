// All endpoints in one table: the router, the fast path, `Allow` headers and docs/http.md are made from it.
import type { Method, Route } from '../route.ts'
import { agentRoutes } from './agent.ts'
import { catalogRoutes } from './catalog.ts'
import { debugRoutes } from './debug.ts'
import { configRoutes } from './config.ts'
import { coordinateRoutes } from './coordinate.ts'
import { eventRoutes } from './event.ts'
import { healthRoutes } from './health.ts'
import { internalRoutes } from './internal.ts'
import { kvRoutes } from './kv.ts'
import { localCheckRoutes } from './local-checks.ts'
import { localHealthRoutes } from './local-health.ts'
import { localServiceRoutes } from './local-services.ts'
import { openApiRoute } from './openapi.ts'
import { operatorRoutes } from './operator.ts'
import { queryRoutes } from './query.ts'
import { sessionRoutes } from './session.ts'
import { snapshotRoutes } from './snapshot.ts'
import { statusRoutes } from './status.ts'
import { txnRoutes } from './txn.ts'
import { watchRoutes } from './watch.ts'

/** Every endpoint. */
export const routes: readonly Route[] = [
  ...agentRoutes,
  ...debugRoutes,
  ...localServiceRoutes,
  ...localCheckRoutes,
  ...localHealthRoutes,
  ...statusRoutes,
  ...catalogRoutes,
  ...healthRoutes,
  ...internalRoutes,
  ...kvRoutes,
  ...sessionRoutes,
  ...queryRoutes,
  ...txnRoutes,
  ...eventRoutes,
  ...coordinateRoutes,
  ...operatorRoutes,
  ...configRoutes,
  ...snapshotRoutes,
  ...watchRoutes,
  openApiRoute(() => routes),
]

/** The routes of one path. */
export interface Endpoint {
  /** What stands in front of the name: ends in `/` if the path takes one. */
  readonly prefix: string
  /** What stands behind it; '' or with a `/` in front. */
  readonly suffix: string
  readonly takesName: boolean
  readonly byMethod: Readonly<Partial<Record<Method, Route>>>
  /** Value of the `Allow` header. */
  readonly allow: string
}

/** The order in which `Allow` names methods. */
const methodOrder: readonly Method[] = ['GET', 'PUT', 'POST', 'DELETE']

/** The table by path. One with a suffix comes before the one that would take it for a part of the name. */
export function endpointsOf(table: readonly Route[]): readonly Endpoint[] {
  const byPath = Map.groupBy(table, (route) => route.path)
  const endpoints = [...byPath].map(([path, ofPath]) => {
    const colon = path.indexOf(':')
    const byMethod: Partial<Record<Method, Route>> = {}
    for (const route of ofPath) byMethod[route.method] = route
    const methods = methodOrder.filter((method) => byMethod[method] !== undefined)
    return {
      prefix: colon < 0 ? path : path.slice(0, colon),
      suffix: colon < 0 ? '' : (/(?<=:\w+)\/.*$/.exec(path)?.[0] ?? ''),
      takesName: colon >= 0,
      byMethod,
      allow: ['OPTIONS', ...methods].join(','),
    }
  })
  return endpoints.sort((a, b) => b.suffix.length - a.suffix.length)
}
