// Refusals that can reach a user. One union; http/errors.ts maps each to a status, the CLI prints the same text.

/** Why a request could not be carried out. `message` is what the user reads. */
export interface RequestError {
  readonly code: RequestErrorCode
  readonly message: string
}

/** Classes of refusals. */
export type RequestErrorCode =
  /** The request itself is wrong: 400. */
  | 'badRequest'
  | 'notFound'
  | 'tooLarge'
  /** No leader within `rpc_hold_timeout`: 500 `No cluster leader`. Nothing was changed. */
  | 'noLeader'
  /** A client that knows no server: 500 `No known Consul servers`. */
  | 'noServers'
  /** 500 `No path to datacenter`. */
  | 'noPathToDatacenter'
  /** 500 `Remote DC has no server currently reachable`, and a remote that does not answer in time. */
  | 'datacenterUnreachable'
  /** The write may or may not have been carried out: leadership was lost, or the answer never came. */
  | 'indeterminate'
  | 'timeout'
  | 'overloaded'
  /** This client agent sends more requests than `limits.rpc_rate` allows: 429. */
  | 'rateLimited'
  /** The state's rules refused it (`CommandResult` refused): 500 with the sentence. */
  | 'refused'
  | 'cancelled'
  | 'internal'

/** Makes a refusal. */
export function requestError(code: RequestErrorCode, message: string): RequestError {
  return { code, message }
}
