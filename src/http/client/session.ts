// `/v1/session/*`: what holds locks.
import type { Connection } from './connection.ts'
import { type Answer, type ReadQuery, dcOf, encodePath, json, read } from './requests.ts'
import type { SessionRequestShape, SessionShape } from './shapes.ts'

/** Options of a change. */
export interface SessionOptions {
  readonly dc?: string
  readonly signal?: AbortSignal
}

/** Calls about sessions. */
export interface SessionClient {
  /** Resolves with the session's ID. */
  sessionCreate(session?: SessionRequestShape, options?: SessionOptions): Promise<string>
  /** That there is no such session is no failure. */
  sessionDestroy(id: string, options?: SessionOptions): Promise<void>
  /** Starts the session's time anew; null when it has ended. */
  sessionRenew(id: string, options?: SessionOptions): Promise<SessionShape | null>
  /** A session, or null. */
  sessionInfo(id: string, options?: ReadQuery): Promise<Answer<SessionShape | null>>
  sessionNode(node: string, options?: ReadQuery): Promise<Answer<readonly SessionShape[]>>
  sessionList(options?: ReadQuery): Promise<Answer<readonly SessionShape[]>>
}

/** Makes the calls. */
export function sessionCalls(connection: Connection): SessionClient {
  const change = (path: string, { dc, signal }: SessionOptions, body?: string) =>
    ({
      method: 'PUT',
      path: `/v1/session/${path}`,
      query: { dc: dcOf(connection, dc === undefined ? {} : { dc }) },
      signal,
      ...(body !== undefined && { body }),
    }) as const
  return {
    async sessionCreate(session = {}, options = {}) {
      const body = JSON.stringify(session)
      const { ID } = await json<{ readonly ID: string }>(connection, change('create', options, body))
      return ID
    },
    async sessionDestroy(id, options = {}) {
      await json(connection, change(`destroy/${encodePath(id)}`, options))
    },
    async sessionRenew(id, options = {}) {
      const request = { ...change(`renew/${encodePath(id)}`, options), alsoAccept: 404 }
      const response = await connection.send(request)
      if (response.status === 404) {
        await response.arrayBuffer()
        return null
      }
      const [session] = (await response.json()) as readonly SessionShape[]
      return session ?? null
    },
    async sessionInfo(id, options) {
      const spec = { path: `/v1/session/info/${encodePath(id)}` }
      const { value, ...meta } = await read<readonly SessionShape[]>(connection, spec, options)
      return { value: value[0] ?? null, ...meta }
    },
    sessionNode: (node, options) =>
      read(connection, { path: `/v1/session/node/${encodePath(node)}` }, options),
    sessionList: (options) => read(connection, { path: '/v1/session/list' }, options),
  }
}
