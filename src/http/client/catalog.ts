// `/v1/catalog/*` and `/v1/health/*`: nodes, services and their checks.
import type { Connection } from './connection.ts'
import { type Answer, type ReadQuery, type ReadSpec, done, encodePath, flag, json, read } from './requests.ts'
import type {
  CatalogNodeShape,
  CheckShape,
  DeregistrationShape,
  NodeDumpShape,
  NodeServicesShape,
  NodeShape,
  RegistrationShape,
  ServiceHealthShape,
  ServiceNodeShape,
  ServiceSummaryShape,
} from './shapes.ts'

/** Service names to the union of their tags. */
export type ServiceTags = Readonly<Record<string, readonly string[]>>

/** An older answer will do: the agent may give what it has itself, as old as is said here. */
export interface CacheQuery {
  readonly cached?:
    | true
    | {
        readonly maxAgeSeconds?: number
        /** None that the leader would not give. */
        readonly mustRevalidate?: boolean
        /** Where no server answers. */
        readonly staleIfErrorSeconds?: number
      }
}

/** Options of a question for the instances of a service. */
export type InstanceQuery = ReadQuery &
  CacheQuery & { readonly tags?: readonly string[]; readonly passing?: boolean }

/** The same where the state of checks does not matter. */
export type ServiceQuery = Omit<InstanceQuery, 'passing'>

/** Calls about the catalog and about health. */
export interface CatalogClient {
  catalogDatacenters(): Promise<readonly string[]>
  catalogNodes(options?: ReadQuery): Promise<Answer<readonly NodeShape[]>>
  catalogServices(options?: ReadQuery & CacheQuery): Promise<Answer<ServiceTags>>
  catalogService(service: string, options?: ServiceQuery): Promise<Answer<readonly ServiceNodeShape[]>>
  /** Proxies of a service, and instances of it that need none. */
  catalogConnect(service: string, options?: ServiceQuery): Promise<Answer<readonly ServiceNodeShape[]>>
  catalogNode(node: string, options?: ReadQuery): Promise<Answer<CatalogNodeShape | null>>
  catalogNodeServices(node: string, options?: ReadQuery): Promise<Answer<NodeServicesShape>>
  /** There are no gateways. */
  catalogGatewayServices(gateway: string, options?: ReadQuery): Promise<Answer<null>>
  catalogRegister(registration: RegistrationShape): Promise<void>
  catalogDeregister(deregistration: DeregistrationShape): Promise<void>

  healthNode(node: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthChecks(service: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthService(service: string, options?: InstanceQuery): Promise<Answer<readonly ServiceHealthShape[]>>
  /** Proxies of a service, and instances of it that need none. */
  healthConnect(service: string, options?: InstanceQuery): Promise<Answer<readonly ServiceHealthShape[]>>
  /** There are no gateways. */
  healthIngress(service: string, options?: InstanceQuery): Promise<Answer<readonly ServiceHealthShape[]>>
  /** Checks in a state: any, passing, warning or critical. */
  healthState(state: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>

  /** All nodes with what they have, as web interfaces ask for them. */
  uiNodes(options?: ReadQuery): Promise<Answer<readonly NodeDumpShape[]>>
  uiNode(node: string, options?: ReadQuery): Promise<Answer<NodeDumpShape | null>>
  /** All services in one line each. */
  uiServices(options?: ReadQuery): Promise<Answer<readonly ServiceSummaryShape[]>>
  /** There are no gateways. */
  uiGatewayServices(gateway: string, options?: ReadQuery): Promise<Answer<readonly ServiceSummaryShape[]>>
}

/** Where the reads are that can also be watched. */
export const catalogReads = {
  nodes: { path: '/v1/catalog/nodes' } as ReadSpec<readonly NodeShape[]>,
  services: { path: '/v1/catalog/services' } as ReadSpec<ServiceTags>,
  instances: (service: string, options: InstanceQuery): ReadSpec<readonly ServiceHealthShape[]> =>
    instancesAt(`/v1/health/service/${encodePath(service)}`, options),
  serviceChecks: (service: string): ReadSpec<readonly CheckShape[]> => ({
    path: `/v1/health/checks/${encodePath(service)}`,
  }),
  state: (state: string): ReadSpec<readonly CheckShape[]> => ({
    path: `/v1/health/state/${encodePath(state)}`,
  }),
} as const

/** Makes the calls. */
export function catalogCalls(connection: Connection): CatalogClient {
  const at = <T>(path: string, name: string, options: ReadQuery = {}): Promise<Answer<T>> =>
    read(connection, { path: path + encodePath(name) }, options)
  const instances = <T>(path: string, name: string, options: InstanceQuery = {}): Promise<Answer<T>> =>
    read(connection, instancesAt<T>(path + encodePath(name), options), options)
  return {
    catalogDatacenters: () => json(connection, { path: '/v1/catalog/datacenters' }),
    catalogNodes: (options) => read(connection, catalogReads.nodes, options),
    catalogServices: (options = {}) =>
      read(connection, { ...catalogReads.services, ...cachedSpec(options) }, options),
    catalogService: (service, options) => instances('/v1/catalog/service/', service, options),
    catalogConnect: (service, options) => instances('/v1/catalog/connect/', service, options),
    catalogNode: (node, options) => at('/v1/catalog/node/', node, options),
    catalogNodeServices: (node, options) => at('/v1/catalog/node-services/', node, options),
    catalogGatewayServices: (gateway, options) => at('/v1/catalog/gateway-services/', gateway, options),
    catalogRegister: (registration) => change(connection, 'register', registration),
    catalogDeregister: (deregistration) => change(connection, 'deregister', deregistration),
    healthNode: (node, options) => at('/v1/health/node/', node, options),
    healthChecks: (service, options) => read(connection, catalogReads.serviceChecks(service), options),
    healthService: (service, options) => instances('/v1/health/service/', service, options),
    healthConnect: (service, options) => instances('/v1/health/connect/', service, options),
    healthIngress: (service, options) => instances('/v1/health/ingress/', service, options),
    healthState: (state, options) => read(connection, catalogReads.state(state), options),
    uiNodes: (options) => read(connection, { path: '/v1/internal/ui/nodes' }, options),
    uiNode: (node, options) =>
      read<NodeDumpShape | null>(
        connection,
        { path: `/v1/internal/ui/node/${encodePath(node)}`, whenMissing: null },
        options,
      ),
    uiServices: (options) => read(connection, { path: '/v1/internal/ui/services' }, options),
    uiGatewayServices: (gateway, options) => at('/v1/internal/ui/gateway-services-nodes/', gateway, options),
  }
}

function instancesAt<T>(path: string, options: InstanceQuery): ReadSpec<T> {
  const { query, headers } = cachedSpec(options)
  return {
    path,
    query: { tag: options.tags, passing: flag(options.passing, '1'), ...query },
    ...(headers !== undefined && { headers }),
  }
}

/** What says that an older answer will do. */
function cachedSpec({ cached }: CacheQuery): Pick<ReadSpec<unknown>, 'query' | 'headers'> {
  if (cached === undefined) return {}
  const query = { cached: '' }
  if (cached === true) return { query }
  const wishes = [
    cached.mustRevalidate === true ? 'must-revalidate' : '',
    cached.maxAgeSeconds === undefined ? '' : `max-age=${cached.maxAgeSeconds}`,
    cached.staleIfErrorSeconds === undefined ? '' : `stale-if-error=${cached.staleIfErrorSeconds}`,
  ]
  return { query, headers: { 'Cache-Control': wishes.filter((wish) => wish !== '').join(', ') } }
}

/** Registrations name their datacenter in the body. */
function change(
  connection: Connection,
  what: 'register' | 'deregister',
  body: RegistrationShape | DeregistrationShape,
): Promise<void> {
  const isOurs = body.Datacenter !== undefined || connection.datacenter === undefined
  return done(connection, {
    method: 'PUT',
    path: `/v1/catalog/${what}`,
    body: JSON.stringify(isOurs ? body : { ...body, Datacenter: connection.datacenter }),
  })
}
