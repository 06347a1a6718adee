// `/v1/watch`: many watches on one connection, as Server-Sent Events.
import { limits } from '../../model/limits.ts'
import { readText } from '../body.ts'
import { badRequest, refusalOf } from '../errors.ts'
import { datacenterOf, parseConsistency } from '../read-options.ts'
import { endOf, type Call, type Route } from '../route.ts'
import { parseStreamRequest } from '../stream/request.ts'
import { type StreamSource, WatchStream } from '../stream/watch-stream.ts'

/** The endpoint. */
export const watchRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/watch',
    summary:
      'Streams changes of keys, services, nodes and checks, and events, as Server-Sent Events (guides/watching.md)',
    parameters: ['dc', 'stale', 'consistent', 'leader', 'max_stale'],
    body: 'Watches',
    answer: ['events'],
    handler: watch,
  },
]

async function watch(call: Call): Promise<Response> {
  const source = sourceOf(call)
  const request = parseStreamRequest(await readText(call.request, limits.bodyBytesMax))
  if (datacenterOf(call) !== '' && request.watches.some(({ type }) => type === 'event'))
    throw badRequest('Events are heard of in the datacenter of the agent only')
  const opened = await new WatchStream(source, request, endOf(call)).open()
  if (!opened.ok) throw refusalOf(opened.error)
  return call.reply.body(opened.value, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Proxies that gather what they pass on would keep events back.
    'X-Accel-Buffering': 'no',
  })
}

function sourceOf(call: Call): StreamSource {
  const { backend, query } = call
  const options = {
    ...parseConsistency(query),
    datacenter: datacenterOf(call),
    waitMs: backend.maxQueryTimeMs,
  }
  return {
    read: (question, minIndex, signal) => backend.read(question, { ...options, minIndex }, signal),
    pause: (ms, signal) => backend.pause(ms, signal),
    textOf: (value, render) => call.reply.textOf(value, render),
    events: backend.events,
  }
}
