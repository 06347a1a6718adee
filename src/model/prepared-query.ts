// Prepared queries: named searches for services that are kept in the catalog and carried out by name.
import type { Indexes, ServiceHealth, TextMap } from './catalog.ts'

/** A query as a client gives it. */
export interface PreparedQueryInfo {
  /** UUID; made by the agent that creates it. */
  readonly id: string
  /** '' for a query that is carried out by its id alone. */
  readonly name: string
  /** The query ends with this session; '' for none. */
  readonly session: string
  /** Token that it is carried out with; '' for that of the asker. */
  readonly token: string
  /** Null: no template. */
  readonly template: QueryTemplate | null
  readonly service: QueryService
  /** `DNS.TTL` as given, such as `10s`; '' for none. */
  readonly dnsTtl: string
}

/** A query that answers to all names with its own name as prefix. */
export interface QueryTemplate {
  /** The only type there is. */
  readonly type: 'name_prefix_match'
  /** '' for none. */
  readonly regexp: string
  readonly removeEmptyTags: boolean
}

/** What is searched for. */
export interface QueryService {
  readonly service: string
  readonly failover: QueryFailover
  readonly onlyPassing: boolean
  readonly ignoreCheckIds: readonly string[]
  /** `_agent`, `_ip`, a node's name, or ''. */
  readonly near: string
  /** With `!` in front: must not be there. */
  readonly tags: readonly string[]
  readonly nodeMeta: TextMap
  readonly serviceMeta: TextMap
  readonly connect: boolean
}

/** Where to search when nothing is found here. */
export interface QueryFailover {
  readonly nearestN: number
  readonly datacenters: readonly string[]
}

/** A query as stored. */
export type PreparedQuery = PreparedQueryInfo & Indexes

/** What carrying out a query found. */
export interface PreparedAnswer {
  /** The service's name after the template was filled in. */
  readonly service: string
  readonly nodes: readonly ServiceHealth[]
  /** `DNS.TTL` after the template, '' for none. */
  readonly dnsTtl: string
  /** The datacenter that has answered. */
  readonly datacenter: string
  /** Other datacenters that were asked. */
  readonly failovers: number
}

/** What a server is asked to search. */
export type PreparedSearch =
  /** A query by name or ID, carried out for an agent. `near` overrides the query's own unless ''. */
  | {
      readonly kind: 'named'
      readonly nameOrId: string
      readonly limit: number
      readonly sourceIp: string
      readonly near: string
      readonly connect: boolean
      /** The node of the agent that was asked, and its datacenter. */
      readonly agentNode: string
      readonly agentDatacenter: string
    }
  /** One that found nothing in another datacenter, filled in there. */
  | {
      readonly kind: 'filled'
      readonly service: QueryService
      readonly dnsTtl: string
      readonly limit: number
    }

/** How a query is carried out. */
export interface PreparedRun {
  readonly nameOrId: string
  /** '' is our own. */
  readonly datacenter: string
  /** 0: all. */
  readonly limit: number
  /** The asker's address, for `near=_ip` and templates of the source; '' if unknown. */
  readonly sourceIp: string
  /** Overrides the query's own `near` unless ''. */
  readonly near: string
  readonly connect: boolean
}
