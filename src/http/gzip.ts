// Compression of large answers. Small ones are sent as they are: over loopback gzip costs more than it saves.

/** Characters from which on an answer is compressed for a client that takes gzip. */
export const compressBytesMin: number = 8 * 1024

/** True if the client accepts gzip. */
export function takesGzip(request: Request): boolean {
  const accepted = request.headers.get('accept-encoding')
  if (accepted === null) return false
  return accepted
    .split(',')
    .some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding))
}

/** The gzip form of a text, as it is made. */
export function compress(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
}

/** The gzip form of a text, whole. */
export async function compressToBytes(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(compress(text)).arrayBuffer())
}
