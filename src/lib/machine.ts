// The shape of every protocol in this project: a value that is fed events and time, and answers with effects.

/** A protocol with no clock, sockets, randomness of its own, or promises. */
export interface Machine<Input, Effect> {
  /** Takes in one event at `nowMs` (monotonic, integer) and returns what the driver must do, in order. */
  step(input: Input, nowMs: number): readonly Effect[]
  /** When to call `step({ kind: 'wake' })` next, as a monotonic time; `Infinity` for never. */
  readonly wakeAtMs: number
}
