// `/v1/query*`: prepared queries.
import type { Connection } from './connection.ts'
import {
  type PreparedAnswerShape,
  type PreparedQueryRequestShape,
  type PreparedQueryShape,
} from './query-shapes.ts'
import { type Answer, type ReadQuery, dcOf, done, encodePath, json, read } from './requests.ts'

/** Options of a change. */
export interface QueryOptions {
  readonly dc?: string
  readonly signal?: AbortSignal
}

/** How a query is carried out. */
export interface RunOptions extends Pick<
  ReadQuery,
  'dc' | 'stale' | 'consistent' | 'maxStale' | 'near' | 'signal'
> {
  /** So many instances at most. */
  readonly limit?: number
  /** Proxies for the service instead of its instances. */
  readonly connect?: boolean
}

/** Calls about prepared queries. */
export interface QueryClient {
  queryList(options?: ReadQuery): Promise<Answer<readonly PreparedQueryShape[]>>
  /** A query by its ID, or null. */
  queryRead(id: string, options?: ReadQuery): Promise<Answer<PreparedQueryShape | null>>
  /** Resolves with the query's ID. */
  queryCreate(query: PreparedQueryRequestShape, options?: QueryOptions): Promise<string>
  queryUpdate(id: string, query: PreparedQueryRequestShape, options?: QueryOptions): Promise<void>
  queryDelete(id: string, options?: QueryOptions): Promise<void>
  /** What carrying out a query found; null if there is none of this name or ID. */
  queryExecute(nameOrId: string, options?: RunOptions): Promise<PreparedAnswerShape | null>
  /** The query that answers to a name, filled in; null if there is none. */
  queryExplain(
    nameOrId: string,
    options?: Omit<RunOptions, 'near' | 'connect'>,
  ): Promise<PreparedQueryShape | null>
}

/** Makes the calls. */
export function queryCalls(connection: Connection): QueryClient {
  const change = (method: 'POST' | 'PUT' | 'DELETE', id: string, { dc, signal }: QueryOptions) =>
    ({
      method,
      path: id === '' ? '/v1/query' : `/v1/query/${encodePath(id)}`,
      query: { dc: dcOf(connection, dc === undefined ? {} : { dc }) },
      signal,
    }) as const
  const run = async <T>(nameOrId: string, verb: string, options: RunOptions): Promise<T | null> => {
    const { limit, connect, ...rest } = options
    const spec = {
      path: `/v1/query/${encodePath(nameOrId)}/${verb}`,
      query: {
        limit: limit === undefined ? undefined : String(limit),
        connect: connect ? 'true' : undefined,
      },
      whenMissing: null,
    }
    return (await read<T | null>(connection, spec, rest)).value
  }
  return {
    queryList: (options) => read(connection, { path: '/v1/query' }, options),
    async queryRead(id, options) {
      const spec = { path: `/v1/query/${encodePath(id)}`, whenMissing: [] }
      const { value, ...meta } = await read<readonly PreparedQueryShape[]>(connection, spec, options)
      return { value: value[0] ?? null, ...meta }
    },
    async queryCreate(query, options = {}) {
      const request = { ...change('POST', '', options), body: JSON.stringify(query) }
      return (await json<{ readonly ID: string }>(connection, request)).ID
    },
    queryUpdate: (id, query, options = {}) =>
      done(connection, { ...change('PUT', id, options), body: JSON.stringify(query) }),
    queryDelete: (id, options = {}) => done(connection, change('DELETE', id, options)),
    queryExecute: (nameOrId, options = {}) => run<PreparedAnswerShape>(nameOrId, 'execute', options),
    async queryExplain(nameOrId, options = {}) {
      const explained = await run<{ readonly Query: PreparedQueryShape }>(nameOrId, 'explain', options)
      return explained?.Query ?? null
    },
  }
}
