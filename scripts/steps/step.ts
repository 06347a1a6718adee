// The words of scripts/check and scripts/test: a step, how it ended, how many of its tests passed. Types only.

/** What to run and how to read its outcome. */
export interface Step {
  readonly name: string
  readonly command: readonly string[]
  /**
   * `gate`: the exit status is one pass or one failure. `lines`: the last line of the output reads
   * `N passed, N failed[, N skipped]`. `vitest`: a vitest JSON report is at `reportPath`.
   */
  readonly counting: 'gate' | 'lines' | 'vitest'
  readonly reportPath?: string
  /** After this long the step and its children are killed and it has failed. */
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
}

/** How a step ended. */
export interface StepResult {
  readonly name: string
  readonly tally: Tally
  readonly elapsedMs: number
  /** stdout and stderr as they came. */
  readonly output: string
  /** Why it failed, when the output may not say it. */
  readonly note?: string
}

/** Numbers of tests. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What is left of a finished child process. */
export interface Ended {
  readonly code: number | null
  readonly timedOut: boolean
  readonly output: string
}
