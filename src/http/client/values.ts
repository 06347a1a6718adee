// Values of keys travel as base64: from and to what programs use.
import type { KvPairShape } from './shapes.ts'

/** The value of a key as bytes. */
export function kvBytes(pair: Pick<KvPairShape, 'Value'>): Uint8Array {
  return fromBase64(pair.Value ?? '')
}

/** The value of a key as text, read as UTF-8. */
export function kvText(pair: Pick<KvPairShape, 'Value'>): string {
  return new TextDecoder().decode(kvBytes(pair))
}

/** Bytes or text as base64, for transactions. */
export function toBase64(value: Uint8Array | string): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  let binary = ''
  // Arguments are limited in number.
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
