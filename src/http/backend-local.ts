// What `/v1/agent/service*`, `/v1/agent/check*`, `/v1/agent/health/*` and maintenance need of the agent.
import type { Result } from '../lib/result.ts'
import type { CheckInfo, CheckStatus, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition, ServiceDefinition } from '../model/definition.ts'
import type { RequestError } from '../model/errors.ts'

/** The services and checks of this agent's own node. */
export interface LocalNode {
  /** By id. Lives: read again after a change. */
  readonly services: ReadonlyMap<string, LocalService>
  /** By id. */
  readonly checks: ReadonlyMap<string, LocalCheck>
  /** Grows with each change of any of it, check output included. */
  readonly version: number
  /** Resolves when `version` is no longer this one, the signal aborts, or the agent stops. */
  changed(version: number, signal: AbortSignal): Promise<void>
  /**
   * Registers or replaces a service and its checks, persists them, and tells the catalog. Checks of before that are not
   * named again are kept unless `replaceChecks`. Resolves when kept and when the first sync was tried.
   */
  registerService(
    definition: ServiceDefinition,
    options: { readonly replaceChecks: boolean },
  ): Promise<Result<void, RequestError>>
  /** `notFound` if there is none of this id. */
  deregisterService(id: string): Promise<Result<void, RequestError>>
  registerCheck(definition: CheckDefinition): Promise<Result<void, RequestError>>
  deregisterCheck(id: string): Promise<Result<void, RequestError>>
  /** News of a TTL check. */
  updateCheck(id: string, status: CheckStatus, output: string): Promise<Result<void, RequestError>>
  /** `reason` '' is filled in. */
  setServiceMaintenance(id: string, on: boolean, reason: string): Promise<Result<void, RequestError>>
  setNodeMaintenance(on: boolean, reason: string): Promise<Result<void, RequestError>>
}

/** Where a definition came from: files are read anew at each start and reload, what the API gave is persisted. */
export type DefinitionSource = 'file' | 'api'

/** A service instance of this node. */
export interface LocalService {
  readonly info: ServiceInfo
  readonly token: string
  readonly source: DefinitionSource
}

/** A check of this node. */
export interface LocalCheck {
  /** With its present status and output. */
  readonly info: CheckInfo
  /** Null for maintenance, which nothing runs. */
  readonly definition: CheckDefinition | null
  readonly token: string
  readonly source: DefinitionSource
}
