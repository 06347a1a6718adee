// `/v1/event/*`: user events, fired through the gossip and kept at each agent that they concern.
import { limits } from '../../model/limits.ts'
import type { UserEvent } from '../../model/user-event.ts'
import { readBody } from '../body.ts'
import { Refusal, refusalOf } from '../errors.ts'
import { renderList } from '../json.ts'
import { datacenterOf, waitOptions } from '../read-options.ts'
import { renderEvent } from '../render-event.ts'
import type { Call, Route } from '../route.ts'
import { requireName } from './reads.ts'

/** The endpoints. */
export const eventRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/event/fire/:name',
    summary: 'Tells all agents of the datacenter, or those that match the filters; the body goes with it',
    parameters: ['dc', 'node', 'service', 'tag'],
    body: 'bytes',
    answer: ['UserEvent'],
    handler: fire,
  },
  {
    method: 'GET',
    path: '/v1/event/list',
    summary: 'The last 256 events that concerned this agent, oldest first; waits for another as `index` says',
    parameters: ['name', 'index', 'wait'],
    answer: ['UserEvents'],
    handler: list,
  },
]

async function fire(call: Call): Promise<Response> {
  const name = requireName(call, 'Missing name')
  const payload = await readBody(call.request, limits.bodyBytesMax)
  if (!payload.ok) throw new Refusal(413, `Request body too large, max size: ${limits.bodyBytesMax} bytes`)
  const event: UserEvent = {
    id: call.backend.newId(),
    name,
    payload: payload.value,
    nodeFilter: call.query.get('node'),
    serviceFilter: call.query.get('service'),
    tagFilter: call.query.get('tag'),
    version: 1,
    lamportTime: 0,
  }
  const fired = await call.backend.events.fire(event, datacenterOf(call))
  if (!fired.ok) throw refusalOf(fired.error)
  return call.reply.json(call, renderEvent(event))
}

/** Events have no order that an index could follow: it is made of the latest one's ID, and waits while it is the same. */
async function list(call: Call): Promise<Response> {
  const { waitMs } = waitOptions(call)
  const name = call.query.get('name')
  const asked = call.query.get('index')
  const waited = asked === '' ? 0n : BigInt(asked)
  const { events } = call.backend
  const end = new AbortController()
  const until = waited === 0n ? null : limitWait(call, waitMs, end)
  for (;;) {
    const recent = events.recent()
    const shown = name === '' ? recent : recent.filter((event) => event.name === name)
    const index = indexOf(shown.at(-1))
    if (index === waited && !end.signal.aborted) {
      await events.changed(recent, end.signal)
      continue
    }
    until?.()
    const headers = { 'X-Consul-Index': index.toString() }
    return call.reply.json(call, renderList(shown, renderEvent), { headers })
  }
}

/** Ends a wait when its time is over, its client is gone, or the agent stops; returns what calls that off. */
function limitWait({ backend, request }: Call, waitMs: number, end: AbortController): () => void {
  const abort = (): void => end.abort()
  const over = new AbortController()
  const { ending } = backend
  for (const signal of [request.signal, ending]) signal.addEventListener('abort', abort)
  if (request.signal.aborted || ending.aborted) abort()
  void backend.pause(waitMs, over.signal).then(abort)
  return () => {
    for (const signal of [request.signal, ending]) signal.removeEventListener('abort', abort)
    over.abort()
  }
}

/** The two halves of an event's ID, one crossed with the other; 1 for no event. */
function indexOf(event: UserEvent | undefined): bigint {
  if (event === undefined) return 1n
  const digits = event.id.replaceAll('-', '')
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) return 1n
  return BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`)
}
