// What a command is: one row of the command table (commands.ts), and what a running command is given.
import type { FlagSpec, FlagUse, FlagValues } from '../config/flags.ts'
import type { Client } from '../http/client.ts'
import type { Host } from '../runtime/host.ts'

/** A command that does something. */
export interface CommandSpec {
  readonly kind: 'command'
  /** Its words: `operator raft list-peers`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows the name in the usage line: `[options] address ...`. */
  readonly usage: string
  /** Paragraphs of the help text, each a line here. */
  readonly about: readonly string[]
  readonly examples?: readonly Example[]
  readonly flags: readonly FlagSpec[]
  /** HTTP flags it takes: none, those of an agent's own affairs, or those of queries too (-datacenter, -stale). */
  readonly http: 'none' | 'agent' | 'query'
  /** Positional arguments; `missing` and `many` replace the usual sentences. */
  readonly positional?: PositionalRule
  /** What -format=json prints, in a sentence. Every command with that flag has one. */
  readonly json?: string
  /** Loads the code only when the command is called, so that short commands start fast. */
  load(): Promise<Run>
}

/** How many positional arguments a command takes. */
export interface PositionalRule {
  readonly min: number
  readonly max: number
  readonly missing?: string
  readonly many?: string
  /** The words that the arguments may be, where they are few. */
  readonly values?: readonly string[]
  /** Shows the help after either sentence. */
  readonly showsHelp?: true
}

/** A command that only has subcommands. */
export interface GroupSpec {
  readonly kind: 'group'
  readonly name: string
  readonly summary: string
  readonly about: readonly string[]
  readonly examples?: readonly Example[]
}

/** An example in a help text. */
export interface Example {
  readonly what: string
  /** Without the program's name; the help puts it in front. */
  readonly line: string
}

/** Runs a command; resolves with the exit code. */
export type Run = (context: Context) => Promise<number>

/** What a command is given. */
export interface Context {
  readonly host: Host
  /** `consul` when called by that name, else `proconsul`. */
  readonly program: string
  readonly flags: FlagValues
  /** Flags in the order given, for the agent. */
  readonly uses: readonly FlagUse[]
  /** Positional arguments. */
  readonly args: readonly string[]
  /** Everything after the command's words, as typed. */
  readonly rawArgs: readonly string[]
  /** The client of the agent that flags and environment name. Errors: UsageError. */
  client(): Promise<Client>
  /** Writes lines to standard output. */
  print(text: string): void
  /** Writes a line to standard error. */
  complain(text: string): void
}

/** A command line or environment that cannot be used; the message is for the user, the exit code 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
