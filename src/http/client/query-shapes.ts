// The JSON bodies of prepared queries in the reference's field names.
import type { TextMap } from '../../model/catalog.ts'
import type { ServiceHealthShape } from './shapes.ts'

/** A prepared query. */
export interface PreparedQueryShape {
  readonly ID: string
  readonly Name: string
  readonly Session: string
  readonly Token: string
  readonly Template: {
    /** `name_prefix_match`, or ''. */
    readonly Type: string
    readonly Regexp: string
    readonly RemoveEmptyTags: boolean
  }
  readonly Service: {
    readonly Service: string
    readonly Failover: { readonly NearestN: number; readonly Datacenters: readonly string[] | null }
    readonly OnlyPassing: boolean
    readonly IgnoreCheckIDs: readonly string[] | null
    readonly Near: string
    readonly Tags: readonly string[] | null
    readonly NodeMeta: TextMap | null
    readonly ServiceMeta: TextMap | null
    readonly Connect: boolean
  }
  readonly DNS: { readonly TTL: string }
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** A query as it is given; what is left out takes its default. */
export interface PreparedQueryRequestShape {
  readonly Name?: string
  readonly Session?: string
  readonly Token?: string
  readonly Template?: Partial<PreparedQueryShape['Template']>
  readonly Service?: Partial<Omit<PreparedQueryShape['Service'], 'Failover'>> & {
    readonly Failover?: Partial<PreparedQueryShape['Service']['Failover']>
  }
  readonly DNS?: Partial<PreparedQueryShape['DNS']>
}

/** What carrying out a query found. `LastContact` is in nanoseconds. */
export interface PreparedAnswerShape {
  readonly Service: string
  readonly Nodes: readonly ServiceHealthShape[]
  readonly DNS: { readonly TTL: string }
  readonly Datacenter: string
  readonly Failovers: number
  readonly Index: number
  readonly LastContact: number
  readonly KnownLeader: boolean
  readonly ConsistencyLevel: string
}
