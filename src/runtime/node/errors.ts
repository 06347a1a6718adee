// The platform's exceptions as HostError values: one shape, the platform's own code, a readable reason.

import { HostError } from '../host.ts'

/** What the codes mean, in words that fit after "Cannot …: ". */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EAI_AGAIN: 'the name servers do not answer',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address not available on this machine',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the peer',
  EEXIST: 'already exists',
  EHOSTUNREACH: 'no route to host',
  EISDIR: 'is a directory',
  EMFILE: 'too many open files',
  ENETUNREACH: 'network is unreachable',
  ENOENT: 'no such file or directory',
  ENOTFOUND: 'there is no host of this name',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EPERM: 'operation not permitted',
  EPIPE: 'broken pipe',
  EROFS: 'read-only file system',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is not for this name',
  ERR_TLS_CERT_UNTRUSTED: 'no trusted authority has signed the certificate',
  ETIMEDOUT: 'timed out',
}

/** The platform's code of an error, or `EUNKNOWN`; looks through `cause` and bundles of several attempts. */
export function errorCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth++) {
    const { code, name, cause, errors } = at as {
      code?: unknown
      name?: unknown
      cause?: unknown
      errors?: unknown
    }
    if (typeof code === 'string' && code !== '') return runtimeCodes[code] ?? code
    if (typeof name === 'string' && denoCodes[name] !== undefined) return denoCodes[name]
    at = cause ?? (Array.isArray(errors) ? errors[0] : undefined)
  }
  return 'EUNKNOWN'
}

/** Names that one runtime has for what the others report with the system's code. */
const runtimeCodes: Readonly<Record<string, string>> = {
  ConnectionRefused: 'ECONNREFUSED',
  ConnectionClosed: 'ECONNRESET',
  ConnectionReset: 'ECONNRESET',
  FailedToOpenSocket: 'ECONNREFUSED',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'ETIMEDOUT',
}

/** Deno's error classes that carry no code. */
const denoCodes: Readonly<Record<string, string>> = {
  AddrInUse: 'EADDRINUSE',
  AddrNotAvailable: 'EADDRNOTAVAIL',
  AlreadyExists: 'EEXIST',
  BrokenPipe: 'EPIPE',
  ConnectionAborted: 'ECONNABORTED',
  ConnectionRefused: 'ECONNREFUSED',
  ConnectionReset: 'ECONNRESET',
  NotCapable: 'EACCES',
  NotFound: 'ENOENT',
  PermissionDenied: 'EACCES',
  TimedOut: 'ETIMEDOUT',
}

/**
 * Turns any thrown value into a HostError.
 *
 * @param action what was tried, as a phrase after "Cannot": `bind UDP 127.0.0.1:53`
 */
export function hostError(action: string, error: unknown): HostError {
  if (error instanceof HostError) return error
  return hostErrorOf(errorCode(error), action, error)
}

/** What OpenSSL and its kin call a chain that does not lead to a trusted authority. */
const untrusted =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|CERT_(?!HAS_EXPIRED|NOT_YET_VALID))/

/** What the handshake itself fails with. */
const handshake = /^(?:ERR_SSL_|EPROTO$)/

/** A failed handshake as a HostError of the codes that `Tls` names. Other failures of a connection stay what they are. */
export function tlsError(action: string, error: unknown): HostError {
  const code = errorCode(error)
  if (untrusted.test(code)) return hostErrorOf('ERR_TLS_CERT_UNTRUSTED', action, error)
  if (!handshake.test(code)) return hostError(action, error)
  const words = code
    .replace(/^ERR_SSL_/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
  return new HostError('ERR_TLS_HANDSHAKE', `Cannot ${action}: the TLS handshake failed (${words})`, error)
}

/** A HostError from a code, for failures that the platform reports without an exception. */
export function hostErrorOf(code: string, action: string, cause?: unknown): HostError {
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : code)
  return new HostError(code, `Cannot ${action}: ${reason}`, cause)
}

/**
 * The failure of a listen. An address of another machine is EINVAL on Deno, which leaves no other meaning: the
 * address has been checked before.
 */
export function listenError(action: string, error: unknown): HostError {
  return errorCode(error) === 'EINVAL'
    ? hostErrorOf('EADDRNOTAVAIL', action, error)
    : hostError(action, error)
}

/**
 * For the `error` event of a socket or server: a failure of the system is that socket's own, but Bun and Deno hand
 * over what one of our handlers threw as well, and such a bug must end the program as it does everywhere else.
 */
export function passOnBugs(error: unknown): void {
  if (typeof error === 'object' && error !== null && 'code' in error && !(error instanceof HostError)) return
  throwLater(error)
}

/** Calls one of our handlers; what it throws ends the program, also where the caller would swallow it (Deno). */
export function callHandler(handler: () => void): void {
  try {
    handler()
  } catch (error) {
    throwLater(error)
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
