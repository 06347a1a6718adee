// From a service as it was given to a definition, with its checks and its sidecar.
import { type Result, err, ok } from '../lib/result.ts'
import type { JsonObject, ServiceAddress, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition, ServiceDefinition } from '../model/definition.ts'
import { buildCheck, checkFault, isStatus } from './check.ts'
import { type GivenCheck, isEmptyCheck } from './check-fields.ts'
import { addressFamily } from './ip.ts'
import { completeProxy, kindFaults } from './proxy-rules.ts'
import { type DefinitionRules, idFault, isWildcard, metaFault, weightsFault } from './rules.ts'
import type { GivenService } from './service-fields.ts'
import { sidecarOf } from './sidecar.ts'

/** Why a service is refused: sentences, and what of the service they are about. */
export interface ServiceFault {
  readonly about:
    | 'name'
    | 'id'
    | 'address'
    | 'port'
    | 'weights'
    | 'meta'
    | 'kind'
    | 'check'
    | 'status'
    | 'sidecar'
    | 'sidecarCheck'
  /** In the reference's words, without what they are about; several only of a kind. */
  readonly reasons: readonly string[]
  /** Index among the checks, where it is about one. */
  readonly check?: number
}

/** A definition and that of its sidecar, with sentences on what was changed or has no effect. */
export interface BuiltService {
  readonly service: ServiceDefinition
  readonly sidecar: ServiceDefinition | null
  readonly warnings: readonly string[]
}

/** Gives a port to a sidecar that names none; null if all are taken. */
export type PortGiver = (sidecarId: string) => number | null

/** Checks a service by the reference's rules, in its order, and makes the definition. */
export function buildService(
  given: GivenService,
  rules: DefinitionRules,
  portFor: PortGiver,
): Result<BuiltService, ServiceFault> {
  const fault = serviceFault(given)
  if (fault !== null) return err(fault)
  const main = definitionOf(given, rules)
  const asked = given.Connect?.SidecarService ?? null
  if (asked === null) return ok({ ...main, sidecar: null })
  const sidecar = sidecarOf(asked, main.service, portFor)
  if (!sidecar.ok) return err({ about: 'sidecar', reasons: [sidecar.error] })
  const sidecarFault = faultOfSidecar(sidecar.value)
  if (sidecarFault !== null) return err(sidecarFault)
  const built = definitionOf(sidecar.value, rules)
  return ok({
    service: main.service,
    sidecar: built.service,
    warnings: [...main.warnings, ...built.warnings],
  })
}

function serviceFault(given: GivenService): ServiceFault | null {
  if (given.Name === '') return { about: 'name', reasons: ['Missing service name'] }
  const id = idFault('Service', given.ID === '' ? given.Name : given.ID)
  if (id !== null) return { about: 'id', reasons: [id] }
  if (isWildcard(given.Address)) return { about: 'address', reasons: ['Invalid service address'] }
  if (given.Port !== 0 && given.SocketPath !== '') {
    return { about: 'port', reasons: ['Port and SocketPath cannot both be specified'] }
  }
  const weights = given.Weights === null ? null : weightsFault(given.Weights)
  if (weights !== null) return { about: 'weights', reasons: [weights] }
  const meta = metaFault(given.Meta)
  if (meta !== null) return { about: 'meta', reasons: [meta] }
  const kind = [...kindFaults(infoOf(given)), ...sidecarFaults(given)]
  if (kind.length > 0) return { about: 'kind', reasons: kind }
  return checksFault(checksOf(given))
}

function sidecarFaults({ Connect }: GivenService): readonly string[] {
  const sidecar = Connect?.SidecarService ?? null
  const faults: string[] = []
  if (sidecar === null) return faults
  if (sidecar.ID !== '') {
    faults.push('A SidecarService cannot specify an ID as this is managed by the agent')
  }
  if ((sidecar.Connect?.SidecarService ?? null) !== null) {
    faults.push('A SidecarService cannot have a nested SidecarService')
  }
  return faults
}

function checksFault(checks: readonly GivenCheck[]): ServiceFault | null {
  for (const [check, given] of checks.entries()) {
    const reason = checkFault(given)
    if (reason !== null) return { about: 'check', reasons: [reason], check }
    if (!isStatus(given.Status)) {
      return { about: 'status', reasons: ["Status for checks must 'passing', 'warning', 'critical'"], check }
    }
  }
  return null
}

/** The reference asks less of a sidecar: its weights are not looked at. */
function faultOfSidecar(given: GivenService): ServiceFault | null {
  const meta = metaFault(given.Meta)
  if (meta !== null) return { about: 'sidecar', reasons: [`Invalid SidecarService: ${meta}`] }
  const weights = given.Weights === null ? null : weightsFault(given.Weights)
  if (weights !== null) return { about: 'sidecar', reasons: [`Invalid SidecarService: ${weights}`] }
  const fault = checksFault(checksOf(given))
  return fault === null ? null : { ...fault, about: 'sidecarCheck' }
}

/** All checks of a service, the single one first; one without any field is none. */
export function checksOf({ Check, Checks }: GivenService): readonly GivenCheck[] {
  const single = Check === null || isEmptyCheck(Check) ? [] : [Check]
  return [...single, ...Checks.filter((check) => check !== null)]
}

function definitionOf(
  given: GivenService,
  rules: DefinitionRules,
): { readonly service: ServiceDefinition; readonly warnings: readonly string[] } {
  const service = infoOf(given)
  const checksGiven = checksOf(given)
  const warnings: string[] = isDnsName(service.service) ? [] : [dnsWarning(service.service)]
  const checks: CheckDefinition[] = []
  for (const [i, each] of checksGiven.entries()) {
    const ordinal = checksGiven.length === 1 ? '' : `:${i + 1}`
    const built = buildCheck(
      each,
      {
        id: each.CheckID === '' ? `service:${service.id}${ordinal}` : each.CheckID,
        name: each.Name === '' ? `Service '${service.service}' check` : each.Name,
        serviceId: service.id,
        token: given.Token,
      },
      rules,
    )
    checks.push(built.definition)
    warnings.push(...built.warnings)
  }
  return { service: { service, token: given.Token, checks: withoutDoubles(checks) }, warnings }
}

/** Of two checks with one id the later one counts, as with the reference. */
function withoutDoubles(checks: readonly CheckDefinition[]): readonly CheckDefinition[] {
  return new Set(checks.map(({ id }) => id)).size === checks.length
    ? checks
    : [...new Map(checks.map((check) => [check.id, check])).values()]
}

const dnsName = /^[a-zA-Z0-9-]{1,63}$/

function isDnsName(name: string): boolean {
  return dnsName.test(name)
}

function dnsWarning(name: string): string {
  return `Service "${name}" cannot be found through DNS: only letters, digits and "-", at most 63, can be`
}

function infoOf(given: GivenService): ServiceInfo {
  return {
    id: given.ID === '' ? given.Name : given.ID,
    service: given.Name,
    kind: given.Kind,
    tags: given.Tags,
    address: given.Address,
    port: given.Port,
    socketPath: given.SocketPath,
    taggedAddresses: taggedOf(given),
    meta: given.Meta,
    weights: given.Weights ?? { passing: 1, warning: 1 },
    enableTagOverride: given.EnableTagOverride,
    proxy: given.Proxy === null ? null : completeProxy(given.Proxy),
    connect: given.Connect?.Native === true ? nativeConnect : null,
  }
}

const nativeConnect: JsonObject = { Native: true }

/** An address that is an IP is also the one of its family, unless another is given. */
function taggedOf({ Address, Port, TaggedAddresses }: GivenService): ServiceInfo['taggedAddresses'] {
  const family = addressFamily(Address)
  if (family === null) return TaggedAddresses
  const own: ServiceAddress = { address: Address, port: Port }
  return { [`lan_${family}`]: own, [`wan_${family}`]: own, ...TaggedAddresses }
}
