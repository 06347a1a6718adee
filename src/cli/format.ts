// The -format flag.
import type { FlagValues } from '../config/flags.ts'
import { UsageError, type Context } from './command.ts'
import { renderJson } from './output.ts'

/** True for `-format=json`. Errors: UsageError for a format that does not exist. */
export function wantsJson(flags: FlagValues): boolean {
  const format = flags.string('format') ?? 'pretty'
  if (format === 'json' || format === 'pretty') return format === 'json'
  throw new UsageError(`Invalid format: ${format}; it must be pretty or json`)
}

/** Tells what was done: in a sentence, or with -format=json as a document. Without a sentence people are told nothing. */
export function tell(context: Context, sentence: string | null, document: unknown): void {
  if (wantsJson(context.flags)) context.print(renderJson(document))
  else if (sentence !== null) context.print(sentence)
}

/** As `tell`, for commands that print as they go: with -format=json each document is one line. */
export function tellLine(context: Context, sentence: string, document: unknown): void {
  context.print(wantsJson(context.flags) ? JSON.stringify(document) : sentence)
}
