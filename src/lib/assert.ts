// Assertions that stay on in production. Only for what our own bug could break, never for input.

/** Thrown when an invariant of our own code does not hold; the agent stops and is restarted from disk. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * Stops the program when an invariant does not hold.
 *
 * @param condition what must be true
 * @param message   names the invariant; a function when building it costs something
 * Errors: AssertionError.
 */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(typeof message === 'string' ? message : message())
}

/** Marks the end of an exhaustive switch; reached only if a union grew without its handler. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`)
}
