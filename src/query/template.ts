// Templates: a query that answers to all names with its own as prefix, its fields filled in from the name asked for.
import { type Regex, compileRegex } from '../lib/regex.ts'
import { type Result, err, ok } from '../lib/result.ts'
import type { TextMap } from '../model/catalog.ts'
import { limits } from '../model/limits.ts'
import type { PreparedQueryInfo, QueryService } from '../model/prepared-query.ts'
import { type Interpolation, type Scope, parseInterpolation } from './interpolation.ts'

/** A query that is ready to be filled in. */
export interface CompiledQuery {
  /** What is searched for under a name. The error is a sentence. */
  fill(asked: AskedName): Result<QueryService, string>
}

/** What a template is filled in from. */
export interface AskedName {
  readonly name: string
  /** The network segment of the agent that asks; '' is the only one here. */
  readonly segment: string
}

/** Compiles a query; one that is no template is what it is. The error is the reference's sentence. */
export function compileQuery(query: PreparedQueryInfo): Result<CompiledQuery, string> {
  if (query.template === null) return ok({ fill: () => ok(query.service) })
  const { regexp } = query.template
  const regex = regexp === '' ? ok(null) : compileRegex(regexp)
  if (!regex.ok) return err(`failed compiling template: Bad Regexp: ${regex.error}`)
  const fields = compileFields(query.service)
  if (!fields.ok) return err(`failed compiling template: ${fields.error}`)
  const compiled = new Template(query, regex.value, fields.value)
  const tried = compiled.fill({ name: query.name, segment: '' })
  return tried.ok ? ok(compiled) : err(`failed compiling template: ${tried.error}`)
}

/** A text of a query's service, with what the reference calls its place. */
interface Field {
  readonly place: string
  readonly source: string
  readonly text: Interpolation
}

/** Only what has something to fill in; everything else stays. By place. */
type Fields = ReadonlyMap<string, Field>

class Template implements CompiledQuery {
  readonly #query: PreparedQueryInfo
  readonly #regex: Regex | null
  readonly #fields: Fields

  constructor(query: PreparedQueryInfo, regex: Regex | null, fields: Fields) {
    this.#query = query
    this.#regex = regex
    this.#fields = fields
  }

  fill(asked: AskedName): Result<QueryService, string> {
    const filled = new Map<string, string>()
    const scope = scopeOf(this.#query.name, asked, this.#regex)
    for (const { place, source, text } of this.#fields.values()) {
      const value = text.fill(scope)
      if (!value.ok) return err(`Bad evaluation for '${source}' in ${place}: ${value.error}`)
      filled.set(place, value.value)
    }
    const { service, template } = this.#query
    const next = mapTexts(service, (given, place) => filled.get(place) ?? given)
    if (template?.removeEmptyTags !== true) return ok(next)
    return ok({ ...next, tags: next.tags.filter((tag) => tag !== '') })
  }
}

function scopeOf(prefix: string, { name, segment }: AskedName, regex: Regex | null): Scope {
  const groups = regex === null || name.length > limits.queryNameCharactersMax ? null : regex.find(name)
  return {
    variables: new Map([
      ['name.full', name],
      ['name.prefix', prefix],
      // As there: a prefix in other letters is none that could be cut off.
      ['name.suffix', name.startsWith(prefix) ? name.slice(prefix.length) : name],
      ['agent.segment', segment],
    ]),
    functions: new Map([['match', (index: number) => groups?.[index] ?? '']]),
  }
}

function compileFields(service: QueryService): Result<Fields, string> {
  const fields = new Map<string, Field>()
  let problem: string | null = null
  mapTexts(service, (source, place) => {
    if (!source.includes('$') || problem !== null) return source
    const text = parseInterpolation(source)
    if (text === null) problem = `Bad format '${source}' in ${place}: parse error: syntax error`
    else fields.set(place, { place, source, text })
    return source
  })
  return problem === null ? ok(fields) : err(problem)
}

/** Replaces each text of a service, in the order in which the reference walks them. Keys of maps stay. */
function mapTexts(service: QueryService, replace: (text: string, place: string) => string): QueryService {
  const list = (texts: readonly string[], place: string): readonly string[] =>
    texts.map((text, at) => replace(text, `${place}[${at}]`))
  const map = (texts: TextMap, place: string): TextMap =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, replace(text, `${place}[${key}]`)]))
  return {
    ...service,
    service: replace(service.service, 'Service.Service'),
    failover: {
      ...service.failover,
      datacenters: list(service.failover.datacenters, 'Service.Failover.Datacenters'),
    },
    ignoreCheckIds: list(service.ignoreCheckIds, 'Service.IgnoreCheckIDs'),
    near: replace(service.near, 'Service.Near'),
    tags: list(service.tags, 'Service.Tags'),
    nodeMeta: map(service.nodeMeta, 'Service.NodeMeta'),
    serviceMeta: map(service.serviceMeta, 'Service.ServiceMeta'),
  }
}
