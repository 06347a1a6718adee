// `connect.sidecar_service`: the proxy that goes with a service, as a service of its own.
import { type Result, err, ok } from '../lib/result.ts'
import type { Json, JsonObject, ServiceInfo } from '../model/catalog.ts'
import type { ServiceDefinition } from '../model/definition.ts'
import { type GivenCheck, checkReader } from './check-fields.ts'
import { required } from './decode.ts'
import { apiRoot } from './misfit.ts'
import type { PortRange } from './rules.ts'
import type { PortGiver } from './service.ts'
import type { GivenService } from './service-fields.ts'

const suffix = '-sidecar-proxy'

/** The id of a service's sidecar. */
export function sidecarIdOf(serviceId: string): string {
  return `${serviceId}${suffix}`
}

/** True if this service is the sidecar that a definition of the other one has made. */
export function isSidecarOf(sidecar: ServiceInfo, serviceId: string): boolean {
  return (
    sidecar.id === sidecarIdOf(serviceId) &&
    sidecar.kind === 'connect-proxy' &&
    sidecar.proxy?.['DestinationServiceID'] === serviceId
  )
}

/** The sidecar with all that it takes from its service. Errors: no port is left. */
export function sidecarOf(
  asked: GivenService,
  { service, token }: ServiceDefinition,
  portFor: PortGiver,
): Result<GivenService, string> {
  const id = sidecarIdOf(service.id)
  const port = asked.Port > 0 || asked.SocketPath !== '' ? asked.Port : portFor(id)
  if (port === null) {
    return err(
      `No port is left for the sidecar "${id}": give one, or widen ports.sidecar_min_port to ports.sidecar_max_port`,
    )
  }
  const hasChecks = asked.Check !== null || asked.Checks.length > 0
  return ok({
    ...asked,
    ID: id,
    Kind: asked.Kind === '' ? 'connect-proxy' : asked.Kind,
    Name: asked.Name === '' ? `${service.service}${suffix}` : asked.Name,
    Tags: asked.Tags.length > 0 ? asked.Tags : service.tags,
    Meta: Object.keys(asked.Meta).length > 0 ? asked.Meta : service.meta,
    Address: asked.Address === '' ? service.address : asked.Address,
    Port: port,
    Token: asked.Token === '' ? token : asked.Token,
    Proxy: proxyOf(asked.Proxy, service),
    Checks: hasChecks ? asked.Checks : usualChecks(service.id, port),
    Connect: null,
  })
}

/** Fields in the order in which the reference prints them. */
function proxyOf(asked: JsonObject | null, service: ServiceInfo): JsonObject {
  const given: JsonObject = asked ?? { MeshGateway: {}, Expose: {} }
  const own: Readonly<Record<string, Json>> = {
    DestinationServiceName: service.service,
    DestinationServiceID: service.id,
    LocalServiceAddress: '127.0.0.1',
    ...(service.port > 0 && { LocalServicePort: service.port }),
  }
  const first = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, given[name] ?? value]))
  return { ...first, ...given }
}

const noCheck: GivenCheck = required(checkReader)(null, apiRoot)

/** That the proxy listens, and that its service is well. */
function usualChecks(serviceId: string, port: number): readonly GivenCheck[] {
  return [
    { ...noCheck, Name: 'Connect Sidecar Listening', TCP: `127.0.0.1:${port}`, Interval: 10e9 },
    { ...noCheck, Name: `Connect Sidecar Aliasing ${serviceId}`, AliasService: serviceId },
  ]
}

/** The services of this node, by id. */
export interface KnownServices {
  get(id: string): ServiceInfo | undefined
  values(): Iterable<ServiceInfo>
}

/** Gives the first free port, or the one that the sidecar has already. */
export function firstFreePort(range: PortRange, services: KnownServices): PortGiver {
  return (sidecarId) => {
    const present = services.get(sidecarId)?.port ?? 0
    if (present >= range.min && present <= range.max) return present
    const taken = new Set(Array.from(services.values(), ({ port }) => port))
    for (let port = range.min; port <= range.max; port++) if (!taken.has(port)) return port
    return null
  }
}
