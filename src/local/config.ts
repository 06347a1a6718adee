// Timing and sizes of anti-entropy.

/** When the catalog is compared as a whole, and when an attempt is repeated. Integer milliseconds. */
export interface LocalTiming {
  /** A full sync comes this long after the one before, and a random part of `scale` times as much later. */
  readonly periodMs: number
  /** After a failure: this, and a random part of `scale` times as much. */
  readonly retryMs: number
  /** The same until the first full sync has succeeded: until then nothing of this node can be found. */
  readonly firstRetryMs: number
  /** A full sync comes within a random part of `scale` times this when servers have changed. */
  readonly serversMs: number
  /** An attempt that was not answered after this counts as failed. */
  readonly attemptMsMax: number
}

/** What one command may carry. */
export interface BatchLimits {
  readonly commandsMax: number
  /** Characters of what is registered, roughly; a single registration may be larger. */
  readonly charactersMax: number
}

/** What becomes of the output of checks. */
export interface OutputRules {
  /** `check_update_interval`: how long output alone may wait; 0 is not at all. */
  readonly updateIntervalMs: number
  /** `discard_check_output`: there is none, from then on. */
  readonly isDiscarded: boolean
}

/** Settings of the machine. */
export interface LocalConfig {
  readonly timing: LocalTiming
  readonly batch: BatchLimits
  readonly output: OutputRules
  readonly seed: number
}

/** The reference's times. */
export const localTiming: LocalTiming = {
  periodMs: 60_000,
  retryMs: 15_000,
  firstRetryMs: 1000,
  serversMs: 3000,
  attemptMsMax: 60_000,
}

/** Far below what one entry of the log may have. */
export const batchLimits: BatchLimits = { commandsMax: 256, charactersMax: 256 * 1024 }
