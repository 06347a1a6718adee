// Queries and instances for tests, by what matters in them.
import type { CatalogCheck, CheckStatus, ServiceHealth } from '../../../src/model/catalog.ts'
import type { PreparedQueryInfo, QueryService, QueryTemplate } from '../../../src/model/prepared-query.ts'

/** What a query searches for, without conditions unless given. */
export function serviceOf(fields: Partial<QueryService> = {}): QueryService {
  return {
    service: 'web',
    failover: { nearestN: 0, datacenters: [] },
    onlyPassing: false,
    ignoreCheckIds: [],
    near: '',
    tags: [],
    nodeMeta: {},
    serviceMeta: {},
    connect: false,
    ...fields,
  }
}

/** A query. */
export function queryOf(
  fields: Partial<Omit<PreparedQueryInfo, 'service'>> = {},
  service: Partial<QueryService> = {},
): PreparedQueryInfo {
  return {
    id: '5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91',
    name: 'q',
    session: '',
    token: '',
    template: null,
    dnsTtl: '',
    ...fields,
    service: serviceOf(service),
  }
}

/** A template without a regular expression unless given. */
export function templateOf(fields: Partial<QueryTemplate> = {}): QueryTemplate {
  return { type: 'name_prefix_match', regexp: '', removeEmptyTags: false, ...fields }
}

/** What an instance is told apart by. */
export interface Sample {
  readonly node: string
  readonly tags?: readonly string[]
  readonly nodeMeta?: Readonly<Record<string, string>>
  readonly meta?: Readonly<Record<string, string>>
  readonly checks?: Readonly<Record<string, CheckStatus>>
}

/** An instance of `web`. */
export function instanceOf({
  node,
  tags = [],
  nodeMeta = {},
  meta = {},
  checks = {},
}: Sample): ServiceHealth {
  const indexes = { createIndex: 1, modifyIndex: 1 }
  return {
    node: {
      id: '',
      name: node,
      address: '10.0.0.1',
      datacenter: 'dc1',
      taggedAddresses: {},
      meta: nodeMeta,
      ...indexes,
    },
    service: {
      id: 'web',
      service: 'web',
      kind: '',
      tags,
      address: '',
      port: 80,
      socketPath: '',
      taggedAddresses: {},
      meta,
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: null,
      connect: null,
      node,
      ...indexes,
    },
    checks: Object.entries(checks).map(([checkId, status]): CatalogCheck => ({
      node,
      checkId,
      name: checkId,
      status,
      notes: '',
      output: '',
      serviceId: 'web',
      serviceName: 'web',
      serviceTags: [],
      type: '',
      definition: {},
      ...indexes,
    })),
  }
}
