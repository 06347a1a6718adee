// Builds responses: the headers of every answer are put together once, when the app is made.
import type { Backend } from './backend.ts'
import { compress, compressBytesMin, compressToBytes, takesGzip } from './gzip.ts'
import { prettify } from './json.ts'
import { effectiveConsistency } from './read-options.ts'
import type { Translation } from './render.ts'
import { type Frame, RenderedBodies, type Rendered } from './rendered.ts'
import type { Call, Headers, Replies, ReplyOptions, SharedAnswer } from './route.ts'
import { metaHeaders } from './routes/reads.ts'

/** Makes the builders for an agent. */
export function createReplies(backend: Backend): Replies {
  const common: Headers = {
    ...backend.responseHeaders,
    Vary: 'Accept-Encoding',
    ...(backend.translateWanAddrs && { 'X-Consul-Translate-Addresses': 'true' }),
  }
  const jsonHeaders: Headers = { ...common, 'Content-Type': 'application/json' }
  // Made once: taking them from an object is a tenth of a small answer.
  const plainJson: ResponseInit = { status: 200, headers: new Headers(jsonHeaders) }
  const textHeaders: Headers = { ...common, 'Content-Type': 'text/plain; charset=utf-8' }
  const bodies = new RenderedBodies()
  const translation: Translation = { isOn: backend.translateWanAddrs, localDatacenter: backend.datacenter }
  const isPretty = (call: Call): boolean => backend.isDev || (!call.query.isEmpty && call.query.has('pretty'))
  return {
    json(call: Call, compact: string, options?: ReplyOptions) {
      const text = isPretty(call) ? prettify(compact) : compact
      const headers = options?.headers === undefined ? jsonHeaders : { ...jsonHeaders, ...options.headers }
      const status = options?.status ?? 200
      if (text.length >= compressBytesMin && takesGzip(call.request)) {
        return new Response(compress(text), { status, headers: { ...headers, 'Content-Encoding': 'gzip' } })
      }
      return new Response(text, options === undefined ? plainJson : { status, headers })
    },
    shared<T>(call: Call, value: T, answer: SharedAnswer<T>) {
      const pretty = isPretty(call)
      const body = bodies.of(value, answer.render, pretty, () => {
        const compact = answer.render(value, translation)
        return pretty ? prettify(compact) : compact
      })
      const init = frameOf(body, jsonHeaders, answer)
      const isLarge = body.text.length >= compressBytesMin
      return isLarge && takesGzip(call.request) ? compressed(body, init) : new Response(body.text, init)
    },
    textOf: (value, render) => bodies.of(value, render, false, () => render(value, translation)).text,
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

/** Status and headers of a shared answer, those of the last time if they are the same: making them is a tenth of a read. */
function frameOf<T>(body: Rendered, common: Headers, answer: SharedAnswer<T>): ResponseInit {
  const { meta, mode, hasBackend, cache } = answer
  const { index, lastContactMs, knownLeader } = meta ?? notReplicated
  if (body.init !== null && body.frame !== null && isSame(body.frame, answer)) return body.init
  const headers = new Headers({
    ...common,
    ...(meta !== null && metaHeaders(meta)),
    ...(mode !== undefined && { 'X-Consul-Effective-Consistency': effectiveConsistency[mode] }),
    ...(hasBackend === true && { 'X-Consul-Query-Backend': 'blocking-query' }),
    ...(cache !== undefined && { 'X-Cache': cache }),
    ...(cache === 'HIT' && { Age: String(Math.floor(lastContactMs / 1000)) }),
  })
  body.init = { status: 200, headers }
  body.frame = { index, lastContactMs, knownLeader, mode, cache }
  return body.init
}

/** Stands for the age of what has none. */
const notReplicated = { index: -1, lastContactMs: 0, knownLeader: false }

function isSame(
  frame: Frame,
  { meta, mode, cache }: Pick<SharedAnswer<unknown>, 'meta' | 'mode' | 'cache'>,
): boolean {
  const { index, lastContactMs, knownLeader } = meta ?? notReplicated
  return (
    frame.index === index &&
    frame.lastContactMs === lastContactMs &&
    frame.knownLeader === knownLeader &&
    frame.mode === mode &&
    frame.cache === cache
  )
}

async function compressed(body: Rendered, init: ResponseInit): Promise<Response> {
  body.gzip ??= compressToBytes(body.text)
  const response = new Response(await body.gzip, init)
  response.headers.set('Content-Encoding', 'gzip')
  return response
}
