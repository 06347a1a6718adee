// Why a call did not bring an answer, and why a session ended. Values, never exceptions.

/** A call without an answer. */
export interface RpcFailure {
  readonly code: RpcFailureCode
  /** A sentence for people; names the peer. */
  readonly message: string
  /** False is a promise that the peer did not handle the request; true means that it may have. */
  readonly sent: boolean
}

/** Classes of failures. */
export type RpcFailureCode =
  /** No connection, or what answers there is not one of us. */
  | 'unreachable'
  /** The peer's host says that nothing listens there (ECONNREFUSED): proof, where `unreachable` may be mere silence. */
  | 'refusedConnection'
  /** No wire version in common. */
  | 'refusedVersion'
  | 'timeout'
  /** The session ended, or this end is closing. */
  | 'closed'
  /** The caller's signal. */
  | 'cancelled'
  /** A limit was reached, here or at the peer. */
  | 'overloaded'
  /** The peer's handler rejected; `message` is what it said. */
  | 'remote'

/** Why a session ended; each is counted. */
export type CloseReason =
  /** Nobody used it. */
  | 'idle'
  /** This end was told to close. */
  | 'closing'
  /** The peer ended it in order. */
  | 'peerEnded'
  /** The connection broke. */
  | 'connectionLost'
  | 'connectFailed'
  /** The peer did not answer a ping. */
  | 'silentPeer'
  | 'handshakeTimeout'
  /** The first bytes were not ours. */
  | 'foreignProtocol'
  | 'versionRefused'
  | 'tooManySessions'
  | 'oversizedFrame'
  | 'malformedFrame'
  /** More messages begun and not finished than a session may have. */
  | 'tooManyTransfers'

/** Makes a failure. */
export function failure(code: RpcFailureCode, message: string, sent: boolean): RpcFailure {
  return { code, message, sent }
}

/** True for bytes that no peer of ours sends. */
export function isBreach(reason: CloseReason): boolean {
  return reason === 'oversizedFrame' || reason === 'malformedFrame' || reason === 'tooManyTransfers'
}
