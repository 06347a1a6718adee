// Configuration entries (`/v1/config`): settings of services and proxies that the cluster keeps for everybody.
import type { Indexes, JsonObject } from './catalog.ts'

/** An entry as stored. */
export interface ConfigEntry extends Indexes {
  /** `service-defaults`, `proxy-defaults`, … */
  readonly kind: string
  readonly name: string
  /** Complete and checked, in the reference's field names, without `Kind`, `Name` and the indexes. */
  readonly body: JsonObject
}

/** A service that the entry `exported-services` exports. */
export interface ExportedService {
  readonly service: string
  /** The clusters that may consume it, sorted. */
  readonly peers: readonly string[]
}
