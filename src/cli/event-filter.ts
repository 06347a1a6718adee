// The filters of `event` and `exec`: which nodes an event is about.
import type { FlagValues } from '../config/flags.ts'
import type { EventFilter } from '../http/client/event.ts'
import { compileRegex } from '../lib/regex.ts'
import { UsageError } from './command.ts'

/** Reads the filters. Errors: UsageError in the reference's words. */
export function eventFilter(flags: FlagValues): EventFilter {
  const filter = { node: flags.string('node'), service: flags.string('service'), tag: flags.string('tag') }
  if ((filter.tag ?? '') !== '' && (filter.service ?? '') === '')
    throw new UsageError('Cannot provide tag filter without service filter.')
  for (const [name, source] of Object.entries(filter)) {
    const regex = compileRegex(source ?? '')
    if (!regex.ok) throw new UsageError(`Failed to compile ${name} filter regexp: ${regex.error}`)
  }
  return Object.fromEntries(Object.entries(filter).filter(([, source]) => source !== undefined))
}
