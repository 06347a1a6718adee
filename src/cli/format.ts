// The -format flag.
import type { FlagValues } from '../config/flags.ts'
import { UsageError } from './command.ts'

/** True for `-format=json`. Errors: UsageError for a format that does not exist. */
export function wantsJson(flags: FlagValues): boolean {
  const format = flags.string('format') ?? 'pretty'
  if (format === 'json' || format === 'pretty') return format === 'json'
  throw new UsageError(`Invalid format: ${format}; it must be pretty or json`)
}
