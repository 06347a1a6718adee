// `/v1/snapshot`: the whole state as an archive, and back. Archives pass through in pieces, in both directions.
import { joined } from '../../lib/bytes.ts'
import type { Result } from '../../lib/result.ts'
import { requestError, type RequestError } from '../../model/errors.ts'
import type { Action, ActionValue } from '../../model/query.ts'
import { Refusal, refusalOf } from '../errors.ts'
import { datacenterOf } from '../read-options.ts'
import type { Call, Route } from '../route.ts'
import { metaHeaders } from './reads.ts'

/** The endpoints. */
export const snapshotRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/snapshot',
    summary:
      'The whole state as an archive (gzipped tar); a connection that breaks off means that it is not whole',
    parameters: ['dc', 'stale'],
    answer: ['archive'],
    handler: save,
  },
  {
    method: 'PUT',
    path: '/v1/snapshot',
    summary:
      'Replaces the whole state by the archive in the body; nothing changes unless it is good to its last byte',
    parameters: ['dc'],
    body: 'archive',
    answer: [],
    handler: restore,
  },
]

/** Bytes of an archive that are sent on at once. */
const pieceBytes = 256 * 1024

async function act<A extends Action>(call: Call, action: A): Promise<ActionValue<A['kind']>> {
  const consistency = call.query.has('stale') ? 'stale' : 'default'
  const { signal } = call.request
  const done: Result<ActionValue<A['kind']>, RequestError> = await call.backend.act(
    action,
    datacenterOf(call),
    consistency,
    signal,
  )
  if (done.ok) return done.value
  throw refusalOf(done.error)
}

async function save(call: Call): Promise<Response> {
  const handle = await act(call, { kind: 'snapshotBegin' })
  // The first piece before the headers: what fails at once is still told with a status.
  let next: Uint8Array | null = await act(call, { kind: 'snapshotRead', id: handle.id, offset: 0 })
  let offset = 0
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = next ?? (await act(call, { kind: 'snapshotRead', id: handle.id, offset }))
        next = null
        offset += bytes.length
        if (bytes.length === 0) controller.close()
        else controller.enqueue(bytes)
      },
    },
    { highWaterMark: 1 },
  )
  return call.reply.body(body, { ...metaHeaders(handle), 'Content-Type': 'application/x-gzip' })
}

async function restore(call: Call): Promise<Response> {
  if (call.query.has('stale')) throw new Refusal(500, 'stale not allowed for restore')
  const id = call.backend.newId()
  let offset = 0
  for await (const data of piecesOf(call.request)) {
    await act(call, { kind: 'restoreWrite', id, offset, data })
    offset += data.length
  }
  await act(call, { kind: 'restoreEnd', id, size: offset })
  return call.reply.empty(200)
}

/** The body in pieces of about the same size, whatever it came in. Throws Refusal when it breaks off. */
async function* piecesOf(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body === null) return
  const reader = request.body.getReader()
  let parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff)
    if (done) break
    for (let at = 0; at < value.length; at += pieceBytes) {
      const part = value.subarray(at, at + pieceBytes)
      parts.push(part)
      size += part.length
      if (size < pieceBytes) continue
      yield joined(parts, size)
      parts = []
      size = 0
    }
  }
  if (size > 0) yield joined(parts, size)
}

function brokenOff(): never {
  throw refusalOf(requestError('cancelled', 'The archive broke off while it was sent; nothing was changed'))
}
