// What an agent is told to run on its own node: services and health checks, from files, the API or the command line.
import type { CheckStatus, ServiceInfo } from './catalog.ts'

/** A service instance of this node with the checks that came with it. */
export interface ServiceDefinition {
  /** Complete: the id is filled in, weights have their defaults. */
  readonly service: ServiceInfo
  /** Token that the agent registers it with; '' for the agent's own. */
  readonly token: string
  readonly checks: readonly CheckDefinition[]
}

/** A health check of this node (`serviceId` ''), or of one of its service instances. */
export interface CheckDefinition {
  /** Never '': names the check on its node. */
  readonly id: string
  readonly name: string
  readonly notes: string
  readonly serviceId: string
  /** Token that the agent registers it with; '' for that of its service, or the agent's own. */
  readonly token: string
  /** What it says before its first run. */
  readonly initialStatus: CheckStatus
  readonly run: CheckRun
  /** Results in a row that are needed before the status follows; 1 is at once. */
  readonly successBeforePassing: number
  readonly failuresBeforeWarning: number
  readonly failuresBeforeCritical: number
  /** A service whose check has been critical for so long is deregistered; 0 is never. */
  readonly deregisterCriticalAfterMs: number
  /** Bytes of output that are kept. */
  readonly outputBytesMax: number
}

/** How often a check runs, and how long one run may take. */
export interface CheckTiming {
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** What a check that speaks TLS believes. */
export interface CheckTls {
  readonly skipVerify: boolean
  /** The name that is asked for and verified; '' for the address's own. */
  readonly serverName: string
}

/** What a check does. `type` is the word that the catalog shows. */
export type CheckRun =
  /** Told from outside; critical when nothing was heard for so long. */
  | { readonly type: 'ttl'; readonly ttlMs: number }
  | ({ readonly type: 'script'; readonly args: readonly string[] } & CheckTiming)
  | ({
      readonly type: 'docker'
      readonly container: string
      /** '' for the agent's `$SHELL`, or `/bin/sh`. */
      readonly shell: string
      readonly args: readonly string[]
    } & CheckTiming)
  | ({
      readonly type: 'http'
      readonly url: string
      readonly method: string
      readonly headers: Readonly<Record<string, readonly string[]>>
      readonly body: string
      readonly followsRedirects: boolean
      readonly tls: CheckTls
    } & CheckTiming)
  /** `tls` null: in clear. */
  | ({ readonly type: 'tcp'; readonly address: string; readonly tls: CheckTls | null } & CheckTiming)
  | ({ readonly type: 'udp'; readonly address: string } & CheckTiming)
  /** `service` '' asks for the server as a whole (grpc.health.v1). */
  | ({
      readonly type: 'grpc'
      readonly address: string
      readonly service: string
      readonly tls: CheckTls | null
    } & CheckTiming)
  | ({ readonly type: 'h2ping'; readonly address: string; readonly tls: CheckTls | null } & CheckTiming)
  /** The worst of what bears on a service (`service`) or a node (`node`; '' is this one). */
  | { readonly type: 'alias'; readonly node: string; readonly service: string }
  /** A unit of the system's service manager. */
  | ({ readonly type: 'os_service'; readonly name: string } & CheckTiming)

/** What one run of a check found. */
export interface CheckOutcome {
  readonly status: CheckStatus
  readonly output: string
}
