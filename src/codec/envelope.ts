// The first bytes of everything that agents send each other: the version of the wire protocol and what follows.
// These two bytes keep their place and meaning in every version to come.
import { err, ok, type Result } from '../lib/result.ts'
import { wireVersions } from '../model/version.ts'
import type { CodecError } from './cbor.ts'

/** What an envelope contains. Numbers are never given a second meaning. */
export const envelopeKinds: {
  readonly gossipPacket: 1
  readonly gossipRequest: 2
  readonly gossipReply: 3
  /** A gossip exchange that was refused; its body is a text in every version. */
  readonly gossipRefused: 4
} = { gossipPacket: 1, gossipRequest: 2, gossipReply: 3, gossipRefused: 4 }

/** Bytes that the envelope adds to a body. */
export const envelopeBytes = 2

/** An opened envelope. */
export interface Envelope {
  readonly version: number
  readonly kind: number
  /** A view of the bytes it was opened from. */
  readonly body: Uint8Array
}

/** A range of versions in words: `1` or `1 to 3`. */
export function formatVersions(range: { readonly min: number; readonly max: number }): string {
  return range.min === range.max ? `${range.min}` : `${range.min} to ${range.max}`
}

/** Puts parts into one buffer behind the two bytes of the envelope. */
export function sealEnvelope(kind: number, parts: readonly Uint8Array[]): Uint8Array {
  let size = envelopeBytes
  for (const part of parts) size += part.length
  const bytes = new Uint8Array(size)
  bytes[0] = wireVersions.max
  bytes[1] = kind
  let position = envelopeBytes
  for (const part of parts) {
    bytes.set(part, position)
    position += part.length
  }
  return bytes
}

/**
 * Reads version and kind, whatever they are.
 *
 * Errors: `truncated`.
 */
export function openEnvelope(bytes: Uint8Array): Result<Envelope, CodecError> {
  const version = bytes[0]
  const kind = bytes[1]
  if (version === undefined || kind === undefined) {
    return err({ code: 'truncated', detail: 'shorter than the two bytes of an envelope' })
  }
  return ok({ version, kind, body: bytes.subarray(envelopeBytes) })
}

/**
 * Opens an envelope that must be of one kind and of a version that this build speaks; returns its body.
 *
 * Errors: `truncated`, `wrongKind`, `versionMismatch` (the detail names what we speak and what was found).
 */
export function openBody(bytes: Uint8Array, kind: number): Result<Uint8Array, CodecError> {
  const opened = openEnvelope(bytes)
  if (!opened.ok) return opened
  const { version, kind: found, body } = opened.value
  if (version < wireVersions.min || version > wireVersions.max) {
    const ours = formatVersions(wireVersions)
    return err({
      code: 'versionMismatch',
      detail: `The message is of wire version ${version}, this agent speaks ${ours}`,
    })
  }
  if (found !== kind) return err({ code: 'wrongKind', detail: `kind ${found} where ${kind} is expected` })
  return ok(body)
}
