// `/v1/config`: settings of services and proxies that the cluster keeps for everybody.
import type { Connection } from './connection.ts'
import { type Answer, type ReadQuery, dcOf, encodePath, json, read } from './requests.ts'
import type { ConfigEntryRequestShape, ConfigEntryShape, ExportedServiceShape } from './shapes.ts'

/** Options of a change. `cas`: only if the entry has this ModifyIndex; 0: only if there is none. */
export interface ConfigEntryOptions {
  readonly dc?: string
  readonly cas?: number
  readonly signal?: AbortSignal
}

/** Calls about configuration entries. */
export interface ConfigClient {
  /** Creates or replaces an entry; false if `cas` is not its ModifyIndex any more. */
  configSet(entry: ConfigEntryRequestShape, options?: ConfigEntryOptions): Promise<boolean>
  /** An entry, or null. */
  configGet(kind: string, name: string, options?: ReadQuery): Promise<Answer<ConfigEntryShape | null>>
  /** The entries of a kind, or with '' of every kind. */
  configList(kind: string, options?: ReadQuery): Promise<Answer<readonly ConfigEntryShape[]>>
  /** Deletes an entry; false if `cas` is not its ModifyIndex any more. What is not there is no failure. */
  configDelete(kind: string, name: string, options?: ConfigEntryOptions): Promise<boolean>
  /** What the entry `exported-services` exports; a wildcard in it stands for every service of the catalog. */
  exportedServices(options?: ReadQuery): Promise<Answer<readonly ExportedServiceShape[]>>
}

/** Makes the calls. */
export function configCalls(connection: Connection): ConfigClient {
  const query = ({ dc, cas }: ConfigEntryOptions) => ({
    dc: dcOf(connection, dc === undefined ? {} : { dc }),
    cas: cas?.toString(),
  })
  const pathOf = (kind: string, name: string): string => `/v1/config/${encodePath(`${kind}/${name}`)}`
  return {
    configSet: (entry, options = {}) =>
      json(connection, {
        method: 'PUT',
        path: '/v1/config',
        query: query(options),
        body: JSON.stringify(entry),
        signal: options.signal,
      }),
    configGet: (kind, name, options) =>
      read<ConfigEntryShape | null>(connection, { path: pathOf(kind, name), whenMissing: null }, options),
    configList: (kind, options) => read(connection, { path: `/v1/config/${encodePath(kind)}` }, options),
    exportedServices: (options) => read(connection, { path: '/v1/exported-services' }, options),
    async configDelete(kind, name, options = {}) {
      const answer = await json<unknown>(connection, {
        method: 'DELETE',
        path: pathOf(kind, name),
        query: query(options),
        signal: options.signal,
      })
      return answer !== false
    },
  }
}
