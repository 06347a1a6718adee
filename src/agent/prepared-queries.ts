// Prepared queries as they are used over and over: compiled once, and filled in once for each name.
import type { AgentConfig } from '../config/agent-config.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { PreparedAnswer, PreparedQuery, PreparedRun, QueryService } from '../model/prepared-query.ts'
import { type CompiledQuery, compileQuery } from '../query/template.ts'
import type { Requests } from './requests.ts'

/** Names for which what a template says is kept; past it all are forgotten. */
const namesMax = 256

interface Kept {
  readonly compiled: Result<CompiledQuery, string>
  readonly filledByName: Map<string, Result<QueryService, string>>
}

/** Keeps what became of stored queries for as long as they are stored. */
export class FilledQueries {
  readonly #kept = new WeakMap<PreparedQuery, Kept>()
  readonly #connected = new WeakMap<QueryService, QueryService>()

  /** What a query searches for under a name; the same object as long as the query is the same. */
  fill(query: PreparedQuery, name: string): Result<QueryService, string> {
    const kept = this.#kept.get(query) ?? { compiled: compileQuery(query), filledByName: new Map() }
    this.#kept.set(query, kept)
    const { compiled, filledByName } = kept
    if (!compiled.ok) return err(compiled.error)
    if (query.template === null) return compiled.value.fill({ name, segment: '' })
    const known = filledByName.get(name)
    if (known !== undefined) return known
    const filled = compiled.value.fill({ name, segment: '' })
    if (filledByName.size >= namesMax) filledByName.clear()
    filledByName.set(name, filled)
    return filled
  }

  /** The same, of the service's proxies. */
  withConnect(service: QueryService): QueryService {
    if (service.connect) return service
    const connected = this.#connected.get(service) ?? { ...service, connect: true }
    this.#connected.set(service, connected)
    return connected
  }
}

/** Why a query cannot be carried out as it was asked for; null if it can. */
export function templateByIdProblem(query: PreparedQuery, nameOrId: string): string | null {
  const isById = query.template !== null && query.id.toLowerCase() === nameOrId.toLowerCase()
  return isById ? 'prepared query templates can only be resolved up by name, not by ID' : null
}

/** Carries out a query for DNS: as fresh as its settings say. */
export async function runForDns(
  requests: Pick<Requests, 'runPrepared'>,
  run: PreparedRun,
  { allowStale, maxStaleMs }: Pick<AgentConfig['dns'], 'allowStale' | 'maxStaleMs'>,
): Promise<Result<PreparedAnswer | null, RequestError>> {
  const freshness = allowStale
    ? ({ consistency: 'stale', maxStaleMs } as const)
    : ({ consistency: 'default', maxStaleMs: null } as const)
  const answer = await requests.runPrepared(run, freshness)
  return answer.ok ? ok(answer.value.value) : answer
}
