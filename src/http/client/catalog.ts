// `/v1/catalog/*` and `/v1/health/*`: nodes, services and their checks.
import type { Connection } from './connection.ts'
import { type Answer, type ReadQuery, type ReadSpec, done, encodePath, flag, json, read } from './requests.ts'
import type {
  CatalogNodeShape,
  CheckShape,
  DeregistrationShape,
  NodeServicesShape,
  NodeShape,
  RegistrationShape,
  ServiceHealthShape,
  ServiceNodeShape,
} from './shapes.ts'

/** Service names to the union of their tags. */
export type ServiceTags = Readonly<Record<string, readonly string[]>>

/** Options of a question for the instances of a service. */
export type InstanceQuery = ReadQuery & { readonly tags?: readonly string[]; readonly passing?: boolean }

/** Calls about the catalog and about health. */
export interface CatalogClient {
  catalogDatacenters(): Promise<readonly string[]>
  catalogNodes(options?: ReadQuery): Promise<Answer<readonly NodeShape[]>>
  catalogServices(options?: ReadQuery): Promise<Answer<ServiceTags>>
  catalogService(
    service: string,
    options?: ReadQuery & { readonly tags?: readonly string[] },
  ): Promise<Answer<readonly ServiceNodeShape[]>>
  catalogNode(node: string, options?: ReadQuery): Promise<Answer<CatalogNodeShape | null>>
  catalogNodeServices(node: string, options?: ReadQuery): Promise<Answer<NodeServicesShape>>
  catalogRegister(registration: RegistrationShape): Promise<void>
  catalogDeregister(deregistration: DeregistrationShape): Promise<void>

  healthNode(node: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthChecks(service: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
  healthService(service: string, options?: InstanceQuery): Promise<Answer<readonly ServiceHealthShape[]>>
  /** Checks in a state: any, passing, warning or critical. */
  healthState(state: string, options?: ReadQuery): Promise<Answer<readonly CheckShape[]>>
}

/** Where the reads are that can also be watched. */
export const catalogReads = {
  nodes: { path: '/v1/catalog/nodes' } as ReadSpec<readonly NodeShape[]>,
  services: { path: '/v1/catalog/services' } as ReadSpec<ServiceTags>,
  instances: (service: string, options: InstanceQuery): ReadSpec<readonly ServiceHealthShape[]> => ({
    path: `/v1/health/service/${encodePath(service)}`,
    query: { tag: options.tags, passing: flag(options.passing, '1') },
  }),
  serviceChecks: (service: string): ReadSpec<readonly CheckShape[]> => ({
    path: `/v1/health/checks/${encodePath(service)}`,
  }),
  state: (state: string): ReadSpec<readonly CheckShape[]> => ({
    path: `/v1/health/state/${encodePath(state)}`,
  }),
} as const

/** Makes the calls. */
export function catalogCalls(connection: Connection): CatalogClient {
  return {
    catalogDatacenters: () => json(connection, { path: '/v1/catalog/datacenters' }),
    catalogNodes: (options) => read(connection, catalogReads.nodes, options),
    catalogServices: (options) => read(connection, catalogReads.services, options),
    catalogService: (service, options) =>
      read(
        connection,
        { path: `/v1/catalog/service/${encodePath(service)}`, query: { tag: options?.tags } },
        options,
      ),
    catalogNode: (node, options) =>
      read(connection, { path: `/v1/catalog/node/${encodePath(node)}` }, options),
    catalogNodeServices: (node, options) =>
      read(connection, { path: `/v1/catalog/node-services/${encodePath(node)}` }, options),
    catalogRegister: (registration) => change(connection, 'register', registration),
    catalogDeregister: (deregistration) => change(connection, 'deregister', deregistration),
    healthNode: (node, options) => read(connection, { path: `/v1/health/node/${encodePath(node)}` }, options),
    healthChecks: (service, options) => read(connection, catalogReads.serviceChecks(service), options),
    healthService: (service, options = {}) =>
      read(connection, catalogReads.instances(service, options), options),
    healthState: (state, options) => read(connection, catalogReads.state(state), options),
  }
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
