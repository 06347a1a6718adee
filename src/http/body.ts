// Reads request bodies, never more than a limit.
import { type Result, err, ok } from '../lib/result.ts'

/** A body that is larger than allowed; `bytes` is its announced size, or what was read before giving up. */
export interface BodyTooLarge {
  readonly bytes: number
}

/** Reads the body. One that is, or says it is, larger than `bytesMax` is not read to its end. */
export async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Result<Uint8Array, BodyTooLarge>> {
  if (request.body === null) return ok(new Uint8Array(0))
  const announced = request.headers.get('content-length')
  if (announced === null) return await readChunks(request.body, bytesMax)
  const bytes = Number(announced)
  if (!(bytes <= bytesMax)) return err({ bytes })
  return ok(new Uint8Array(await request.arrayBuffer()))
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
    if (bytes > bytesMax) {
      await reader.cancel()
      return err({ bytes })
    }
    chunks.push(part.value)
  }
  return ok(joined(chunks, bytes))
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0]
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
