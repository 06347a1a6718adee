// The body of `/v1/query` as a prepared query.
import { metaFault, metaLimits } from '../definition/rules.ts'
import { parseDuration } from '../lib/durations.ts'
import type { TextMap } from '../model/catalog.ts'
import { limits } from '../model/limits.ts'
import type { PreparedQueryInfo, QueryService, QueryTemplate } from '../model/prepared-query.ts'
import { compileQuery } from '../query/template.ts'
import {
  type Reader,
  bool,
  integer,
  list,
  required,
  struct,
  text,
  textListReader,
  textMapReader,
} from '../definition/decode.ts'
import { decodeBody } from './decode.ts'
import { Refusal } from './errors.ts'
import { durationProblem } from './session-body.ts'

/** A body, read but not yet judged: `id` is the one it holds, '' for none. */
export interface GivenQuery {
  readonly query: PreparedQueryInfo
  /** As given: only one type is known. */
  readonly templateType: string
}

/** Reads a query. Throws Refusal (400) for a body of the wrong form. */
export function decodeQuery(body: string): GivenQuery {
  const given = decodeBody(body, required(preparedQuery))
  return {
    query: {
      id: given.ID,
      name: given.Name,
      session: given.Session,
      token: given.Token,
      template: templateOf(given.Template),
      service: serviceOf(given.Service),
      dnsTtl: given.DNS.TTL,
    },
    templateType: given.Template?.Type ?? '',
  }
}

/** Refuses (500) what cannot be carried out, in the reference's words and order. */
export function refuseBadQuery({ query, templateType }: GivenQuery): void {
  const problem = problemOf(query, templateType)
  if (problem !== null) throw new Refusal(500, `Invalid prepared query: ${problem}`)
  if (templateType !== '' && query.template === null) {
    throw new Refusal(500, `failed compiling template: Bad Template.Type '${templateType}'`)
  }
  const compiled = compileQuery(query)
  if (!compiled.ok) throw new Refusal(500, compiled.error)
}

function problemOf(query: PreparedQueryInfo, templateType: string): string | null {
  const { name, session, token, service, dnsTtl } = query
  if (name === '' && session === '' && templateType === '') return 'Must be bound to a session'
  if (name.length > limits.queryNameCharactersMax) {
    return `Name is too long (limit: ${limits.queryNameCharactersMax} characters)`
  }
  if (token === '<hidden>') {
    return `Bad Token '${token}', it looks like a query definition with a redacted token was submitted`
  }
  if (service.service === '') return 'Must provide a Service name to query'
  const { nearestN } = service.failover
  if (nearestN < 0) return `Bad NearestN '${nearestN}', must be >= 0`
  return metaProblem(service.nodeMeta) ?? ttlProblem(dnsTtl)
}

/** Keys of our own, such as `consul-network-segment`, may be asked for; only registering them is refused. */
function metaProblem(meta: TextMap): string | null {
  const entries = Object.entries(meta)
  if (entries.length > metaLimits.pairsMax) return metaFault(meta)
  return metaFault(Object.fromEntries(entries.filter(([key]) => !key.startsWith('consul-'))))
}

function ttlProblem(ttl: string): string | null {
  if (ttl === '') return null
  const nanos = parseDuration(ttl)
  if (nanos === undefined) return `Bad DNS TTL '${ttl}': ${durationProblem(ttl)}`
  return nanos < 0 ? `DNS TTL '${nanos}', must be >=0` : null
}

interface GivenService {
  readonly Service: string
  readonly Failover: {
    readonly NearestN: number
    readonly Datacenters: readonly string[]
  }
  readonly OnlyPassing: boolean
  readonly IgnoreCheckIDs: readonly string[]
  readonly Near: string
  readonly Tags: readonly string[]
  readonly NodeMeta: TextMap
  readonly ServiceMeta: TextMap
  readonly Connect: boolean
}

interface GivenTemplate {
  readonly Type: string
  readonly Regexp: string
  readonly RemoveEmptyTags: boolean
}

interface Given {
  readonly ID: string
  readonly Name: string
  readonly Session: string
  readonly Token: string
  readonly Template: GivenTemplate | null
  readonly Service: GivenService
  readonly DNS: { readonly TTL: string }
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

const preparedQuery: Reader<Given | null> = struct<Given>(
  {
    ID: text(),
    Name: text(),
    Session: text(),
    Token: text(),
    Template: struct<GivenTemplate>(
      { Type: text(), Regexp: text(), RemoveEmptyTags: bool },
      { goType: 'structs.QueryTemplateOptions' },
    ),
    Service: required(
      struct<GivenService>(
        {
          Service: text(),
          Failover: required(
            struct(
              { NearestN: integer(), Datacenters: textListReader },
              { goType: 'structs.QueryDatacenterOptions' },
            ),
          ),
          OnlyPassing: bool,
          IgnoreCheckIDs: list(text('types.CheckID'), '[]types.CheckID'),
          Near: text(),
          Tags: textListReader,
          NodeMeta: textMapReader,
          ServiceMeta: textMapReader,
          Connect: bool,
        },
        { goType: 'structs.ServiceQuery' },
      ),
    ),
    DNS: required(struct({ TTL: text() }, { goType: 'structs.QueryDNSOptions' })),
    CreateIndex: integer('uint64'),
    ModifyIndex: integer('uint64'),
  },
  { goType: 'structs.PreparedQuery' },
)

function templateOf(given: GivenTemplate | null): QueryTemplate | null {
  if (given?.Type !== 'name_prefix_match') return null
  return { type: 'name_prefix_match', regexp: given.Regexp, removeEmptyTags: given.RemoveEmptyTags }
}

function serviceOf(given: GivenService): QueryService {
  return {
    service: given.Service,
    failover: { nearestN: given.Failover.NearestN, datacenters: given.Failover.Datacenters },
    onlyPassing: given.OnlyPassing,
    ignoreCheckIds: given.IgnoreCheckIDs,
    near: given.Near,
    tags: given.Tags,
    nodeMeta: given.NodeMeta,
    serviceMeta: given.ServiceMeta,
    connect: given.Connect,
  }
}
