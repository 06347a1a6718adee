// `config_entries.bootstrap`: configuration entries that the leader writes where there are none.
import { checkConfigEntry, decodeConfigEntry, type GivenEntry } from '../definition/config-entry.ts'
import type { Json } from '../model/catalog.ts'
import type { Values } from './values.ts'

const key = 'config_entries.bootstrap'

/** Reads them; each that cannot be is noted with its place. */
export function configEntries(values: Values): readonly GivenEntry[] {
  const given = values.raw(key)
  const items: readonly Json[] = Array.isArray(given) ? given : given === null ? [] : [given as Json]
  const entries: GivenEntry[] = []
  for (const [i, item] of items.entries()) {
    const decoded = decodeConfigEntry(item)
    const entry = decoded.ok ? checkConfigEntry(decoded.value) : decoded
    if (entry.ok) entries.push(entry.value)
    else values.refuse(key, `${key}[${i}]: ${entry.error.trimEnd()}`)
  }
  if (entries.length > 0 && !values.bool('server') && !values.dev) {
    values.warn(`${key} has no effect on a client: only servers write entries`)
  }
  return entries
}
