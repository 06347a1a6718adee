// Base64 of bytes. Two of the runtimes have it built in; the third gets there through a binary string.

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

function hasBase64(bytes: Uint8Array): bytes is Uint8Array & WithBase64 {
  return 'toBase64' in bytes
}
