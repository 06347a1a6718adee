// The first frames of a session: who we are, which wire versions we speak, and a sentence when there is none in common.
// These layouts are the same in all wire versions, so that any two releases can tell each other no.

import { encodeFrame, frameType, readUint16 } from './frames.ts'

/** A range of wire versions, both ends included. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What each end says first. `version` is set in the answer: the one that will be spoken. */
export interface Greeting {
  readonly versions: VersionRange
  readonly version: number
  readonly hello: Uint8Array
}

/** Why a listener refuses a session. */
export type RefusalCode = 'version' | 'overloaded'

/** First four bytes of a greeting's body: a protocol that is not ours is told by them. */
const magic = new Uint8Array([0x70, 0x43, 0x53, 0x4c])

/** Largest opaque payload of a greeting; what a greeting frame may hold less the fixed fields. */
export const helloBytesMax = 4096

const fixedBytes = 10

/** The first frame of both directions: magic, versions spoken, version chosen, opaque payload. */
export function encodeGreeting(type: 'hello' | 'welcome', greeting: Greeting): Uint8Array {
  const body = new Uint8Array(fixedBytes + greeting.hello.length)
  const view = new DataView(body.buffer)
  body.set(magic)
  view.setUint16(4, greeting.versions.min)
  view.setUint16(6, greeting.versions.max)
  view.setUint16(8, greeting.version)
  body.set(greeting.hello, fixedBytes)
  return encodeFrame(frameType[type], 0, body)
}

/** Reads a greeting; undefined when it is not one of ours. */
export function decodeGreeting(body: Uint8Array): Greeting | undefined {
  if (body.length < fixedBytes || body.length > fixedBytes + helloBytesMax) return undefined
  if (magic.some((byte, i) => body[i] !== byte)) return undefined
  const versions = { min: readUint16(body, 4), max: readUint16(body, 6) }
  if (versions.min > versions.max) return undefined
  return { versions, version: readUint16(body, 8), hello: body.slice(fixedBytes) }
}

/** The newest version that both speak, or undefined. */
export function commonVersion(a: VersionRange, b: VersionRange): number | undefined {
  const version = Math.min(a.max, b.max)
  return version >= Math.max(a.min, b.min) ? version : undefined
}

/** The sentence that names both ranges. */
export function versionRefusal(ours: VersionRange, theirs: VersionRange): string {
  return `No wire protocol version in common: this agent speaks ${rangeText(ours)}, the peer speaks ${rangeText(theirs)}`
}

function rangeText(range: VersionRange): string {
  return range.min === range.max ? `${range.min}` : `${range.min} to ${range.max}`
}

/** The frame that ends a handshake with a sentence. */
export function encodeRefusal(code: RefusalCode, sentence: string): Uint8Array {
  const text = new TextEncoder().encode(sentence.slice(0, 1024))
  const body = new Uint8Array(1 + text.length)
  body[0] = code === 'version' ? 1 : 2
  body.set(text, 1)
  return encodeFrame(frameType.refused, 0, body)
}

/** Reads a refusal; malformed text is shown as far as it can be. */
export function decodeRefusal(body: Uint8Array): { readonly code: RefusalCode; readonly sentence: string } {
  return {
    code: body[0] === 1 ? 'version' : 'overloaded',
    sentence: new TextDecoder().decode(body.subarray(1)),
  }
}
