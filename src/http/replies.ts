// Builds responses: the headers of every answer are put together once, when the app is made.
import type { Backend } from './backend.ts'
import { compress, compressBytesMin, takesGzip } from './gzip.ts'
import { prettify } from './json.ts'
import type { Call, Headers, Replies, ReplyOptions } from './route.ts'

/** Makes the builders for an agent. */
export function createReplies(backend: Backend): Replies {
  const common: Headers = {
    ...backend.responseHeaders,
    Vary: 'Accept-Encoding',
    ...(backend.translateWanAddrs && { 'X-Consul-Translate-Addresses': 'true' }),
  }
  const jsonHeaders: Headers = { ...common, 'Content-Type': 'application/json' }
  const plainJson: ResponseInit = { status: 200, headers: jsonHeaders }
  const textHeaders: Headers = { ...common, 'Content-Type': 'text/plain; charset=utf-8' }
  return {
    json(call: Call, compact: string, options?: ReplyOptions) {
      const text = backend.isDev || call.query.has('pretty') ? prettify(compact) : compact
      const headers = options?.headers === undefined ? jsonHeaders : { ...jsonHeaders, ...options.headers }
      const status = options?.status ?? 200
      if (text.length >= compressBytesMin && takesGzip(call.request)) {
        return new Response(compress(text), { status, headers: { ...headers, 'Content-Encoding': 'gzip' } })
      }
      return new Response(text, options === undefined ? plainJson : { status, headers })
    },
    text: (status, text, headers) =>
      new Response(text, {
        status,
        headers: headers === undefined ? textHeaders : { ...textHeaders, ...headers },
      }),
    empty: (status, headers) =>
      new Response(null, { status, headers: headers === undefined ? common : { ...common, ...headers } }),
    body: (body, headers) => new Response(body, { status: 200, headers: { ...common, ...headers } }),
  }
}
