// Reads request bodies, never keeping more than a limit.
import { joined } from '../lib/bytes.ts'
import { type Result, err, ok } from '../lib/result.ts'
import { Refusal } from './errors.ts'

/** A body that is larger than allowed; `bytes` is its announced size, or what was read before giving up. */
export interface BodyTooLarge {
  readonly bytes: number
}

/**
 * Bytes past the limit that are still read, and thrown away. A client that is answered while it sends may see its
 * connection break instead of the answer.
 */
const discardedBytesMax = 4 * 1024 * 1024

/** Reads the body. One that is larger than `bytesMax` is read to its end only if that is near. */
export async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyTooLarge>> {
  const announced = request.headers.get('content-length')
  const bytes = announced === null ? 0 : Number(announced)
  if (!(bytes <= bytesMax + discardedBytesMax)) return err({ bytes })
  // A stream is made only for those who need one: asking whether there is a body makes it.
  if (announced !== null && bytes <= bytesMax) return ok(await request.bytes())
  return request.body === null ? ok(new Uint8Array(0)) : await readChunks(request.body, bytesMax)
}

/** Reads the body as text. Throws Refusal (413) for one that is too large. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const body = await readBody(request, bytesMax)
  if (!body.ok) throw new Refusal(413, `Request body too large, max size: ${bytesMax} bytes`)
  return body.value.length === 0 ? '' : new TextDecoder().decode(body.value)
}

async function readChunks(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyTooLarge>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length
    if (bytes <= bytesMax) chunks.push(part.value)
    if (bytes > bytesMax + discardedBytesMax) break
  }
  // Not cancelled: that would cut the connection before the answer is on its way.
  reader.releaseLock()
  return bytes > bytesMax ? err({ bytes }) : ok(joined(chunks, bytes))
}
