// How tests put a request to the API.
import { createApp } from '../../../src/http/app.ts'
import type { Backend } from '../../../src/http/backend.ts'

/** Sends requests to the API of a backend. */
export type Ask = (line: string, options?: AskOptions) => Promise<Response>

/** What a request carries. */
export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit
  readonly signal?: AbortSignal
}

/** Makes the API of a backend; requests are given as `PUT /v1/kv/a`. */
export function asking(backend: Backend): Ask {
  const app = createApp(backend)
  return async (line, { headers, body, signal } = {}) => {
    const [method = '', path = ''] = line.split(' ')
    const streams = body instanceof ReadableStream
    const request = new Request(`http://127.0.0.1:8500${path}`, {
      method,
      headers: { ...(typeof body === 'string' && { 'Content-Length': String(body.length) }), ...headers },
      ...(body !== undefined && { body }),
      ...(streams && { duplex: 'half' }),
      ...(signal !== undefined && { signal }),
    } as RequestInit)
    return await app(request, { ip: '127.0.0.1', port: 50_000 })
  }
}
