// `/v1/agent/service*`, `/v1/agent/check*`, `/v1/agent/health/*`: the services and checks of the agent that is asked.
import type { Connection, RequestSpec } from './connection.ts'
import type {
  CheckDefinitionShape,
  HashedServiceShape,
  LocalHealthShape,
  LocalServiceShape,
  ServiceDefinitionShape,
} from './local-shapes.ts'
import { done, encodePath, flag, json, parse } from './requests.ts'
import type { CheckShape } from './shapes.ts'

/** What can be said of any of these calls. */
export interface LocalOptions {
  readonly signal?: AbortSignal
}

/** Calls about the agent's own services and checks. */
export interface LocalClient {
  /** By ID. */
  agentServices(
    options?: LocalOptions & { readonly filter?: string },
  ): Promise<Readonly<Record<string, LocalServiceShape>>>
  /** One service, or null. With `hash` the answer comes when the content has another one, after `wait` at the latest. */
  agentService(
    id: string,
    options?: LocalOptions & { readonly hash?: string; readonly wait?: string },
  ): Promise<HashedServiceShape | null>
  /** By ID. */
  agentChecks(
    options?: LocalOptions & { readonly filter?: string },
  ): Promise<Readonly<Record<string, CheckShape>>>
  /** How the instances of a service on this agent are; empty if there are none. */
  agentHealthByName(name: string, options?: LocalOptions): Promise<readonly LocalHealthShape[]>
  /** How an instance on this agent is, or null. */
  agentHealthById(id: string, options?: LocalOptions): Promise<LocalHealthShape | null>
  /** With `replaceChecks` those of its checks that are not given again are removed. */
  serviceRegister(
    service: ServiceDefinitionShape,
    options?: LocalOptions & { readonly replaceChecks?: boolean },
  ): Promise<void>
  serviceDeregister(id: string, options?: LocalOptions): Promise<void>
  serviceMaintenance(
    id: string,
    isEnabled: boolean,
    options?: LocalOptions & { readonly reason?: string },
  ): Promise<void>
  nodeMaintenance(isEnabled: boolean, options?: LocalOptions & { readonly reason?: string }): Promise<void>
  checkRegister(check: CheckDefinitionShape, options?: LocalOptions): Promise<void>
  checkDeregister(id: string, options?: LocalOptions): Promise<void>
  /** News of a TTL check. */
  checkPass(id: string, options?: LocalOptions & { readonly note?: string }): Promise<void>
  checkWarn(id: string, options?: LocalOptions & { readonly note?: string }): Promise<void>
  checkFail(id: string, options?: LocalOptions & { readonly note?: string }): Promise<void>
  /** The same with more than fits into an address. */
  checkUpdate(
    id: string,
    update: { readonly Status: 'passing' | 'warning' | 'critical'; readonly Output?: string },
    options?: LocalOptions,
  ): Promise<void>
  /** Refused while there is no access control. */
  agentToken(type: string, token: string, options?: LocalOptions): Promise<void>
}

/** Statuses of aggregated health that are answers. */
const healthStatuses: readonly number[] = [404, 429, 503]

/** Makes the calls. */
export function localCalls(connection: Connection): LocalClient {
  const put = (path: string, { query, body, signal }: Omit<RequestSpec, 'method' | 'path'>): Promise<void> =>
    done(connection, {
      method: 'PUT',
      path: `/v1/agent/${path}`,
      ...(query !== undefined && { query }),
      ...(body !== undefined && { body }),
      signal,
    })
  const hear =
    (verb: string) =>
    (id: string, { note, signal }: LocalOptions & { readonly note?: string } = {}): Promise<void> =>
      put(`check/${verb}/${encodePath(id)}`, { query: { note }, signal })
  const health = async <T>(path: string, { signal }: LocalOptions): Promise<T> => {
    const response = await connection.send({
      path: `/v1/agent/health/service/${path}`,
      alsoAccept: healthStatuses,
      signal,
    })
    return parse(await response.text()) as T
  }
  return {
    agentServices: ({ filter, signal } = {}) =>
      json(connection, { path: '/v1/agent/services', query: { filter }, signal }),
    agentService: (id, options = {}) => oneService(connection, id, options),
    agentChecks: ({ filter, signal } = {}) =>
      json(connection, { path: '/v1/agent/checks', query: { filter }, signal }),
    agentHealthByName: (name, options = {}) => health(`name/${encodePath(name)}`, options),
    async agentHealthById(id, options = {}) {
      const found = await health<LocalHealthShape>(`id/${encodePath(id)}`, options)
      return found.Service === null ? null : found
    },
    serviceRegister: (service, { replaceChecks, signal } = {}) =>
      put('service/register', {
        query: { 'replace-existing-checks': flag(replaceChecks, 'true') },
        body: JSON.stringify(service),
        signal,
      }),
    serviceDeregister: (id, { signal } = {}) => put(`service/deregister/${encodePath(id)}`, { signal }),
    serviceMaintenance: (id, isEnabled, { reason, signal } = {}) =>
      put(`service/maintenance/${encodePath(id)}`, { query: { enable: String(isEnabled), reason }, signal }),
    nodeMaintenance: (isEnabled, { reason, signal } = {}) =>
      put('maintenance', { query: { enable: String(isEnabled), reason }, signal }),
    checkRegister: (check, { signal } = {}) => put('check/register', { body: JSON.stringify(check), signal }),
    checkDeregister: (id, { signal } = {}) => put(`check/deregister/${encodePath(id)}`, { signal }),
    checkPass: hear('pass'),
    checkWarn: hear('warn'),
    checkFail: hear('fail'),
    checkUpdate: (id, update, { signal } = {}) =>
      put(`check/update/${encodePath(id)}`, { body: JSON.stringify(update), signal }),
    agentToken: (type, token, { signal } = {}) =>
      put(`token/${encodePath(type)}`, { body: JSON.stringify({ Token: token }), signal }),
  }
}

/** The service of an agent, null if there is none; with a hash it waits for another content. */
export async function oneService(
  connection: Connection,
  id: string,
  { hash, wait, signal }: LocalOptions & { readonly hash?: string; readonly wait?: string },
): Promise<HashedServiceShape | null> {
  const response = await connection.send({
    path: `/v1/agent/service/${encodePath(id)}`,
    query: { hash, wait },
    alsoAccept: 404,
    signal,
  })
  const text = await response.text()
  return response.status === 404 ? null : (parse(text) as HashedServiceShape)
}
