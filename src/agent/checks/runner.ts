// What runs a check once, and what it may use for that.
import type { TlsClientOptions } from '../../runtime/host.ts'
import type { Host } from '../../runtime/host.ts'
import type {
  CheckDefinition,
  CheckOutcome,
  CheckRun,
  CheckTiming,
  CheckTls,
} from '../../model/definition.ts'

/** The part of the host that checks touch. */
export type CheckHost = Pick<
  Host,
  'clock' | 'tcp' | 'tls' | 'udp' | 'http' | 'http2' | 'names' | 'processes' | 'system'
>

/** A check's run that begins again and again. */
export type TimedRun = Extract<CheckRun, CheckTiming>

/** What a run has at hand. */
export interface RunParts {
  readonly host: CheckHost
  readonly check: CheckDefinition
  /** Aborts when the time of the run is over, or nobody waits for it any more. */
  readonly signal: AbortSignal
  /** TLS as a check wants it: the same object for the same wish. */
  readonly tlsOptions: (tls: CheckTls) => TlsClientOptions
}

/** Runs a check once. Whatever goes wrong is an outcome; a rejection would be our own bug. */
export type Runner<Type extends TimedRun['type']> = (
  run: Extract<TimedRun, { readonly type: Type }>,
  parts: RunParts,
) => Promise<CheckOutcome>
