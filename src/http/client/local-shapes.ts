// The JSON bodies about an agent's own services and checks, in the reference's field names.
import type { JsonObject, TextMap } from '../../model/catalog.ts'
import type { CheckShape, ServiceAddressShape } from './shapes.ts'

/** A service of an agent (`/v1/agent/services`). */
export interface LocalServiceShape {
  readonly Kind?: string
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Meta: TextMap
  readonly Port: number
  readonly Address: string
  readonly SocketPath?: string
  readonly TaggedAddresses?: Readonly<Record<string, ServiceAddressShape>>
  readonly Weights: { readonly Passing: number; readonly Warning: number }
  readonly EnableTagOverride: boolean
  readonly Proxy?: JsonObject
  readonly Connect?: JsonObject
}

/** The same with the hash of what it says (`/v1/agent/service/:id`). */
export interface HashedServiceShape extends LocalServiceShape {
  readonly ContentHash: string
}

/** How an instance is, all its checks together (`/v1/agent/health/service/*`). */
export interface LocalHealthShape {
  readonly AggregatedStatus: 'passing' | 'warning' | 'critical' | 'maintenance'
  readonly Service: LocalServiceShape | null
  readonly Checks: readonly CheckShape[] | null
}

/** A check to be registered. Durations are text such as `10s`. */
export interface CheckDefinitionShape {
  readonly Name?: string
  readonly ID?: string
  readonly CheckID?: string
  readonly Notes?: string
  readonly Status?: string
  readonly Token?: string
  readonly ServiceID?: string
  readonly Args?: readonly string[]
  readonly DockerContainerID?: string
  readonly Shell?: string
  readonly HTTP?: string
  readonly Method?: string
  readonly Header?: Readonly<Record<string, readonly string[]>>
  readonly Body?: string
  readonly DisableRedirects?: boolean
  readonly TCP?: string
  readonly TCPUseTLS?: boolean
  readonly UDP?: string
  readonly GRPC?: string
  readonly GRPCUseTLS?: boolean
  readonly H2PING?: string
  readonly H2PingUseTLS?: boolean
  readonly OSService?: string
  readonly AliasNode?: string
  readonly AliasService?: string
  readonly TTL?: string
  readonly Interval?: string
  readonly Timeout?: string
  readonly TLSServerName?: string
  readonly TLSSkipVerify?: boolean
  readonly OutputMaxSize?: number
  readonly SuccessBeforePassing?: number
  readonly FailuresBeforeWarning?: number
  readonly FailuresBeforeCritical?: number
  readonly DeregisterCriticalServiceAfter?: string
}

/** A service to be registered. */
export interface ServiceDefinitionShape {
  readonly Name: string
  readonly ID?: string
  readonly Kind?: string
  readonly Tags?: readonly string[]
  readonly Address?: string
  readonly TaggedAddresses?: Readonly<Record<string, Partial<ServiceAddressShape>>>
  readonly Meta?: TextMap
  readonly Port?: number
  readonly SocketPath?: string
  readonly Check?: CheckDefinitionShape
  readonly Checks?: readonly CheckDefinitionShape[]
  readonly Weights?: { readonly Passing: number; readonly Warning: number }
  readonly Token?: string
  readonly EnableTagOverride?: boolean
  readonly Proxy?: JsonObject
  readonly Connect?: JsonObject
}
