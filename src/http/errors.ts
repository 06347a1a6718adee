// From refusals to what goes over the wire: one table, code to status. The text is the refusal's own message.
import type { Result } from '../lib/result.ts'
import type { CommandResult } from '../model/command.ts'
import type { RequestError, RequestErrorCode } from '../model/errors.ts'
import type { Headers } from './route.ts'

/** Status of each class of refusal, and whether the client may simply try again. */
export const statusByCode: Readonly<
  Record<RequestErrorCode, { readonly status: number; readonly canRetry: boolean }>
> = {
  badRequest: { status: 400, canRetry: false },
  notFound: { status: 404, canRetry: false },
  tooLarge: { status: 413, canRetry: false },
  noLeader: { status: 500, canRetry: true },
  noServers: { status: 500, canRetry: true },
  noPathToDatacenter: { status: 500, canRetry: false },
  datacenterUnreachable: { status: 500, canRetry: true },
  indeterminate: { status: 500, canRetry: false },
  timeout: { status: 500, canRetry: false },
  overloaded: { status: 503, canRetry: true },
  rateLimited: { status: 429, canRetry: true },
  refused: { status: 500, canRetry: false },
  cancelled: { status: 500, canRetry: true },
  internal: { status: 500, canRetry: false },
}

/** Raised inside a handler for a request that is refused; becomes an answer in the dispatcher, never leaves http. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: Headers | undefined
  constructor(status: number, message: string, headers?: Headers) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** A refusal of what the client sent, in the reference's wording with its prefix. */
export function badRequest(reason: string): Refusal {
  return new Refusal(400, `Bad request: ${reason}`)
}

/** Headers of a read of the catalog that failed: nothing is known of the index. */
export const failedRead: Headers = {
  'X-Consul-Index': '1',
  'X-Consul-Knownleader': 'false',
  'X-Consul-Lastcontact': '0',
}

/** Says that a write may or may not have been carried out, and so tells it from one that was refused. */
export const outcomeUnknown: Headers = { 'X-Consul-Outcome': 'unknown' }

/** The refusal that an error of the agent becomes. */
export function refusalOf(error: RequestError): Refusal {
  const { status } = statusByCode[error.code]
  return new Refusal(status, error.message, error.code === 'indeterminate' ? outcomeUnknown : undefined)
}

/** The refusal of a read whose endpoint prints index headers even when it fails. */
export function refusedRead(error: RequestError): Refusal {
  const { status, message } = refusalOf(error)
  return new Refusal(status, message, failedRead)
}

/** The value. Throws Refusal for an error. */
export function orThrow<T>(result: Result<T, RequestError>): T {
  if (!result.ok) throw refusalOf(result.error)
  return result.value
}

/** What a write came to. Throws Refusal for one that did not get there, or that the state's rules refuse (500). */
export function written(
  result: Result<CommandResult, RequestError>,
): Exclude<CommandResult, { readonly kind: 'refused' }> {
  const value = orThrow(result)
  if (value.kind === 'refused') throw new Refusal(500, value.message)
  return value
}
