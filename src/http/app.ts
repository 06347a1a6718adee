// The HTTP API as a function: a request in, a response out, no sockets. Hono routes; endpoints without a name in their
// path and the two hot ones with a name, KV and service health, are found without it (DESIGN.md, decision 2).
import { Hono } from 'hono'
import type { Backend } from './backend.ts'
import { refuseEnterprise } from './enterprise.ts'
import { Refusal } from './errors.ts'
import { Filters } from './filters.ts'
import { createMeasures, type Ending, type Measures } from './measures.ts'
import { cleanPath, decodePath, hasUnprintable, isClean } from './paths.ts'
import { QueryString } from './query-string.ts'
import { createReplies } from './replies.ts'
import type { Call, Method, Peer, Replies, Route } from './route.ts'
import { refusedArea } from './routes/areas.ts'
import { type Endpoint, endpointsOf, routes } from './routes/table.ts'

/** Answers requests. */
export type App = (request: Request, from: Peer) => Response | Promise<Response>

/** Where a request stands when its path is known. */
interface Target {
  /** As sent, still encoded. */
  readonly path: string
  readonly search: string
  readonly from: Peer
}

/** Makes the API of an agent. */
export function createApp(backend: Backend): App {
  const endpoints = endpointsOf(routes)
  const reply = createReplies(backend)
  const dispatcher: Dispatcher = { backend, reply, filters: new Filters(), measures: new Map() }
  const router = createRouter(dispatcher, endpoints)
  const byPath = new Map(endpoints.filter(({ takesName }) => !takesName).map((each) => [each.prefix, each]))
  const hot = endpoints.filter(({ prefix }) => prefix === '/v1/kv/' || prefix === '/v1/health/service/')
  return (request, from) => {
    const { url } = request
    const pathAt = url.indexOf('/', url.indexOf('://') + 3)
    const queryAt = url.indexOf('?', pathAt)
    const target: Target = {
      path: queryAt < 0 ? url.slice(pathAt) : url.slice(pathAt, queryAt),
      search: queryAt < 0 ? '' : url.slice(queryAt + 1),
      from,
    }
    const endpoint = byPath.get(target.path) ?? hot.find(({ prefix }) => target.path.startsWith(prefix))
    if (endpoint !== undefined) return dispatch(dispatcher, endpoint, { request, target })
    return router.fetch(request, { target })
  }
}

interface Dispatcher {
  readonly backend: Backend
  readonly reply: Replies
  readonly filters: Filters
  readonly measures: Map<Route, Measures>
}

interface Bindings {
  readonly target: Target
}

function createRouter(dispatcher: Dispatcher, endpoints: readonly Endpoint[]): Hono<{ Bindings: Bindings }> {
  const router = new Hono<{ Bindings: Bindings }>()
  for (const endpoint of endpoints) {
    router.all(endpoint.takesName ? `${endpoint.prefix}*` : endpoint.prefix, (context, next) => {
      const { target } = context.env
      if (endpoint.suffix !== '' && !endsIn(endpoint, target.path)) return next()
      // The router takes `/v1/kv` for `/v1/kv/*`; the reference sends the client there.
      if (!target.path.startsWith(endpoint.prefix)) {
        return redirect(endpoint.prefix, target.search, context.req.method)
      }
      return dispatch(dispatcher, endpoint, { request: context.req.raw, target })
    })
  }
  router.notFound((context) => unknown(dispatcher, context.env.target, context.req.method))
  // What is no refusal is our own bug: the host answers it, and the agent decides what becomes of it.
  router.onError((error) => {
    throw error
  })
  return router
}

function endsIn({ prefix, suffix }: Endpoint, path: string): boolean {
  const decoded = decodePath(path)
  return decoded !== undefined && decoded.endsWith(suffix) && decoded.length > prefix.length + suffix.length
}

/** Answers a path that no route has. */
function unknown({ reply }: Dispatcher, { path, search }: Target, method: string): Response {
  const decoded = decodePath(path)
  if (decoded === undefined || hasUnprintable(decoded)) return new Response(null, { status: 400 })
  if (!isClean(decoded)) return redirect(encodeURI(cleanPath(decoded)), search, method)
  const headers = { 'Content-Type': 'text/plain; charset=utf-8' }
  if (decoded === '/') return new Response('Consul Agent', { headers })
  const area = refusedArea(decoded)
  if (area !== undefined) return reply.text(area.status, area.message)
  return new Response('Invalid URL path: not a recognized HTTP API endpoint', { status: 404, headers })
}

function redirect(path: string, search: string, method: string): Response {
  const location = search === '' ? path : `${path}?${search}`
  if (method !== 'GET' && method !== 'HEAD')
    return new Response(null, { status: 301, headers: { Location: location } })
  return new Response(`<a href="${location.replaceAll('&', '&amp;')}">Moved Permanently</a>.\n\n`, {
    status: 301,
    headers: { Location: location, 'Content-Type': 'text/html; charset=utf-8' },
  })
}

/** Answers a request of which the endpoint is known. */
function dispatch(
  dispatcher: Dispatcher,
  endpoint: Endpoint,
  { request, target }: { readonly request: Request; readonly target: Target },
): Response | Promise<Response> {
  const { backend, reply, filters } = dispatcher
  const path = decodePath(target.path)
  if (path === undefined || hasUnprintable(path)) return new Response(null, { status: 400 })
  if (!isClean(path)) return redirect(encodeURI(cleanPath(path)), target.search, request.method)
  if (backend.blockEndpoints.some((prefix) => path.startsWith(prefix))) {
    return reply.text(403, 'Endpoint is blocked by agent configuration')
  }
  const { method } = request
  if (method === 'OPTIONS') return reply.empty(200, { Allow: endpoint.allow })
  const route = Object.hasOwn(endpoint.byMethod, method) ? endpoint.byMethod[method as Method] : undefined
  if (route === undefined) return reply.text(405, `method ${method} not allowed`, { Allow: endpoint.allow })
  const call: Call = {
    backend,
    request,
    from: target.from,
    name: endpoint.takesName ? path.slice(endpoint.prefix.length, path.length - endpoint.suffix.length) : '',
    query: QueryString.parse(target.search),
    filters,
    reply,
  }
  return answer(route.handler, call, stopwatch(dispatcher, endpoint, route))
}

/** What is no refusal. */
const bug: Ending = { status: 500 }

/** The rest of a body that is too large may still be on its way: the connection is of no further use. */
const closing = { Connection: 'close' }

function answer(
  handler: (call: Call) => Response | Promise<Response>,
  call: Call,
  answered: (ending: Ending) => void,
): Response | Promise<Response> {
  let response: Response | Promise<Response>
  try {
    refuseEnterprise(call)
    response = handler(call)
  } catch (error) {
    response = refused(call, error)
  }
  if (response instanceof Promise) {
    return response.then(
      (value) => {
        answered(value)
        return value
      },
      (error) => {
        answered(error instanceof Refusal ? error : bug)
        return refused(call, error)
      },
    )
  }
  answered(response)
  return response
}

/** Takes the time from now until the answer is there. */
function stopwatch(
  { backend, measures }: Dispatcher,
  endpoint: Endpoint,
  route: Route,
): (ending: Ending) => void {
  const { meter } = backend
  const sinceMicros = meter.nowMicros()
  let known = measures.get(route)
  if (known === undefined) {
    known = createMeasures(meter, backend.nodeName, route, endpoint)
    measures.set(route, known)
  }
  const own = known
  return (ending) => own.answered((meter.nowMicros() - sinceMicros) / 1000, ending)
}

function refused(call: Call, error: unknown): Response {
  if (!(error instanceof Refusal)) throw error
  return call.reply.text(error.status, error.message, error.status === 413 ? closing : error.headers)
}
