// Services and checks as they were given, printed as bodies for the API: for commands that read files.
import { formatDuration } from '../lib/durations.ts'
import type { Json, JsonObject, ServiceAddress } from '../model/catalog.ts'
import type { GivenCheck } from './check-fields.ts'
import { isEmpty } from './decode.ts'
import type { GivenService } from './service-fields.ts'

/** The body for `/v1/agent/service/register`; fields that say nothing are left out. */
export function serviceBody(given: GivenService): JsonObject {
  const { Check, Checks, Weights, TaggedAddresses, Connect, ...plain } = given
  return withoutEmpty({
    ...plain,
    TaggedAddresses: Object.fromEntries(
      Object.entries(TaggedAddresses).map(([tag, address]) => [tag, addressBody(address)]),
    ),
    Weights: Weights === null ? null : { Passing: Weights.passing, Warning: Weights.warning },
    Check: Check === null ? null : checkBody(Check),
    Checks: Checks.filter((check) => check !== null).map(checkBody),
    Connect: Connect === null ? null : connectBody(Connect),
  })
}

function addressBody({ address, port }: ServiceAddress): JsonObject {
  return { Address: address, Port: port }
}

function connectBody({ Native, SidecarService }: NonNullable<GivenService['Connect']>): JsonObject {
  return {
    ...(Native && { Native }),
    // A sidecar that says nothing is one all the same.
    ...(SidecarService !== null && { SidecarService: serviceBody(SidecarService) }),
  }
}

const durations = ['TTL', 'Interval', 'Timeout', 'DeregisterCriticalServiceAfter'] as const

function checkBody(given: GivenCheck): JsonObject {
  const texts = durations.map((name) => [name, given[name] === 0 ? '' : formatDuration(given[name])] as const)
  const { H2PingUseTLS } = given
  return {
    ...withoutEmpty({ ...given, ...Object.fromEntries(texts) }),
    ...(H2PingUseTLS === false && { H2PingUseTLS }),
  }
}

function withoutEmpty(object: { readonly [name: string]: Json }): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)))
}
