// Failures of requests in words. The client's own texts are the reference's; to one that says that nobody answered,
// what to do about it is added.
import type { Context } from './command.ts'

/** A sentence about an error, for standard error. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'IndeterminateError') {
    return `${error.message}; it may have been carried out, or will be: read before you try again`
  }
  if (error.name !== 'ConnectionError' || isOfFile(error)) return error.message
  const way = 'is an agent running there? Start one, or name its address with -http-addr or CONSUL_HTTP_ADDR'
  return `${error.message}; ${way}`
}

/** True if what was to be sent could not be read: the agent has no part in that. */
function isOfFile(error: Error): boolean {
  return 'code' in error && ['EISDIR', 'EACCES', 'EIO'].includes(String(error.code))
}

/** Names of the errors that say that a request has failed; by name, so that the client's code is loaded late. */
const requestFailures: ReadonlySet<string> = new Set(['ApiError', 'ConnectionError', 'IndeterminateError'])

/** Runs a request; if it fails, says what could not be done and why, and exits with 1. */
export async function attempt(context: Context, what: string, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    // What is not a failure of the request is a fault of the command line or ours.
    if (!(error instanceof Error) || !requestFailures.has(error.name)) throw error
    context.complain(`${what}: ${describeFailure(error)}`)
    return 1
  }
}
