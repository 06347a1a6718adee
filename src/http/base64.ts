// Base64 of bytes. Two of the runtimes have it built in; the third gets there through a binary string.

import { type Result, err, ok } from '../lib/result.ts'

interface WithBase64 {
  toBase64(): string
}

/** Bytes per step of the fallback: more would overflow the argument list of a call. */
const stepBytes = 8192

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  if (hasBase64(bytes)) return bytes.toBase64()
  if (bytes.length <= stepBytes) return btoa(String.fromCharCode.apply(null, bytes as unknown as number[]))
  let binary = ''
  for (let at = 0; at < bytes.length; at += stepBytes) {
    binary += String.fromCharCode.apply(null, bytes.subarray(at, at + stepBytes) as unknown as number[])
  }
  return btoa(binary)
}

/** Bytes of standard base64 with padding; else where it goes wrong, counted as Go's decoder counts. */
export function fromBase64(text: string): Result<Uint8Array, number> {
  const given = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : text
  if (given.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(given)) return err(firstWrong(given))
  const binary = atob(given)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return ok(bytes)
}

/** Index of the character that does not fit, or of the group of four that is not whole. */
function firstWrong(text: string): number {
  const good = /^[A-Za-z0-9+/]*/.exec(text)?.[0].length ?? 0
  const inGroup = good % 4
  if (good === text.length) return good - inGroup
  if (text[good] !== '=' || inGroup < 2) return good
  const end = good - inGroup + 4
  if (inGroup === 2 && text[good + 1] !== '=') return good + 1
  return end
}

function hasBase64(bytes: Uint8Array): bytes is Uint8Array & WithBase64 {
  return 'toBase64' in bytes
}
