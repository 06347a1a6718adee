// What operators set and see: autopilot's settings and the use of the catalog.
import type { Indexes } from './catalog.ts'

/** Settings of autopilot; replicated, so that they outlive every server. */
export interface AutopilotConfig {
  readonly cleanupDeadServers: boolean
  /** Nanoseconds, as the API prints durations. */
  readonly lastContactThresholdNanos: number
  readonly maxTrailingLogs: number
  readonly minQuorum: number
  readonly serverStabilizationTimeNanos: number
  /** Key of the node meta data that names a server's zone; '' when zones are not used. */
  readonly redundancyZoneTag: string
  readonly disableUpgradeMigration: boolean
  readonly upgradeVersionTag: string
}

/** Autopilot's settings as stored. */
export type StoredAutopilotConfig = AutopilotConfig & Indexes

/** What the catalog of one datacenter holds (`/v1/operator/usage`). */
export interface UsageView {
  readonly nodes: number
  /** Distinct service names. */
  readonly services: number
  readonly serviceInstances: number
  /** Instances by kind: `connect-native`, `connect-proxy`, `ingress-gateway`, `mesh-gateway`, `terminating-gateway`. */
  readonly connectInstances: Readonly<Record<string, number>>
  /** Instances that are neither `consul` itself nor of a kind of the mesh. */
  readonly billableInstances: number
  readonly keys: number
  readonly sessions: number
}
