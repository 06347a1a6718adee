// Whether the catalog says of something what this node says of it.
import { isSameValue } from '../lib/same-value.ts'
import type { CatalogCheck, CatalogNode, CatalogService, CheckInfo, NodeInfo } from '../model/catalog.ts'
import type { ServiceInfo } from '../model/catalog.ts'

/** Name and tags of a check's service are the store's to fill in, as is the node's name. */
const filledIn: ReadonlySet<string> = new Set(['node', 'serviceName', 'serviceTags'])
const filledInOrOutput: ReadonlySet<string> = new Set([...filledIn, 'output'])
const nothing: ReadonlySet<string> = new Set()

/** The reference's fields: what others may have added to the address is not looked at. */
export function isSameNode(own: NodeInfo, stored: CatalogNode): boolean {
  return (
    own.id === stored.id &&
    own.address === stored.address &&
    isSameValue(own.taggedAddresses, stored.taggedAddresses) &&
    isSameValue(own.meta, stored.meta)
  )
}

/** All of it. */
export function isSameService(own: ServiceInfo, stored: CatalogService): boolean {
  return hasSameFields(own, stored, nothing)
}

/** Output counts unless it waits for its time. */
export function isSameCheck(own: CheckInfo, stored: CatalogCheck, ignoresOutput: boolean): boolean {
  return hasSameFields(own, stored, ignoresOutput ? filledInOrOutput : filledIn)
}

/** True if everything in `own` is in `stored` too. Both are complete, `stored` has more. */
function hasSameFields(own: object, stored: object, except: ReadonlySet<string>): boolean {
  const other = stored as Readonly<Record<string, unknown>>
  return Object.entries(own).every(([name, value]) => except.has(name) || isSameValue(value, other[name]))
}
