// A sequence of CBOR byte strings: how several encoded messages share a buffer, so that each can be copied, compared
// and skipped without being decoded.
import { err, ok, type Result } from '../lib/result.ts'
import type { CodecErrorCode } from './cbor.ts'

const byteString = 0x40

/** The header of a byte string of `length` bytes, as short as it can be. */
function headerOf(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(byteString + length)
  if (length < 0x100) return Uint8Array.of(byteString + 24, length)
  if (length < 0x1_0000) return Uint8Array.of(byteString + 25, length >> 8, length & 0xff)
  return Uint8Array.of(
    byteString + 26,
    length >>> 24,
    (length >> 16) & 0xff,
    (length >> 8) & 0xff,
    length & 0xff,
  )
}

/** Items with their headers, to be put one after the other. */
export function withHeaders(items: readonly Uint8Array[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (const item of items) parts.push(headerOf(item.length), item)
  return parts
}

/**
 * The items of a sequence, as views.
 *
 * Errors: `truncated`, `unsupported` for anything but byte strings, `tooLarge` for more than `itemsMax`.
 */
export function splitByteStrings(bytes: Uint8Array, itemsMax: number): Result<Uint8Array[], CodecErrorCode> {
  const items: Uint8Array[] = []
  let position = 0
  while (position < bytes.length) {
    if (items.length >= itemsMax) return err('tooLarge')
    const info = (bytes[position] as number) - byteString
    if (info < 0 || info > 26) return err('unsupported')
    const size = info < 24 ? 0 : 1 << (info - 24)
    const start = position + 1 + size
    const end = start + (size === 0 ? info : readUint(bytes, position + 1, size))
    if (end > bytes.length) return err('truncated')
    items.push(bytes.subarray(start, end))
    position = end
  }
  return ok(items)
}

/** A big-endian number; bytes beyond the end count as none, and the caller finds the item too long. */
function readUint(bytes: Uint8Array, start: number, size: number): number {
  let value = 0
  for (let i = start; i < start + size; i++) value = value * 256 + (bytes[i] ?? 0xff)
  return value
}
